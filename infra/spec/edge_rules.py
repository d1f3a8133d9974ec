"""Rules between values of the edge: among the policy's rules, with the routes, and with the rest of the environment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from infra.spec.edge import HTTP_PORT, HTTPS_PORT, SSH_PORT, EdgeSpec, FirewallRuleSpec
from infra.spec.edge_route_rules import check_api_names, check_route_forms, check_shared
from infra.spec.edge_tls_rules import check_tls
from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.hosts import ANYWHERE, contains, covers, source_block, without_contained

RULES_PER_SECURITY_GROUP = 60
"""Inbound rules that a security group may have (VPC quotas, "Inbound or outbound rules per security group")."""

LISTENERS_PER_LOAD_BALANCER = 50
"""Quotas for Network Load Balancers, "Listeners per Network Load Balancer"."""

CLOSED_PORTS = {
    SSH_PORT: "SSH, which is never open to the outside; use a session of AWS Systems Manager",
    HTTP_PORT: "the router's own; declare a route",
    HTTPS_PORT: "the router's own; declare a route",
    2379: "etcd's",
    2380: "etcd's",
    4240: "Cilium's",
    6443: "the Kubernetes API's in other set-ups, and the API is not reached through the edge",
    8080: "the router's, on its machines",
    8081: "the router's, on its machines",
    8443: "the router's, on its machines",
    9100: "the node exporter's",
    9101: "the router's metrics",
    10250: "the kubelet's",
    10256: "kube-proxy's",
}
"""Ports that no Service is offered on, with who has them."""

NODE_PORTS = range(30000, 32768)
"""``--service-node-port-range`` of kube-apiserver."""

LOW_PORTS_AT = 20000
"""The router may bind no port below 1024; it answers for such a port at this one and as many above it."""

LISTENERS_PER_GATEWAY = 64
"""Listeners of a Gateway (Gateway API v1, ``spec.listeners``): one for each host, and one for port 80."""

Triple = tuple[str, int | str, str]
"""A source block, a port and a host (empty for TCP): the least that a rule allows."""


def check_edge(spec: EnvironmentSpec) -> list[Problem]:
    """Return all problems of the edge, in the order of the file."""
    if spec.edge is None:
        return []
    return [
        *_check_machines(spec),
        *_check_rules(spec.edge),
        *_check_quotas(spec.edge),
        *_check_overlaps(spec.edge),
        *_check_routes(spec, spec.edge),
        *check_route_forms(spec.edge),
        *check_api_names(spec, spec.edge),
        *_check_tcp_ports(spec, spec.edge),
        *check_tls(spec, spec.edge),
    ]


def triples(rule: FirewallRuleSpec) -> list[Triple]:
    """Return all that a rule allows, in the order in which it says so."""
    hosts = rule.hosts or ("",)
    return [(source_block(source), port, host) for source, port, host in product(rule.sources, rule.ports, hosts)]


def includes(wide: Triple, narrow: Triple) -> bool:
    """Return whether ``wide`` allows all that ``narrow`` allows."""
    return wide[1] == narrow[1] and contains(wide[0], narrow[0]) and covers(wide[2], narrow[2])


def _rule(index: int, *rest: str | int) -> Location:
    return ("edge", "firewall", index, *rest)


def _check_machines(spec: EnvironmentSpec) -> Iterator[Problem]:
    if not any(group.role == "Edge" and not group.retire for group in spec.instance_groups):
        yield Problem(
            ("edge",),
            "has no machines: no instance group has the role Edge",
            "add an instance group with role: Edge, of two machines or more",
            None,
            tuple(("instanceGroups", i, key) for i in range(len(spec.instance_groups)) for key in ("role", "retire")),
        )


def _twice(names: Sequence[object], at: Location, key: str, what: str) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem((*at, index, key), f"is declared twice among {what}", "rename or remove one", repr(name))


def _check_rules(edge: EdgeSpec) -> Iterator[Problem]:
    yield from _twice([rule.name for rule in edge.firewall], ("edge", "firewall"), "name", "the rules")
    known = [port.name for port in edge.tcp_ports]
    for index, rule in enumerate(edge.firewall):
        named = [port for port in rule.ports if isinstance(port, str)]
        for position, port in enumerate(rule.ports):
            if isinstance(port, str) and port not in known:
                fix = f"write 80, 443 or one of {', '.join(known)}" if known else "declare it under edge.tcpPorts"
                yield Problem(_rule(index, "ports", position), "is no port of edge.tcpPorts", fix, repr(port),
                              (("edge", "tcpPorts"),))  # fmt: skip
        if named and len(named) < len(rule.ports):
            yield Problem(
                _rule(index, "ports"),
                "mix ports that carry host names with plain TCP, which carries none",
                "make two rules of it",
                repr(list(rule.ports)),
            )
        elif named and rule.hosts:
            yield Problem(_rule(index, "hosts"), "are names, and plain TCP carries none", "remove them",
                          repr(list(rule.hosts)), (_rule(index, "ports"),))  # fmt: skip
        elif not named and not rule.hosts:
            yield Problem(_rule(index, "hosts"), "are missing: on 80 and 443 nothing is open but by name",
                          "add hosts, for example ['shop.example.com']", None, (_rule(index, "ports"),))  # fmt: skip
        if HTTP_PORT in rule.ports and HTTPS_PORT not in rule.ports:
            yield Problem(
                _rule(index, "ports"),
                "open 80 without 443, and 80 only redirects to 443",
                "add 443",
                repr(list(rule.ports)),
            )
        yield from _check_within(index, rule)


def _check_within(index: int, rule: FirewallRuleSpec) -> Iterator[Problem]:
    """Find entries of one rule that another entry of the same list makes idle."""
    blocks = [source_block(source) for source in rule.sources]
    lists: tuple[tuple[str, Sequence[object], list[tuple[int, int]]], ...] = (
        ("sources", rule.sources, _idle(blocks, contains)),
        ("ports", rule.ports, _idle(list(map(str, rule.ports)), str.__eq__)),
        ("hosts", rule.hosts, _idle(rule.hosts, covers)),
    )
    for key, values, idle in lists:
        for position, by in idle:
            same = values[position] == values[by]
            problem = "is listed twice" if same else f"adds nothing to {values[by]} of the same rule"
            yield Problem(_rule(index, key, position), problem, "remove it", repr(values[position]))


def _idle(values: Sequence[str], wider: object) -> list[tuple[int, int]]:
    """Return position and cause of each value that another contains; of equal ones the later is idle."""
    assert callable(wider)  # noqa: S101 (for the type checker)
    return [
        (index, by)
        for index, value in enumerate(values)
        for by in [
            next((o for o, each in enumerate(values) if wider(each, value) and (each != value or o < index)), None)
        ]
        if by is not None
    ]  # fmt: skip


def _check_quotas(edge: EdgeSpec) -> Iterator[Problem]:
    ports = dict.fromkeys(port for rule in edge.firewall for port in rule.ports)
    count = sum(
        len(without_contained(source_block(s) for rule in edge.firewall if port in rule.ports for s in rule.sources))
        for port in ports
    )
    if count > RULES_PER_SECURITY_GROUP:
        yield Problem(
            ("edge", "firewall"),
            f"becomes {count} inbound rules of the load balancer's security group, one for each port and source, and "
            f"AWS allows {RULES_PER_SECURITY_GROUP}",
            "take wider blocks or fewer ports",
        )
    if len(ports) > LISTENERS_PER_LOAD_BALANCER:
        yield Problem(
            ("edge", "firewall"),
            f"opens {len(ports)} ports, and a network load balancer has {LISTENERS_PER_LOAD_BALANCER} listeners",
            "open fewer ports",
        )


def _check_overlaps(edge: EdgeSpec) -> Iterator[Problem]:
    """Find what a rule allows although another does already: at best idle, at worst meant as a restriction."""
    allowed = [triples(rule) for rule in edge.firewall]
    for index, own in enumerate(allowed):
        causes: dict[Triple, int] = {}
        for narrow, (other, theirs) in product(own, enumerate(allowed)):
            for wide in theirs:
                # Of two rules that say the same the later one is idle.
                if other != index and includes(wide, narrow) and (wide != narrow or other < index):
                    causes.setdefault(narrow, other)
        if not causes:
            continue
        narrow, other = next(iter(causes.items()))
        names = ", ".join(dict.fromkeys(edge.firewall[by].name for by in causes.values()))
        related = tuple(_rule(by) for by in dict.fromkeys(causes.values()))
        if len(causes) == len(set(own)):
            problem = f"is shadowed: all that it allows is allowed by {names} already"
        else:
            source, port, host = narrow
            what = f"{ANYWHERE if source == '0.0.0.0/0' else source} to {host or 'port'}{':' if host else ' '}{port}"
            problem = f"overlaps {names}: {what} is allowed by {edge.firewall[other].name} already"
        yield Problem(
            _rule(index),
            problem,
            "remove what is told twice; a rule cannot narrow another, so if it was meant to, take hosts, ports or "
            f"sources out of {names}",
            repr(edge.firewall[index].name),
            related,
        )


def _check_backend(spec: EnvironmentSpec, at: Location, namespace: str) -> Iterator[Problem]:
    known = [each.name for each in spec.cluster.namespaces]
    if namespace not in known:
        yield Problem(
            (*at, "namespace"),
            "is none of cluster.namespaces, so no network policy guards it",
            f"declare it there, or write one of {', '.join(known)}" if known else "declare it under cluster.namespaces",
            repr(namespace),
            (("cluster", "namespaces"),),
        )


def _check_routes(spec: EnvironmentSpec, edge: EdgeSpec) -> Iterator[Problem]:
    yield from _twice([route.name for route in edge.routes], ("edge", "routes"), "name", "the routes")
    for index, route in enumerate(edge.routes):
        yield from _check_backend(spec, ("edge", "routes", index), route.namespace)
        for position, host in enumerate(route.hosts):
            at: Location = ("edge", "routes", index, "hosts", position)
            yield from check_shared(edge, index, position)
            if not any(_reaches(rule, host) for rule in edge.firewall):
                yield Problem(
                    at,
                    "can be reached by nobody: no rule of the firewall allows it on 443",
                    "add it to the hosts of a rule of edge.firewall with port 443, or remove it",
                    repr(host),
                    (("edge", "firewall"),),
                )

    hosts = len(edge.route_hosts)
    if hosts >= LISTENERS_PER_GATEWAY:
        yield Problem(("edge", "routes"), f"have {hosts} hosts, and the router's Gateway has {LISTENERS_PER_GATEWAY} "
                      "listeners, one of them for port 80", "use wildcards")  # fmt: skip
    yield from _check_ties(edge)


def _check_ties(edge: EdgeSpec) -> Iterator[Problem]:
    """Find names as long as a wildcard that covers them.

    Traefik ranks routes by the length of their names (``pkg/provider/kubernetes/gateway/httproute.go``), so between
    ``*.example.com`` and ``a.example.com`` it would choose by chance.
    """
    places: list[tuple[Location, str]] = [
        *((_rule(i, "hosts", k), host) for i, rule in enumerate(edge.firewall) for k, host in enumerate(rule.hosts)),
        *(
            (("edge", "routes", i, "hosts", k), host)
            for i, route in enumerate(edge.routes)
            for k, host in enumerate(route.hosts)
        ),
    ]
    for at, host in places:
        label, _, domain = host.partition(".")
        if len(label) == 1 and label != "*" and any(other == f"*.{domain}" for _, other in places):
            yield Problem(
                at,
                f"is as long as *.{domain}, and the router takes the longer name for the more exact one",
                "use a first label of two characters or more",
                repr(host),
                (("edge", "firewall"), ("edge", "routes")),
            )


def _reaches(rule: FirewallRuleSpec, host: str) -> bool:
    """Return whether a rule lets anyone to a route's host, or to a name that the host's wildcard stands for."""
    return HTTPS_PORT in rule.ports and any(covers(each, host) or covers(host, each) for each in rule.hosts)


def _check_tcp_ports(spec: EnvironmentSpec, edge: EdgeSpec) -> Iterator[Problem]:
    at: Location = ("edge", "tcpPorts")
    yield from _twice([port.name for port in edge.tcp_ports], at, "name", "the TCP ports")
    yield from _twice([port.port for port in edge.tcp_ports], at, "port", "the TCP ports")
    opened = {port for rule in edge.firewall for port in rule.ports}
    for index, port in enumerate(edge.tcp_ports):
        owner = CLOSED_PORTS.get(port.port)
        if port.port in NODE_PORTS:
            owner = "in the range of node ports, which the API server gives out"
        if LOW_PORTS_AT < port.port < LOW_PORTS_AT + 1024:
            owner = f"where the router answers for port {port.port - LOW_PORTS_AT}"
        if owner is not None:
            yield Problem((*at, index, "port"), f"is {owner}", "choose another port", repr(port.port))
        if port.name not in opened:
            yield Problem((*at, index, "name"), "is opened by no rule of the firewall", "add a rule, or remove it",
                          repr(port.name), (("edge", "firewall"),))  # fmt: skip
        yield from _check_backend(spec, (*at, index), port.namespace)
