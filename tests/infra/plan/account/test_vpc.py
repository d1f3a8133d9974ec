"""A VPC that an environment names is there, and can take it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from infra.plan.account.facts import ExistingVpc, Quota, Subnet
from infra.plan.account.quotas import VPCS
from infra.spec import EnvironmentSpec
from tests.infra.networks import GATEWAY, VPC, existing_subnets, in_subnets, in_vpc, subnet_id
from tests.infra.plan.account.account_facts import facts, problems, quotas
from tests.infra.samples import group_mapping, sample_mapping

ON = {"enableDnsSupport": True, "enableDnsHostnames": True}
FREE = ExistingVpc(("10.20.0.0/16",), ON, frozenset([GATEWAY]), {}, {})
THEIRS = {
    subnet_id(kind, entry["zone"][-1]): Subnet(
        entry["zone"], entry[kind]["cidr"], own=False, way_out=GATEWAY if kind == "public" else "nat-0"
    )
    for entry in existing_subnets()
    for kind in ("public", "private")
}
CUT = dataclasses.replace(FREE, subnets=THEIRS)


def found(spec: EnvironmentSpec, vpc: ExistingVpc | None, **more: Any) -> list[str]:
    return problems(spec, dataclasses.replace(facts(**more), existing_vpc=vpc))


@pytest.mark.parametrize(
    ("spec", "vpc"),
    [(in_vpc(), FREE), (in_subnets(), CUT), (in_subnets(vpc={"subnets": existing_subnets(public=False)}), CUT)],
)
def test_a_vpc_that_serves(spec: EnvironmentSpec, vpc: ExistingVpc) -> None:
    assert found(spec, vpc) == []


def test_a_vpc_that_is_not_there() -> None:
    group = "sg-0123456789abcdef0"
    groups = [sample_mapping()["instanceGroups"][0], group_mapping(additionalSecurityGroups=[group])]
    assert found(in_vpc(instanceGroups=groups), None) == [
        f"network.vpc.id: '{VPC}' is no VPC of this account and region. "
        "Fix: name one that `aws ec2 describe-vpcs --region eu-central-1` lists.",
        f"instanceGroups[1].additionalSecurityGroups[0]: '{group}' is no security group of this account and region. "
        f"Fix: correct it, or make it first, in the environment's VPC {VPC}.",
    ]


@pytest.mark.parametrize(
    ("attribute", "option"),
    [("enableDnsSupport", "--enable-dns-support"), ("enableDnsHostnames", "--enable-dns-hostnames")],
)
def test_machines_find_each_other_by_name(attribute: str, option: str) -> None:
    assert found(in_vpc(), dataclasses.replace(FREE, dns={**ON, attribute: False})) == [
        f"network.vpc.id: '{VPC}' has {attribute} off, so that machines do not find each other. "
        f"Fix: have its owner run `aws ec2 modify-vpc-attribute --vpc-id {VPC} {option}`."
    ]


def test_the_block_is_one_of_the_vpcs() -> None:
    blocks = ("10.21.0.0/16", "10.20.0.0/17")
    assert found(in_vpc(), dataclasses.replace(FREE, blocks=blocks)) == [
        "network.cidr: '10.20.0.0/16' is not inside one of the VPC's blocks, 10.21.0.0/16, 10.20.0.0/17. "
        "Fix: write one of them or a part of one."
    ]
    assert found(in_vpc(network={"vpc": {"id": VPC, "internetGatewayId": GATEWAY}, "cidr": "10.20.0.0/22"}), FREE) == []


def test_no_block_of_the_vpc_is_one_of_pods_or_services() -> None:
    vpc = dataclasses.replace(FREE, blocks=("10.20.0.0/16", "100.64.0.0/10"))
    words = (
        "overlaps 100.64.0.0/10 of the VPC, which pods could not reach then. "
        "Fix: choose a range that the VPC does not have."
    )
    assert found(in_vpc(), vpc) == [
        f"cluster.serviceCidr: '100.64.0.0/13' {words}",
        f"cluster.podCidr: '100.96.0.0/11' {words}",
    ]
    both = dataclasses.replace(FREE, blocks=("10.20.0.0/16", "100.64.0.0/16", "100.65.0.0/16"))
    assert [each.partition(" of the VPC")[0] for each in found(in_vpc(), both)] == [
        "cluster.serviceCidr: '100.64.0.0/13' overlaps 100.64.0.0/16, 100.65.0.0/16"
    ]
    of_vpc = {"cni": "amazonVpc", "networkPolicies": "notEnforced"}
    assert found(in_vpc(cluster=of_vpc), vpc) == [f"cluster.serviceCidr: '100.64.0.0/13' {words}"]


@pytest.mark.parametrize(
    ("attached", "fix"),
    [
        ([], "attach one to it first"),
        (["igw-00000001"], "write igw-00000001"),
        ([f"igw-0000000{number}" for number in (3, 1, 2)], "write igw-00000001, igw-00000002, igw-00000003"),
    ],
)
def test_the_gateway_is_attached(attached: list[str], fix: str) -> None:
    assert found(in_vpc(), dataclasses.replace(FREE, internet_gateways=frozenset(attached))) == [
        f"network.vpc.internetGatewayId: '{GATEWAY}' is not attached to {VPC}. Fix: {fix}."
    ]


def test_subnets_of_others_are_not_in_the_way() -> None:
    others = {
        "subnet-1": Subnet("eu-central-1a", "10.20.32.0/24", own=False, way_out=""),
        "subnet-2": Subnet("eu-central-1b", "10.20.64.0/19", own=True, way_out=""),
        "subnet-3": Subnet("eu-central-1a", "10.20.224.0/20", own=False, way_out=""),
    }
    assert found(in_vpc(), dataclasses.replace(FREE, subnets=others)) == [
        "network.cidr: '10.20.0.0/16' would have the subnet 10.20.32.0/19, where subnet-1 10.20.32.0/24 of others "
        "lies. Fix: take a block of the VPC that is free, or name these subnets in network.vpc.subnets."
    ]


def without(name: str) -> Mapping[str, Subnet]:
    return {each: subnet for each, subnet in THEIRS.items() if each != name}


def altered(name: str, **change: Any) -> Mapping[str, Subnet]:
    return {**THEIRS, name: dataclasses.replace(THEIRS[name], **change)}


PRIVATE, PUBLIC = subnet_id("private", "b"), subnet_id("public", "b")
NOT_PRIVATE = "has no way out for machines without public addresses: its default route"
LEAD = "Fix: have it lead to a NAT gateway, a transit gateway or a firewall."


@pytest.mark.parametrize(
    ("subnets", "expected"),
    [
        (
            without(PRIVATE),
            f"private.id: '{PRIVATE}' is no subnet of the VPC. "
            "Fix: name one that `aws ec2 describe-subnets` lists for it.",
        ),
        (
            altered(PUBLIC, zone="eu-central-1c"),
            f"public.id: '{PUBLIC}' lies in eu-central-1c. Fix: name one of eu-central-1b.",
        ),
        (
            altered(PRIVATE, cidr="10.20.48.0/21"),
            "private.cidr: '10.20.48.0/20' is not its block, 10.20.48.0/21. Fix: write 10.20.48.0/21.",
        ),
        (
            altered(PUBLIC, way_out="nat-0"),
            f"public.id: '{PUBLIC}' is not public: its default route leads to nat-0, and not to an internet gateway. "
            "Fix: name a subnet whose route table leads there, or leave public out.",
        ),
        (altered(PRIVATE, way_out=GATEWAY), f"private.id: '{PRIVATE}' {NOT_PRIVATE} leads to {GATEWAY}. {LEAD}"),
        (
            altered(PRIVATE, way_out=""),
            f"private.id: '{PRIVATE}' {NOT_PRIVATE} is missing, or leads to something that is gone. {LEAD}",
        ),
    ],
)
def test_subnets_are_what_they_are_named_for(subnets: Mapping[str, Subnet], expected: str) -> None:
    assert found(in_subnets(), dataclasses.replace(CUT, subnets=subnets)) == [f"network.vpc.subnets[1].{expected}"]


@pytest.mark.parametrize("way_out", ["", GATEWAY])
def test_private_subnets_of_load_balancers_alone_need_no_way_out(way_out: str) -> None:
    """What kops calls a public topology: machines are public, and the API's own load balancer answers inside."""
    groups = [{**each, "subnets": "public"} for each in sample_mapping()["instanceGroups"]]
    no_way_out = dataclasses.replace(CUT, subnets=altered(PRIVATE, way_out=way_out))
    assert found(in_subnets(instanceGroups=groups), no_way_out) == []
    groups[0].pop("subnets")
    assert found(in_subnets(instanceGroups=groups), no_way_out) == []
    groups[-1].pop("subnets")
    assert len(found(in_subnets(instanceGroups=groups), no_way_out)) == 1


def test_subnets_beside_those_that_are_named_may_be_anything() -> None:
    more = {**THEIRS, "subnet-4": Subnet("eu-central-1a", "10.20.33.0/24", own=False, way_out="")}
    assert found(in_subnets(), dataclasses.replace(CUT, subnets=more)) == []


@pytest.mark.parametrize(
    ("spec", "vpc", "fix"),
    [
        (in_vpc(), FREE, "free it, or take another block for network.cidr"),
        (in_subnets(), CUT, "write membersFrom in that subnet of vpc.subnets, with addresses that are free"),
    ],
)
def test_members_addresses_are_free(spec: EnvironmentSpec, vpc: ExistingVpc, fix: str) -> None:
    assert found(spec, dataclasses.replace(vpc, taken={"10.20.32.10": "eni-1"})) == [
        "network.vpc: gives 10.20.32.10 to the control-plane member control-plane-a, and eni-1 has it already. "
        f"Fix: {fix}."
    ]


def test_no_vpc_is_counted_where_none_is_made() -> None:
    full = {"limits": {**quotas(), VPCS: Quota("vpc", VPCS, "VPCs", 5, 5)}}
    assert found(in_vpc(), FREE, **full) == []
