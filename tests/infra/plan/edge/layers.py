"""What each layer does with a client, worked out from nothing but the objects rendered for it.

Written from the documents of each layer and apart from the code under test: security groups (a rule of the group must
match), Traefik's reading of the Gateway API (longest name first, then the name's own filters), NetworkPolicies (a pod
that a policy selects takes what some policy allows).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from infra.plan.edge import EdgePlan
from infra.plan.edge.manifest import Manifest

Pod = tuple[str, Mapping[str, str]]
"""A pod: its namespace and its labels."""

ROUTER_POD: Pod = ("slipway-edge", {"app.kubernetes.io/name": "edge-router"})


def of_kind(objects: Iterable[Manifest], kind: str) -> list[Manifest]:
    return [each for each in objects if each["kind"] == kind]


def inside(address: str, blocks: Iterable[str]) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(block) for block in blocks)


def balancer_admits(plan: EdgePlan, address: str, port: int) -> bool:
    """Whether the load balancer has the port and its security group lets the client to it."""
    listening = port in [listener.port for listener in plan.balancer.listeners]
    rules = [r for r in plan.balancer.rules if r.side == "balancer" and r.direction == "ingress" and r.port == port]
    return listening and inside(address, [rule.peer_cidr for rule in rules if rule.peer_cidr])


def machine_port(plan: EdgePlan, port: int) -> int | None:
    """The port of the machines that the load balancer sends to, if both security groups let it."""
    listener = next(each for each in plan.balancer.listeners if each.port == port)
    group = next(each for each in plan.balancer.target_groups if each.key == listener.key)
    ways = {
        (rule.side, rule.direction, rule.peer) for rule in plan.balancer.rules if rule.peer and rule.port == group.port
    }
    both = {("balancer", "egress", "edge"), ("edge", "ingress", "balancer")}
    return group.port if both <= ways else None


def _name_matches(pattern: str, host: str) -> bool:
    # As buildHostRule of Traefik's Gateway provider: Host() or HostRegexp().
    if "*" not in pattern:
        return pattern == host
    return re.fullmatch(r"[a-z0-9\-.]+" + re.escape(pattern[1:]), host) is not None


def _http_route(plan: EdgePlan, port: int, host: str) -> Manifest | None:
    gateways = of_kind(plan.objects, "Gateway")
    listeners = {each["name"]: each for gateway in gateways for each in gateway["spec"]["listeners"]}
    found = []
    for route in of_kind(plan.objects, "HTTPRoute"):
        (parent,), (name,) = route["spec"]["parentRefs"], route["spec"]["hostnames"]
        listener = listeners[parent["sectionName"]]
        served = _name_matches(listener.get("hostname", name), name.replace("*", "any")) or listener["hostname"] == name
        if listener["port"] == port and served and _name_matches(name, host):
            found.append((len(name), route))
    best = max((length for length, _ in found), default=0)
    longest = [route for length, route in found if length == best]
    assert len(longest) <= 1, f"Traefik would choose among {longest} by chance"
    return longest[0] if longest else None


def _rule(route: Manifest, path: str) -> Any:
    """The rule of the longest prefix (Gateway API, HTTPRouteRule: "The Longest Prefix match"), by whole parts."""
    found = []
    for rule in route["spec"]["rules"]:
        (match,) = rule["matches"]
        prefix = match["path"]["value"].rstrip("/")
        if path == prefix or path.startswith(f"{prefix}/"):
            found.append((len(prefix), rule))
    lengths = [length for length, _ in found]
    assert len(lengths) == len(set(lengths)), f"the router would choose among {found} by chance"
    return max(found, key=lambda each: each[0])[1] if found else None


def router_answers(plan: EdgePlan, address: str, port: int, host: str, path: str = "/") -> Any:
    """What the router does with a client's request on a port of its own: None, ``redirect``, or a Service and port."""
    entry = next(each for each in plan.entries if each.router_port == port)
    for tcp in of_kind(plan.objects, "IngressRouteTCP"):
        if tcp["spec"]["entryPoints"] == [entry.name]:
            (route,) = tcp["spec"]["routes"]
            lists = [each["name"] for each in route.get("middlewares", [])]
            allowed = all(_listed(plan, "MiddlewareTCP", name, address) for name in lists)
            (service,) = route["services"]
            return (service["namespace"], service["name"], service["port"]) if allowed else None
    found = _http_route(plan, port, host)
    if found is None:
        return None
    rule = _rule(found, path)
    if rule is None:
        return None
    for each in rule.get("filters", []):
        if each["type"] == "ExtensionRef" and not _listed(plan, "Middleware", each["extensionRef"]["name"], address):
            return None
        if each["type"] == "RequestRedirect":
            return "redirect"
    (backend,) = rule["backendRefs"]
    granted = [
        to["name"]
        for grant in of_kind(plan.objects, "ReferenceGrant")
        if grant["metadata"]["namespace"] == backend["namespace"]
        for to in grant["spec"]["to"]
    ]
    return (backend["namespace"], backend["name"], backend["port"]) if backend["name"] in granted else None


