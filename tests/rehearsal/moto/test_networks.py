"""A network that a rehearsal holds for an environment: found by its own IDs, made once, and with ways out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.ops.account.vpc import existing_vpc
from infra.plan.account.vpc import check_vpc
from infra.plan.environment import plan_environment
from infra.spec import EnvironmentSpec
from rehearsal.environment.holdings import held_by
from rehearsal.moto.networks import hold_address, hold_network
from tests.infra.networks import GATEWAY, VPC, existing_subnets, in_subnets, in_vpc, subnet_id
from tests.infra.samples import sample_spec

ACCOUNT, REGION = "123456789012", "eu-central-1"


@pytest.fixture(autouse=True)
def ec2() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ec2", region_name=REGION)


def hold(spec: EnvironmentSpec) -> None:
    (network,) = held_by(spec)["networks"]
    hold_network(ACCOUNT, REGION, network)


@pytest.mark.parametrize(
    "spec",
    [in_vpc(), in_subnets(), in_subnets(vpc={"subnets": existing_subnets(public=False)})],
    ids=["vpc", "subnets", "private"],
)
def test_an_environment_could_be_made_in_what_is_held(spec: EnvironmentSpec) -> None:
    for _ in range(2):
        hold(spec)
    plan = plan_environment(spec)
    found = existing_vpc(boto3.Session(region_name=REGION), plan)
    assert list(check_vpc(plan, found)) == []


def test_what_is_held_is_held_once(ec2: Any) -> None:
    before = len(ec2.describe_vpcs()["Vpcs"])
    for _ in range(2):
        hold(in_subnets())
    assert len(ec2.describe_vpcs()["Vpcs"]) == before + 1
    in_it = [{"Name": "vpc-id", "Values": [VPC]}]
    names = {each["SubnetId"] for each in ec2.describe_subnets(Filters=in_it)["Subnets"]}
    assert names == {subnet_id(kind, letter) for kind in ("public", "private") for letter in "abc"}
    attached = [{"Name": "attachment.vpc-id", "Values": [VPC]}]
    assert len(ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]) == 1


def test_an_address_is_held_once_under_its_own_id(ec2: Any) -> None:
    named = ["eipalloc-0123456789abcdef0", "eipalloc-0123456789abcdef1"]
    spec = sample_spec(network={"natAddresses": dict(zip(["eu-central-1a", "eu-central-1b"], named, strict=True))})
    for _ in range(2):
        for each in held_by(spec)["addresses"]:
            hold_address(ACCOUNT, REGION, each)
    found = ec2.describe_addresses()["Addresses"]
    assert sorted(each["AllocationId"] for each in found) == named
    assert len({each["PublicIp"] for each in found}) == 2


def test_a_zone_that_comes_later_is_held_too(ec2: Any) -> None:
    hold(in_subnets(network={"zones": ["eu-central-1a"], "vpc": {"id": VPC, "subnets": existing_subnets()[:1]}}))
    hold(in_subnets())
    assert ec2.describe_subnets(SubnetIds=[subnet_id("private", "c")])["Subnets"][0]["CidrBlock"] == "10.20.64.0/20"


def test_ids_are_moto_s_own_again(ec2: Any) -> None:
    hold(in_vpc())
    assert ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"] != VPC
    assert ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"] != GATEWAY
