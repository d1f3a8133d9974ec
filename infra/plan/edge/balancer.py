"""The network load balancer before the router, and the rules that lead through it to the router's machines.

The load balancer passes TCP on and keeps the client's address in a PROXY protocol header (version 2). Client IP
preservation is off: with it the packets themselves would have the client's address, and the router would have to
believe such a header from every address there is. So its packets come from the load balancer's subnets alone, which is
whom the router believes, and its security group is the only one that the machines' group admits on the router's ports.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from infra.plan.edge.entries import PING_PORT, Entry
from infra.plan.naming import ELB_NAME_LIMIT, dashed_cluster_name, shortened
from infra.plan.security import plan_security
from infra.plan.subnets import zone_blocks
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec, Problem, SpecError
from infra.spec.edge import EdgeSpec
from infra.spec.edge_rules import RULES_PER_SECURITY_GROUP
from infra.spec.hosts import ANYWHERE, EVERY_ADDRESS, contains, source_block, without_contained

TLS_POLICIES = {
    "1.2": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "1.3": "ELBSecurityPolicy-TLS13-1-3-2021-06",
}
"""Oldest TLS version -> predefined policy (Network Load Balancers, "Security policies")."""

Side = Literal["balancer", "edge"]


@dataclass(frozen=True)
class EdgeSecurityRule:
    """One rule of the load balancer's security group or the Edge role's. One of ``peer`` and ``peer_cidr`` is set."""

    name: str
    """Logical name, unique among all rules."""
    side: Side
    """Whose security group the rule belongs to."""
    direction: Literal["ingress", "egress"]
    peer: Side | None
    peer_cidr: str | None
    port: int
    why: str
    """The description, which EC2 shows."""
    tags: Mapping[str, str]


@dataclass(frozen=True)
class TargetGroupPlan:
    """The router's machines on one of its ports."""

    key: str
    """Logical name."""
    name: str
    port: int
    health_port: int
    health_path: str
    health_interval: int
    """Seconds between two checks; two in a row decide."""
    health_timeout: int
    """Seconds a check waits."""
    deregistration_seconds: int
    """Seconds that a machine which leaves still gets to end its connections."""
    tags: Mapping[str, str]


@dataclass(frozen=True)
class ListenerPlan:
    """One port of the load balancer."""

    key: str
    """Logical name; its target group has the same."""
    port: int
    protocol: Literal["TCP", "TLS"]
    certificate_arn: str | None
    tls_policy: str | None
    alpn_policy: str | None
    """Which HTTP clients are offered, where the load balancer ends TLS."""
    tags: Mapping[str, str]


@dataclass(frozen=True)
class RecordPlan:
    """An alias record of a host."""

    key: str
    """Logical name."""
    zone_id: str
    host: str


@dataclass(frozen=True)
class BalancerPlan:
    """The load balancer with all that belongs to it."""

    name: str
    internal: bool
    subnet_kind: Literal["private", "public"]
    cross_zone: bool
    deletion_protection: bool
    security_group_name: str
    security_group_description: str
    security_group_tags: Mapping[str, str]
    rules: tuple[EdgeSecurityRule, ...]
    target_groups: tuple[TargetGroupPlan, ...]
    listeners: tuple[ListenerPlan, ...]
    records: tuple[RecordPlan, ...]
    tags: Mapping[str, str]


def plan_balancer(spec: EnvironmentSpec, edge: EdgeSpec, entries: tuple[Entry, ...]) -> BalancerPlan:
    """Return the load balancer of the edge.

    Raises:
        SpecError: the security group of the router's machines would have more rules than AWS allows.
    """
    group = f"edge-lb.{spec.cluster.name}"
    rules = tuple(_rules(spec, edge, entries))
    _check_machines_group(spec, rules)
    return BalancerPlan(
        name=elb_name(spec, "edge"),
        internal=edge.internal,
        subnet_kind="private" if edge.internal else "public",
        cross_zone=edge.cross_zone,
        deletion_protection=edge.deletion_protection,
        security_group_name=group,
        security_group_description=f"Load balancer of the edge in {spec.cluster.name}",
        security_group_tags=_balancer_tags(spec, group),
        rules=rules,
        target_groups=tuple(
            TargetGroupPlan(
                key=f"edge-{entry.name}",
                # The port is part of the name, since another port is another target group and both exist for a while.
                name=elb_name(spec, f"edge-{entry.router_port}"),
                port=entry.router_port,
                health_port=PING_PORT,
                health_path="/ping",
                health_interval=10,
                health_timeout=5,
                deregistration_seconds=90,
                tags=resource_tags(spec, f"edge-{entry.name}.{spec.cluster.name}"),
            )
            for entry in entries
        ),
        listeners=tuple(_listener(spec, edge, entry) for entry in entries),
        records=tuple(_records(edge)),
        tags=resource_tags(spec, f"edge.{spec.cluster.name}"),
    )


