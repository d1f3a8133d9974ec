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
===================================  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.plan.flow_logs import FlowLogsPlan, plan_flow_logs
from infra.plan.subnets import plan_subnets
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec
from infra.spec.network import NatMode

ANYWHERE = "0.0.0.0/0"
"""Destination of a default route."""


@dataclass(frozen=True)
class SubnetPlan:
    """One subnet."""

    zone: str
    cidr: str
    map_public_ip: bool
    """Whether a machine started here gets a public address.

    True for public subnets. Their default route leads to the internet gateway, which drops what comes from a private
    address, and no NAT gateway serves them: without a public address a machine here reaches nothing at all. The
    subnets that machines stand in unless a group asks otherwise are the private ones. (kops leaves the attribute off
    and sets the address in each launch template instead; an explicit setting there still wins over this one.)
    """
    tags: Mapping[str, str]


@dataclass(frozen=True)
class NatPlan:
    """One NAT gateway, in the public subnet of its zone, with its Elastic IP."""

    zone: str
    tags: Mapping[str, str]
    """Tags of both."""


@dataclass(frozen=True)
class ZonePlan:
    """What one zone has."""

    zone: str
    public: SubnetPlan
    private: SubnetPlan
    private_route_table_tags: Mapping[str, str]
    nat_zone: str | None
    """Zone of the NAT gateway that the private subnet's default route leads to; None without NAT."""


@dataclass(frozen=True)
class NetworkPlan:
    """The VPC and everything in it that outlives machines."""

    cidr: str
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
    nat_zones = _nat_zones(network.nat, network.zones)
    zones = tuple(
        ZonePlan(
            zone=blocks.zone,
            public=SubnetPlan(
                zone=blocks.zone,
                cidr=blocks.public,
                map_public_ip=True,
                tags=_subnet_tags(spec, f"utility-{blocks.zone}.{cluster}", "Utility", "kubernetes.io/role/elb"),
            ),
            private=SubnetPlan(
                zone=blocks.zone,
                cidr=blocks.private,
                map_public_ip=False,
                tags=_subnet_tags(spec, f"{blocks.zone}.{cluster}", "Private", "kubernetes.io/role/internal-elb"),
            ),
            private_route_table_tags=resource_tags(spec, f"private-{blocks.zone}.{cluster}"),
            nat_zone=_nat_zone_for(blocks.zone, nat_zones),
        )
        for blocks in plan_subnets(network.cidr, network.zones)
    )
    return NetworkPlan(
        cidr=network.cidr,
        dhcp_domain_name=internal_domain(spec.region),
        dhcp_name_servers=("AmazonProvidedDNS",),
        zones=zones,
        nat_gateways=tuple(NatPlan(zone, resource_tags(spec, f"{zone}.{cluster}")) for zone in nat_zones),
        s3_service_name=f"com.amazonaws.{spec.region}.s3",
        tags=resource_tags(spec, cluster),
        default_security_group_tags=resource_tags(spec, f"default.{cluster}"),
        flow_logs=plan_flow_logs(spec),
    )


def _nat_zones(mode: NatMode, zones: tuple[str, ...]) -> tuple[str, ...]:
    return {"none": (), "single": zones[:1], "perZone": zones}[mode]


def _nat_zone_for(zone: str, nat_zones: tuple[str, ...]) -> str | None:
    """Return the zone's own NAT gateway where it has one, else the only one there is."""
    if zone in nat_zones:
        return zone
    return nat_zones[0] if nat_zones else None


def _subnet_tags(spec: EnvironmentSpec, name: str, subnet_type: str, role: str) -> dict[str, str]:
    return resource_tags(spec, name, {"SubnetType": subnet_type, role: "1"})


def internal_domain(region: str) -> str:
    """Return the domain of the private host names of EC2 machines (VPC User Guide, "DNS attributes in your VPC")."""
    return "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