def _matches(rule: str, address: str, host: str) -> bool:
    """Whether a rule of Traefik's matches a request (Traefik, "Rules & Priority"): its operators are Python's."""
    # Not a name in it but the matchers: what else is in a rule must be an operator.
    assert re.sub(r"(Host|HostRegexp|ClientIP)\(`[^`]+`\)|[!()|& ]", "", rule) == ""
    matchers: dict[str, Callable[[str], bool]] = {
        "Host": lambda name: name == host,
        "HostRegexp": lambda pattern: re.search(pattern, host) is not None,
        "ClientIP": lambda block: inside(address, [block]),
    }
    decided = re.sub(r"(\w+)\(`([^`]+)`\)", lambda found: str(matchers[found[1]](found[2])), rule)
    python = decided.replace("!", " not ").replace("&&", "and").replace("||", "or").strip()
    return bool(eval(python, {"__builtins__": {}}))  # noqa: S307 (words True, False and operators alone)


def ingress_answers(plan: EdgePlan, address: str, port: int, ingress: Manifest, host: str) -> tuple[str, str] | None:
    """The namespace and Service that an Ingress leads a request to, if the router lets it come that far.

    The guard's rules rank before the Ingress: one that matches decides by its allow-list.
    """
    entry = next(each for each in plan.entries if each.router_port == port)
    for guard in of_kind(plan.objects, "IngressRoute"):
        if entry.name not in guard["spec"]["entryPoints"]:
            continue
        for route in guard["spec"]["routes"]:
            if _matches(route["match"], address, host):
                (middleware,) = route["middlewares"]
                assert not _listed(plan, "Middleware", middleware["name"], address)
                return None
    namespace = ingress["metadata"]["namespace"]
    for rule in ingress["spec"]["rules"]:
        if rule["host"] == host and entry.kind == "https":
            return namespace, rule["http"]["paths"][0]["backend"]["service"]["name"]
    return None


def _listed(plan: EdgePlan, kind: str, name: str, address: str) -> bool:
    (found,) = (each for each in of_kind(plan.objects, kind) if each["metadata"]["name"] == name)
    return inside(address, found["spec"]["ipAllowList"]["sourceRange"])


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted: Mapping[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()


def policies_admit(objects: Iterable[Manifest], client: Pod, pod: Pod, port: int) -> bool:
    """Whether the policies let one pod to a TCP port of another, both ways, where everything is denied by default."""
    policies = of_kind(objects, "NetworkPolicy")

    def side(at: Pod, other: Pod, direction: str, peers: str) -> bool:
        return any(
            _selects(policy["spec"]["podSelector"], at[1])
            and direction in policy["spec"]["policyTypes"]
            and policy["metadata"]["namespace"] == at[0]
            and {"port": port, "protocol": "TCP"} in rule["ports"]
            and (peers not in rule or any(_peer(peer, at[0], other) for peer in rule[peers]))
            for policy in policies
            for rule in policy["spec"].get(direction.lower(), [])
        )

    return side(client, pod, "Egress", "to") and side(pod, client, "Ingress", "from")


def _peer(peer: Mapping[str, Any], own: str, pod: Pod) -> bool:
    if "ipBlock" in peer:
        return False
    spaces = peer.get("namespaceSelector")
    here = pod[0] == own if spaces is None else _selects(spaces, {"kubernetes.io/metadata.name": pod[0]})
    return here and _selects(peer.get("podSelector", {}), pod[1])