def elb_name(spec: EnvironmentSpec, what: str) -> str:
    """Return ``<what>-<cluster>`` with hyphens, cut to ELB's limit where it must be and then told apart by a digest."""
    whole = f"{what}-{dashed_cluster_name(spec)}"
    return shortened(whole, ELB_NAME_LIMIT, whole, digits=6)


def balancer_blocks(spec: EnvironmentSpec, edge: EdgeSpec) -> tuple[str, ...]:
    """Return the blocks of the subnets that the load balancer stands in: where its packets come from."""
    kind = "private" if edge.internal else "public"
    return tuple(zone.of(kind) for zone in zone_blocks(spec.network))


def _balancer_tags(spec: EnvironmentSpec, name: str) -> dict[str, str]:
    """Tag without the cluster's mark, by which the AWS cloud provider would take the group for one of machines."""
    tags = resource_tags(spec, name)
    return {key: value for key, value in tags.items() if not key.startswith("kubernetes.io/cluster/")}


def _rules(spec: EnvironmentSpec, edge: EdgeSpec, entries: tuple[Entry, ...]) -> Iterator[EdgeSecurityRule]:
    def rule(name: str, **rest: object) -> EdgeSecurityRule:
        return EdgeSecurityRule(name=name, tags=resource_tags(spec, f"{name}.{spec.cluster.name}"), **rest)  # type: ignore[arg-type]

    for entry in entries:
        wanted = [r for r in edge.firewall if entry.policy_port in r.ports]
        for block in without_contained(source_block(source) for r in wanted for source in r.sources):
            names = sorted(r.name for r in wanted if any(contains(block, source_block(each)) for each in r.sources))
            yield rule(
                f"edge-in-{entry.port}-{_slug(block)}",
                side="balancer", direction="ingress", peer=None, peer_cidr=block, port=entry.port,
                why=_shortened(f"Firewall rules: {', '.join(names)}"),
            )  # fmt: skip
    for port, what in (*((entry.router_port, entry.name) for entry in entries), (PING_PORT, "health checks")):
        yield rule(
            f"edge-lb-out-{port}",
            side="balancer", direction="egress", peer="edge", peer_cidr=None, port=port, why=f"Router: {what}",
        )  # fmt: skip
        yield rule(
            f"edge-lb-to-edge-{port}",
            side="edge", direction="ingress", peer="balancer", peer_cidr=None, port=port, why=f"Router: {what}",
        )  # fmt: skip


def _slug(block: str) -> str:
    return ANYWHERE if block == EVERY_ADDRESS else block.replace(".", "-").replace("/", "-")


def _shortened(text: str) -> str:
    """Cut a description to the 255 characters that EC2 takes."""
    return text if len(text) <= 255 else f"{text[:252]}..."


def _check_machines_group(spec: EnvironmentSpec, own: tuple[EdgeSecurityRule, ...]) -> None:
    roles = sum(rule.role == "Edge" and rule.direction == "ingress" for rule in plan_security(spec).rules)
    total = roles + sum(rule.side == "edge" for rule in own)
    if total > RULES_PER_SECURITY_GROUP:
        problem = Problem(
            ("edge", "firewall"),
            f"makes {total} inbound rules of the security group of Edge machines, and AWS allows "
            f"{RULES_PER_SECURITY_GROUP}",
            f"open {total - RULES_PER_SECURITY_GROUP} ports less",
        )
        raise SpecError(f"environment {spec.name}", [problem])


def _listener(spec: EnvironmentSpec, edge: EdgeSpec, entry: Entry) -> ListenerPlan:
    acm = edge.tls.acm if entry.kind == "https" else None
    return ListenerPlan(
        key=f"edge-{entry.name}",
        port=entry.port,
        protocol="TLS" if acm else "TCP",
        certificate_arn=acm,
        tls_policy=TLS_POLICIES[edge.tls.min_version] if acm else None,
        # Without it no client comes to speak HTTP/2, which gRPC is made of. The router takes both on its plain port.
        alpn_policy="HTTP2Preferred" if acm else None,
        tags=resource_tags(spec, f"edge-{entry.name}.{spec.cluster.name}"),
    )


def _records(edge: EdgeSpec) -> Iterator[RecordPlan]:
    if edge.dns is None:
        return
    zone = edge.dns.zone
    for host in edge.route_hosts:
        if host == zone or host.endswith(f".{zone}"):
            yield RecordPlan(key=f"edge-{host.replace('*', 'wildcard')}", zone_id=edge.dns.zone_id, host=host)


def address_in(address: str, block: str) -> bool:
    """Return whether an IPv4 address lies in a block."""
    return ipaddress.IPv4Address(address) in ipaddress.IPv4Network(block)
