"""Environments in a VPC, and in subnets, that exist already: they live there, and leave both as they were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import slipway
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.left import nothing_left
from tests.e2e.specs import REGION, small

pytestmark = pytest.mark.e2e

VPC, GATEWAY = "vpc-0123456789abcdef0", "igw-0123456789abcdef0"
OTHER_VPC = "vpc-0123456789abcdef1"
A, B, C = (f"{REGION}{letter}" for letter in "abc")
SUBNETS = [
    {
        "zone": zone,
        "private": {"id": f"subnet-2000000{zone[-1]}", "cidr": f"10.30.{32 + 16 * number}.0/20"},
        "public": {"id": f"subnet-1000000{zone[-1]}", "cidr": f"10.30.{number}.0/24"},
    }
    for number, zone in enumerate((A, B, C))
]
IN_VPC = {"id": VPC, "internetGatewayId": GATEWAY}


def network(vpc: dict[str, Any], *zones: str, **change: Any) -> dict[str, Any]:
    return {"cidr": "10.30.0.0/16", "zones": list(zones), "vpc": vpc, **change}


def in_subnets(*zones: str) -> dict[str, Any]:
    return network({"id": VPC, "subnets": [each for each in SUBNETS if each["zone"] in zones]}, *zones)


@pytest.fixture(scope="module")
def beside(home: Path) -> Iterator[Rehearsed]:
    """An environment with subnets of its own."""
    spec = small("beside", network=network(IN_VPC, A, B, nat="single"))
    yield from rehearsed(home, "beside", spec)


@pytest.fixture(scope="module")
def within(home: Path) -> Iterator[Rehearsed]:
    """An environment in subnets of others."""
    yield from rehearsed(home, "within", small("within", network=in_subnets(A, B)))


def subnets(env: Rehearsed) -> dict[str, dict[str, str]]:
    """Return the subnets of the VPC, each with its tags."""
    found = env.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [VPC]}])["Subnets"]
    return {each["SubnetId"]: {tag["Key"]: tag["Value"] for tag in each.get("Tags", ())} for each in found}


def test_01_subnets_are_made_in_the_vpc(beside: Rehearsed) -> None:
    beside.run("up", "--skip-preview").ok()
    assert beside.changes() == {}
    made = {tags["Name"] for tags in subnets(beside).values()}
    cluster = "beside.example.com"
    assert made == {f"{kind}{zone}.{cluster}" for kind in ("", "utility-") for zone in (A, B)}
    (table,) = beside.client("ec2").describe_route_tables(Filters=[{"Name": "tag:Name", "Values": [cluster]}])[
        "RouteTables"
    ]
    assert GATEWAY in {route.get("GatewayId") for route in table["Routes"]}


def test_02_it_cannot_move_into_a_vpc_of_its_own(beside: Rehearsed) -> None:
    lived = beside.spec
    beside.declare({**lived, "network": {key: value for key, value in lived["network"].items() if key != "vpc"}})
    refused = slipway(beside, "preview")
    assert refused.status == 1
    assert "An environment cannot move to another VPC, from its own to an existing one or back" in refused.output
    beside.declare(lived)
    assert beside.changes() == {}


def test_03_destroy_leaves_the_vpc_with_what_was_in_it(beside: Rehearsed) -> None:
    beside.run("destroy", "--yes").ok()
    nothing_left(beside, existing=[VPC])
    assert subnets(beside) == {}
    attached = [{"Name": "attachment.vpc-id", "Values": [VPC]}]
    (gateway,) = beside.client("ec2").describe_internet_gateways(Filters=attached)["InternetGateways"]
    assert gateway["InternetGatewayId"] == GATEWAY


def test_11_machines_stand_in_existing_subnets(within: Rehearsed) -> None:
    within.run("up", "--skip-preview").ok()
    assert within.changes() == {}
    groups = within.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert {group["VPCZoneIdentifier"] for group in groups} == {"subnet-2000000a", "subnet-2000000a,subnet-2000000b"}
    roles = {f"subnet-1000000{letter}": "elb" for letter in "ab"} | {
        f"subnet-2000000{letter}": "internal-elb" for letter in "ab"
    }
    assert subnets(within) == {
        subnet: {"kubernetes.io/cluster/within.example.com": "shared", f"kubernetes.io/role/{role}": "1"}
        for subnet, role in roles.items()
    }


def test_12_a_zone_is_added(within: Rehearsed) -> None:
    within.declare({**within.spec, "network": in_subnets(A, B, C)})
    changes = within.changes()
    assert changes["create"] == {
        f"aws:ec2/tag:Tag {kind}-{C}-{key}"
        for kind, role in (("public", "elb"), ("private", "internal-elb"))
        for key in (f"kubernetes.io/role/{role}", "kubernetes.io/cluster/within.example.com")
    }
    assert not {"delete", "replace"} & changes.keys()
    assert "aws:autoscaling/group:Group nodes" in changes["update"]
    within.run("up", "--skip-preview").ok()
    assert within.changes() == {}


def test_13_another_vpc_above_the_same_subnets_is_refused(within: Rehearsed) -> None:
    lived = within.spec
    other = {**lived["network"]["vpc"], "id": OTHER_VPC}
    within.declare({**lived, "network": {**lived["network"], "vpc": other}})
    refused = slipway(within, "preview")
    assert refused.status == 1
    assert "An environment cannot move to another VPC" in refused.output
    assert "ec2 SecurityGroup control-plane is protected: the engine refuses to replace it" in refused.output
    within.declare(lived)


def test_14_destroy_leaves_the_subnets_for_others(within: Rehearsed) -> None:
    within.run("destroy", "--yes").ok()
    # The stand-in has whatever VPC a file has named.
    nothing_left(within, existing=[VPC, OTHER_VPC])
    assert {key for tags in subnets(within).values() for key in tags} == {
        "kubernetes.io/role/elb",
        "kubernetes.io/role/internal-elb",
    }
    assert len(subnets(within)) == 6
