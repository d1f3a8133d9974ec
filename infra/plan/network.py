"""The network of an environment, decided: what kops makes for a cluster with private topology, and what differs.

Counterparts of kops's ``pkg/model/awsmodel/network.go``, with kops's names and tags:

===================================  ==================================================================================
kops                                 here
===================================  ==================================================================================
VPC, DNS support and hostnames       the same
Amazon-provided IPv6 block, ``::/0`` none: the spec is IPv4 only, and an unused address family is a way in that no rule
                                     watches
DHCP options and association         the same
internet gateway                     the same
public route table, default route    the same
private route table a zone           the same; NAT gateway and Elastic IP by the spec's mode (kops: one a zone)
utility and private subnet a zone    the same tags; ``mapPublicIpOnLaunch`` on the former, see :class:`SubnetPlan`
resource-name host names of subnets  left to launch templates, whose own setting wins over the subnet's
``kubernetes.io/kops/role`` tags     none: they are kops's own bookkeeping of its route tables
-                                    S3 gateway endpoint (free of charge, keeps S3 traffic off the NAT gateways)
-                                    the VPC's default security group, emptied
-                                    flow logs, if asked for
``egress: eipalloc-…``               ``network.natAddresses``
``networkID``                        ``network.vpc``: of the VPC above remain subnets, routes, gateways of NAT and S3
``subnets[].id``                     ``network.vpc.subnets``: nothing of the above is made. kops asks AWS for their
                                     blocks, the spec says them: what depends on them is known without an account
tags on shared subnets               the same; ``kubernetes.io/role/*`` stays for others when the environment goes
===================================  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.plan.flow_logs import FlowLogsPlan, plan_flow_logs
from infra.plan.subnets import ZoneBlocks, zone_blocks
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec
from infra.spec.network import ExistingSubnetSpec

ANYWHERE = "0.0.0.0/0"
"""Destination of a default route."""

_KINDS = {
    "public": ("Utility", "utility-", "kubernetes.io/role/elb"),
    "private": ("Private", "", "kubernetes.io/role/internal-elb"),
}
"""Kind of subnet -> kops's word for it, what its name begins with, and the tag by which load balancers find it."""


@dataclass(frozen=True)
class SubnetPlan:
    """One subnet."""

    zone: str
    cidr: str
    existing_id: str | None
    """ID of a subnet that exists already; None for one that is made."""
    map_public_ip: bool
    """Whether a machine started here gets a public address.

    True for public subnets. Their default route leads to the internet gateway, which drops what comes from a private
    address, and no NAT gateway serves them: without a public address a machine here reaches nothing at all. The
    subnets that machines stand in unless a group asks otherwise are the private ones. (kops leaves the attribute off
    and sets the address in each launch template instead; an explicit setting there still wins over this one.)
    """
    tags: Mapping[str, str]
    """Tags of the environment's own subnet, or those that the environment alone puts on an existing one."""
    shared_tags: Mapping[str, str]
    """Tags of an existing subnet that other clusters in it need as well: they are put there, and stay."""


@dataclass(frozen=True)
class NatPlan:
    """One NAT gateway, in the public subnet of its zone, with its Elastic IP."""

    zone: str
    existing_address: str | None
    """Allocation ID of an Elastic IP that exists already; None for one that is made."""
    tags: Mapping[str, str]
    """Tags of both, or of the gateway alone where the address is somebody's."""


@dataclass(frozen=True)
class ZonePlan:
    """What one zone has."""

    zone: str
    public: SubnetPlan | None
    """None where an existing network has none in the zone."""
    private: SubnetPlan
    private_route_table_tags: Mapping[str, str]
    nat_zone: str | None
    """Zone of the NAT gateway that the private subnet's default route leads to; None without NAT of our own."""

    @property
    def subnets(self) -> tuple[SubnetPlan, ...]:
        """The subnets that there are."""
        return (self.private,) if self.public is None else (self.public, self.private)


