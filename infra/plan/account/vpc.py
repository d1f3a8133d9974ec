"""Whether a VPC that an environment names can take it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from infra.plan.account.facts import ExistingVpc, Subnet
from infra.plan.environment import EnvironmentPlan
from infra.spec import Problem
from infra.spec.errors import Location
from infra.spec.network import ExistingSubnetSpec, ExistingVpcSpec

DNS_ATTRIBUTES = {"enableDnsSupport": "--enable-dns-support", "enableDnsHostnames": "--enable-dns-hostnames"}
"""Attributes without which EC2 resolves no names of machines (VPC User Guide, "DNS attributes for your VPC"), and the
option of ``aws ec2 modify-vpc-attribute`` that sets each."""

_AT: Location = ("network", "vpc")


def check_vpc(plan: EnvironmentPlan, found: ExistingVpc | None) -> Iterator[Problem]:
    """Yield what the existing VPC lacks."""
    wanted = plan.spec.network.vpc
    if wanted is None:
        return
    if found is None:
        fix = f"name one that `aws ec2 describe-vpcs --region {plan.spec.region}` lists"
        yield Problem((*_AT, "id"), "is no VPC of this account and region", fix, repr(wanted.id))
        return
    for attribute, option in DNS_ATTRIBUTES.items():
        if not found.dns[attribute]:
            fix = f"have its owner run `aws ec2 modify-vpc-attribute --vpc-id {wanted.id} {option}`"
            yield Problem(
                (*_AT, "id"), f"has {attribute} off, so that machines do not find each other", fix, repr(wanted.id)
            )
    yield from _check_blocks(plan, found)
    if wanted.subnets:
        yield from _check_existing(plan, wanted, found)
    else:
        yield from _check_gateway(wanted, found)
        yield from _check_free(plan, found)
    yield from _check_members(plan, found)


def _check_blocks(plan: EnvironmentPlan, found: ExistingVpc) -> Iterator[Problem]:
    spec = plan.spec
    blocks = [ipaddress.IPv4Network(block) for block in found.blocks]
    if not any(ipaddress.IPv4Network(spec.network.cidr).subnet_of(block) for block in blocks):
        problem = f"is not inside one of the VPC's blocks, {', '.join(found.blocks)}"
        yield Problem(("network", "cidr"), problem, "write one of them or a part of one", repr(spec.network.cidr))
    ranges: dict[Location, str] = {("cluster", "serviceCidr"): spec.cluster.service_cidr}
    if spec.cluster.cni != "amazonVpc":
        ranges[("cluster", "podCidr")] = spec.cluster.pod_cidr
    for at, cidr in ranges.items():
        shared = [str(block) for block in blocks if block.overlaps(ipaddress.IPv4Network(cidr))]
        if shared:
            problem = f"overlaps {', '.join(shared)} of the VPC, which pods could not reach then"
            yield Problem(at, problem, "choose a range that the VPC does not have", repr(cidr))


def _check_gateway(wanted: ExistingVpcSpec, found: ExistingVpc) -> Iterator[Problem]:
    gateway = wanted.internet_gateway_id
    if gateway not in found.internet_gateways:
        attached = ", ".join(sorted(found.internet_gateways))
        fix = f"write {attached}" if attached else "attach one to it first"
        yield Problem((*_AT, "internetGatewayId"), f"is not attached to {wanted.id}", fix, repr(gateway))


def _check_free(plan: EnvironmentPlan, found: ExistingVpc) -> Iterator[Problem]:
    """Yield subnets of others where the environment's would be: AWS refuses those half-way through an update."""
    ours = [each.cidr for zone in plan.network.zones for each in zone.subnets]
    for identifier, subnet in found.subnets.items():
        block = ipaddress.IPv4Network(subnet.cidr)
        shared = [cidr for cidr in ours if block.overlaps(ipaddress.IPv4Network(cidr))]
        if shared and not subnet.own:
            problem = f"would have the subnet {shared[0]}, where {identifier} {subnet.cidr} of others lies"
            fix = "take a block of the VPC that is free, or name these subnets in network.vpc.subnets"
            yield Problem(("network", "cidr"), problem, fix, repr(plan.spec.network.cidr))


def _check_existing(plan: EnvironmentPlan, wanted: ExistingVpcSpec, found: ExistingVpc) -> Iterator[Problem]:
    private = {zone for each in plan.groups if each.scaling.subnet_kind == "private" for zone in each.scaling.zones}
    for index, each in enumerate(wanted.subnets):
        for kind, subnet in each.by_kind.items():
            at: Location = (*_AT, "subnets", index, kind)
            yield from _check_subnet(at, subnet, each.zone, found)
            if subnet.id in found.subnets and (kind == "public" or each.zone in private):
                yield from _check_way_out((*at, "id"), subnet.id, found.subnets[subnet.id], public=kind == "public")


def _check_subnet(at: Location, wanted: ExistingSubnetSpec, zone: str, found: ExistingVpc) -> Iterator[Problem]:
    subnet = found.subnets.get(wanted.id)
    if subnet is None:
        fix = "name one that `aws ec2 describe-subnets` lists for it"
        yield Problem((*at, "id"), "is no subnet of the VPC", fix, repr(wanted.id))
        return
    if subnet.zone != zone:
        yield Problem((*at, "id"), f"lies in {subnet.zone}", f"name one of {zone}", repr(wanted.id))
    if subnet.cidr != wanted.cidr:
        yield Problem((*at, "cidr"), f"is not its block, {subnet.cidr}", f"write {subnet.cidr}", repr(wanted.cidr))


def _check_way_out(at: Location, name: str, subnet: Subnet, *, public: bool) -> Iterator[Problem]:
    leads = f"leads to {subnet.way_out}" if subnet.way_out else "is missing, or leads to something that is gone"
    if public and not subnet.way_out.startswith("igw-"):
        problem = f"is not public: its default route {leads}, and not to an internet gateway"
        yield Problem(at, problem, "name a subnet whose route table leads there, or leave public out", repr(name))
    elif not public and (not subnet.way_out or subnet.way_out.startswith("igw-")):
        problem = f"has no way out for machines without public addresses: its default route {leads}"
        fix = "have it lead to a NAT gateway, a transit gateway or a firewall"
        yield Problem(at, problem, fix, repr(name))


def _check_members(plan: EnvironmentPlan, found: ExistingVpc) -> Iterator[Problem]:
    for member in plan.members:
        if member.address in found.taken:
            yield Problem(
                _AT,
                f"gives {member.address} to the control-plane member {member.name}, and {found.taken[member.address]} "
                "has it already",
                "write membersFrom in that subnet of vpc.subnets, with addresses that are free"
                if plan.network.existing_subnets
                else "free it, or take another block for network.cidr",
                None,
            )
