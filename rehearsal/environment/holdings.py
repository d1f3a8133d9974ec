"""What an environment's file names and does not make, as the AWS stand-in is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.spec import EnvironmentSpec
    from infra.spec.network import ExistingVpcSpec, NetworkSpec


def held_by(spec: EnvironmentSpec) -> dict[str, list[Any]]:
    """Return the certificates, hosted zones, target groups, networks and addresses that ``spec`` refers to.

    Raises:
        SpecError: the environment cannot be planned.
    """
    certificates, zones = [], {}
    if spec.cluster.api.hosted_zone is not None:
        # The file has the zone's ID alone. Its name is the cluster's or a parent's, and the narrowest will do.
        zones[spec.cluster.api.hosted_zone] = spec.cluster.name
    if spec.edge is not None:
        if spec.edge.tls.acm is not None:
            certificates.append({"arn": spec.edge.tls.acm, "hosts": _hosts(spec) or [spec.cluster.name]})
        if spec.edge.dns is not None:
            zones[spec.edge.dns.zone_id] = spec.edge.dns.zone
    held = [{"id": zone, "name": name} for zone, name in zones.items()]
    target_groups = dict.fromkeys(arn for group in spec.instance_groups for arn in group.target_groups)
    return {
        "certificates": certificates,
        "zones": held,
        "targetGroups": list(target_groups),
        "networks": [_network(spec.network, spec.network.vpc)] if spec.network.vpc is not None else [],
        "addresses": list(spec.network.nat_addresses.values()),
    }


def _hosts(spec: EnvironmentSpec) -> list[str]:
    """Return the hosts that the edge answers for, those of exposed workloads among them."""
    from infra.plan.environment import plan_environment

    edge = plan_environment(spec).edge
    return list(edge.spec.route_hosts) if edge is not None else []


def _network(network: NetworkSpec, vpc: ExistingVpcSpec) -> dict[str, Any]:
    """Return a VPC of one block, with the ways out that its subnets must have."""
    subnets = [
        {"id": subnet.id, "zone": zone.zone, "cidr": subnet.cidr, "public": kind == "public"}
        for zone in vpc.subnets
        for kind, subnet in zone.by_kind.items()
    ]
    return {"id": vpc.id, "cidr": network.cidr, "gateway": vpc.internet_gateway_id, "subnets": subnets}