@dataclass(frozen=True)
class NetworkPlan:
    """The VPC and everything in it that outlives machines."""

    cidr: str
    existing_vpc_id: str | None
    """ID of a VPC that exists already; None for one that is made, with its DHCP options and internet gateway."""
    internet_gateway_id: str | None
    """The existing VPC's internet gateway, where subnets are made in it."""
    existing_subnets: bool
    """Whether the subnets exist already: then no routes, gateways or endpoints are made either."""
    dhcp_domain_name: str
    """Domain that AmazonProvidedDNS resolves in the region (VPC User Guide, "DHCP option sets")."""
    dhcp_name_servers: tuple[str, ...]
    zones: tuple[ZonePlan, ...]
    """In the order of the spec."""
    nat_gateways: tuple[NatPlan, ...]
    s3_service_name: str
    """Service name of the S3 gateway endpoint; gateway endpoints are named so in every partition.

    The endpoint has no policy of its own, so it lets everything through: nodes fetch image layers and packages from
    buckets of other accounts whose names are not known beforehand. Access is decided where the buckets and the roles
    are.
    """
    tags: Mapping[str, str]
    """Tags of the VPC, its DHCP options, internet gateway, public route table and S3 endpoint."""
    default_security_group_tags: Mapping[str, str]
    flow_logs: FlowLogsPlan | None


def plan_network(spec: EnvironmentSpec) -> NetworkPlan:
    """Return the network that ``spec`` asks for.

    Raises:
        SpecError: the VPC block cannot be cut for the zones.
    """
    cluster = spec.cluster.name
    network = spec.network
    vpc = network.vpc
    nat_zones = network.nat_zones
    existing = {(each.zone, kind): found for each in network.existing_subnets for kind, found in each.by_kind.items()}

    def subnet(blocks: ZoneBlocks, kind: str) -> SubnetPlan:
        return _subnet(spec, blocks, kind, existing.get((blocks.zone, kind)))

    zones = tuple(
        ZonePlan(
            zone=blocks.zone,
            public=subnet(blocks, "public") if blocks.public is not None else None,
            private=subnet(blocks, "private"),
            private_route_table_tags=resource_tags(spec, f"private-{blocks.zone}.{cluster}"),
            nat_zone=_nat_zone_for(blocks.zone, nat_zones),
        )
        for blocks in zone_blocks(network)
    )
    return NetworkPlan(
        cidr=network.cidr,
        existing_vpc_id=vpc.id if vpc else None,
        internet_gateway_id=vpc.internet_gateway_id if vpc else None,
        existing_subnets=bool(network.existing_subnets),
        dhcp_domain_name=internal_domain(spec.region),
        dhcp_name_servers=("AmazonProvidedDNS",),
        zones=zones,
        nat_gateways=tuple(
            NatPlan(zone, network.nat_addresses.get(zone), resource_tags(spec, f"{zone}.{cluster}"))
            for zone in nat_zones
        ),
        s3_service_name=f"com.amazonaws.{spec.region}.s3",
        tags=resource_tags(spec, cluster),
        default_security_group_tags=resource_tags(spec, f"default.{cluster}"),
        flow_logs=plan_flow_logs(spec),
    )


def _nat_zone_for(zone: str, nat_zones: tuple[str, ...]) -> str | None:
    """Return the zone's own NAT gateway where it has one, else the only one there is."""
    if zone in nat_zones:
        return zone
    return nat_zones[0] if nat_zones else None


def _subnet(spec: EnvironmentSpec, blocks: ZoneBlocks, kind: str, existing: ExistingSubnetSpec | None) -> SubnetPlan:
    """Return a zone's subnet of a kind: one that is made, or an existing one.

    That has the tags by which the AWS cloud provider finds it for load balancers; ``shared`` is what kops writes for
    what it does not own.
    """
    kops_type, prefix, role = _KINDS[kind]
    if existing is not None:
        return SubnetPlan(
            zone=blocks.zone,
            cidr=existing.cidr,
            existing_id=existing.id,
            map_public_ip=False,
            tags={f"kubernetes.io/cluster/{spec.cluster.name}": "shared"},
            shared_tags={role: "1"},
        )
    name = f"{prefix}{blocks.zone}.{spec.cluster.name}"
    return SubnetPlan(
        zone=blocks.zone,
        cidr=blocks.of(kind),
        existing_id=None,
        map_public_ip=kind == "public",
        tags=resource_tags(spec, name, {"SubnetType": kops_type, role: "1"}),
        shared_tags={},
    )


def internal_domain(region: str) -> str:
    """Return the domain of the private host names of EC2 machines (VPC User Guide, "DNS attributes in your VPC")."""
    return "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
