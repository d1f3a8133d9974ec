"""Rules of the network: its zones and its block, and a VPC and subnets that exist already."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem, format_path, listed_twice
from infra.spec.network import ExistingSubnetSpec
from infra.spec.workloads.balancer_rules import faces_internet

VPC_PREFIXES = range(16, 23)
"""Prefix lengths of a VPC block: /16 is AWS's greatest; with /22 a public subnet is the smallest AWS allows, /28."""

SUBNET_PREFIXES = range(16, 29)
"""Prefix lengths that a subnet may have (VPC User Guide, "Subnet sizing")."""

_RESERVED_FIRST, _RESERVED_LAST = 4, 1
"""Addresses at both ends of a subnet that AWS keeps (VPC User Guide, "Subnet sizing")."""

_AT_VPC: Location = ("network", "vpc")
_AT_SUBNETS: Location = (*_AT_VPC, "subnets")


def check_network(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield the problems of the network."""
    yield from _check_region_of_zones(spec)
    yield from _check_vpc_block(spec)
    yield from listed_twice(("network", "zones"), spec.network.zones)
    yield from _check_nat_addresses(spec)
    yield from _check_vpc(spec)
    yield from _check_zones_of_subnets(spec)
    yield from _check_blocks_of_subnets(spec)
    yield from _check_members(spec)
    yield from _check_public(spec)


def _check_region_of_zones(spec: EnvironmentSpec) -> Iterator[Problem]:
    for index, zone in enumerate(spec.network.zones):
        if zone[:-1] != spec.region:
            yield Problem(
                ("network", "zones", index),
                f"is not in region {spec.region}",
                f"write {spec.region}{zone[-1]}, or change region",
                repr(zone),
                (("region",),),
            )


def _check_vpc_block(spec: EnvironmentSpec) -> Iterator[Problem]:
    prefix = ipaddress.IPv4Network(spec.network.cidr).prefixlen
    at: Location = ("network", "cidr")
    if spec.network.existing_subnets:
        if prefix not in SUBNET_PREFIXES:
            fix = f"write a block of /{SUBNET_PREFIXES[0]} to /{SUBNET_PREFIXES[-1]}"
            yield Problem(at, "is no size that a VPC or a subnet has", fix, repr(spec.network.cidr))
    elif prefix > VPC_PREFIXES[-1]:
        yield Problem(
            at,
            f"is too small: {2 ** (32 - prefix)} addresses, and the subnets of 1 to 6 zones need "
            f"{2 ** (32 - VPC_PREFIXES[-1])}",
            f"write a block of /{VPC_PREFIXES[0]} to /{VPC_PREFIXES[-1]}",
            repr(spec.network.cidr),
        )
    elif prefix < VPC_PREFIXES[0]:
        yield Problem(
            at,
            f"is greater than a VPC may be (/{VPC_PREFIXES[0]})",
            f"write a block of /{VPC_PREFIXES[0]} to /{VPC_PREFIXES[-1]}",
            repr(spec.network.cidr),
        )


def _check_vpc(spec: EnvironmentSpec) -> Iterator[Problem]:
    vpc = spec.network.vpc
    if vpc is None:
        return
    gateway = vpc.internet_gateway_id
    if vpc.subnets and gateway is not None:
        fix = "remove it: routes of existing subnets are their owner's"
        yield Problem((*_AT_VPC, "internetGatewayId"), "leads nowhere", fix, repr(gateway), (_AT_SUBNETS,))
    elif not vpc.subnets and gateway is None:
        yield Problem(
            (*_AT_VPC, "internetGatewayId"),
            "is missing: the public subnets that are made in the VPC lead out by it",
            "write the gateway that is attached to the VPC, as igw-0123456789abcdef0, or name subnets that exist",
            None,
            (_AT_SUBNETS,),
        )
    if vpc.subnets and spec.network.nat != "perZone":
        yield Problem(
            ("network", "nat"),
            "is of subnets that Slipway makes, and these exist",
            "remove it: how network.vpc.subnets reach out is their owner's",
            repr(spec.network.nat),
            (_AT_SUBNETS,),
        )
    if spec.network.flow_logs.enabled:
        yield Problem(
            ("network", "flowLogs", "enabled"),
            "would record what others do in the VPC, too",
            "remove it: flow logs are the VPC owner's",
            "true",
            (_AT_VPC,),
        )


def _check_nat_addresses(spec: EnvironmentSpec) -> Iterator[Problem]:
    network = spec.network
    taken: dict[str, str] = {}
    for zone, address in network.nat_addresses.items():
        at: Location = ("network", "natAddresses", zone)
        if zone not in network.nat_zones:
            has = ", ".join(network.nat_zones)
            fix = f"write it for {has}, or remove it" if has else "remove it"
            yield Problem(
                at,
                "is of a zone in which no NAT gateway is made",
                fix,
                repr(address),
                (("network", "zones"), ("network", "nat"), _AT_SUBNETS),
            )
        elif address in taken:
            yield Problem(
                at,
                f"is that of {taken[address]} already",
                "name another: a gateway needs one of its own",
                repr(address),
            )
        taken.setdefault(address, zone)


def _check_zones_of_subnets(spec: EnvironmentSpec) -> Iterator[Problem]:
    zones, subnets = spec.network.zones, spec.network.existing_subnets
    for index, each in enumerate(subnets):
        if each.zone in [other.zone for other in subnets[:index]]:
            fix = "write one entry for each zone, with its private and its public subnet"
            yield Problem((*_AT_SUBNETS, index, "zone"), "has subnets already", fix, repr(each.zone))
        if each.zone not in zones:
            fix = f"add it to network.zones, or use {', '.join(zones)}"
            at: Location = (*_AT_SUBNETS, index, "zone")
            yield Problem(at, "is not a zone of the network", fix, repr(each.zone), (("network", "zones"),))
    missing = [zone for zone in zones if zone not in {each.zone for each in subnets}]
    if subnets and missing:
        yield Problem(
            _AT_SUBNETS,
            f"have none of {', '.join(missing)}",
            "add an entry for each of network.zones, or take the zone out of these",
            None,
            (("network", "zones"),),
        )


def _check_blocks_of_subnets(spec: EnvironmentSpec) -> Iterator[Problem]:
    whole = ipaddress.IPv4Network(spec.network.cidr)
    before: list[tuple[Location, ExistingSubnetSpec]] = []
    for at, _, subnet in _each_subnet(spec):
        block = ipaddress.IPv4Network(subnet.cidr)
        if not block.subnet_of(whole):
            fix = "correct one of both: network.cidr is the block that all of them lie in"
            yield Problem(
                (*at, "cidr"), f"is not inside network.cidr {whole}", fix, repr(subnet.cidr), (("network", "cidr"),)
            )
        if block.prefixlen not in SUBNET_PREFIXES:
            fix = f"write its block as EC2 shows it, /{SUBNET_PREFIXES[0]} to /{SUBNET_PREFIXES[-1]}"
            yield Problem((*at, "cidr"), "is no size that a subnet has", fix, repr(subnet.cidr))
        for other_at, other in before:
            where = format_path(other_at)
            if subnet.id == other.id:
                fix = "give each zone a private and a public subnet of its own"
                yield Problem((*at, "id"), f"is that of {where}, too", fix, repr(subnet.id), ((*other_at, "id"),))
            elif block.overlaps(ipaddress.IPv4Network(other.cidr)):
                fix = "write both as EC2 shows them: subnets of a VPC share no address"
                words = f"overlaps {where} {other.cidr}"
                yield Problem((*at, "cidr"), words, fix, repr(subnet.cidr), ((*other_at, "cidr"),))
        before.append((at, subnet))


def _each_subnet(spec: EnvironmentSpec) -> Iterator[tuple[Location, str, ExistingSubnetSpec]]:
    """Yield each existing subnet: where it is named, its zone, and itself."""
    for index, each in enumerate(spec.network.existing_subnets):
        for kind, subnet in each.by_kind.items():
            yield (*_AT_SUBNETS, index, kind), each.zone, subnet


def _check_members(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield addresses of members that AWS gives to nobody. Which subnet of a zone a member takes does not matter."""
    for at, zone, subnet in _each_subnet(spec):
        if subnet.members_from is None:
            continue
        count = sum(
            group.role == "ControlPlane" and (group.zones or spec.network.zones)[0] == zone
            for group in spec.instance_groups
        )
        block = ipaddress.IPv4Network(subnet.cidr)
        first, last = block[_RESERVED_FIRST], block[-1 - _RESERVED_LAST]
        wanted = ipaddress.IPv4Address(subnet.members_from)
        if not (first <= wanted and wanted + max(count, 1) - 1 <= last):
            members = f", and {count} members stand in {zone}" if count > 1 else ""
            yield Problem(
                (*at, "membersFrom"),
                f"leaves no room: {subnet.cidr} has {first} to {last} for machines{members}",
                "write an address in between which nobody has, with as many free ones behind it as members need",
                repr(subnet.members_from),
                ((*at, "cidr"),),
            )


def _check_public(spec: EnvironmentSpec) -> Iterator[Problem]:
    for at, value, zones in _publicly(spec):
        yield from needs_public_subnets(spec, at, value, zones)


def needs_public_subnets(
    spec: EnvironmentSpec, at: Location, value: str, zones: tuple[str, ...] | None = None
) -> Iterator[Problem]:
    """Yield that the ``value`` at a place needs public subnets, in all zones unless told, where some have none."""
    if spec.network.existing_subnets:
        without = [each.zone for each in spec.network.existing_subnets if each.public is None]
        missing = [zone for zone in zones or spec.network.zones if zone in without]
        if missing:
            yield Problem(
                at,
                f"needs a public subnet, and network.vpc.subnets have none in {', '.join(missing)}",
                "add public there, or keep to private subnets and internal load balancers",
                value,
                (_AT_SUBNETS,),
            )


def _publicly(spec: EnvironmentSpec) -> Iterator[tuple[Location, str, tuple[str, ...]]]:
    """Yield what stands in public subnets: where it is asked for, by which value, and in which zones."""
    zones = spec.network.zones
    if spec.cluster.api.access == "public":
        yield ("cluster", "api", "access"), "'public'", zones
    for index, group in enumerate(spec.instance_groups):
        if group.subnets == "public":
            yield ("instanceGroups", index, "subnets"), "'public'", group.zones or zones
    if spec.edge is not None and not spec.edge.internal:
        yield ("edge", "internal"), "false", zones
    for index, backend in enumerate(spec.backends):
        if faces_internet(backend):
            yield ("backends", index, "loadBalancer", "scheme"), "'internet-facing'", zones
