"""What is planned in a VPC, and in subnets, that exist already."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.plan.addons.permissions import Scope, cloud_controller_manager
from infra.plan.control_plane.files import member_files
from infra.plan.control_plane.members import plan_members
from infra.plan.diagram import diagram
from infra.plan.edge.balancer import balancer_blocks
from infra.plan.environment import plan_environment
from infra.plan.network import SubnetPlan, plan_network
from infra.plan.subnets import ZoneBlocks, zone_blocks
from infra.spec.edge import EdgeSpec
from tests.infra.networks import GATEWAY, VPC, existing_subnets, in_subnets, in_vpc, subnet_id
from tests.infra.samples import sample_spec

A, B, C = (f"eu-central-1{letter}" for letter in "abc")


def test_in_a_vpc_subnets_are_cut_as_ever() -> None:
    ours, theirs = plan_network(sample_spec()), plan_network(in_vpc())
    assert (ours.existing_vpc_id, ours.internet_gateway_id, ours.existing_subnets) == (None, None, False)
    assert (theirs.existing_vpc_id, theirs.internet_gateway_id, theirs.existing_subnets) == (VPC, GATEWAY, False)
    assert (theirs.zones, theirs.nat_gateways) == (ours.zones, ours.nat_gateways)


def test_existing_subnets_are_tagged_and_nothing_else() -> None:
    plan = plan_network(in_subnets())
    assert (plan.existing_vpc_id, plan.internet_gateway_id, plan.existing_subnets) == (VPC, None, True)
    assert plan.nat_gateways == ()
    shared = {"kubernetes.io/cluster/test.example.com": "shared"}
    assert [(zone.zone, zone.public, zone.private, zone.nat_zone) for zone in plan.zones] == [
        (
            f"eu-central-1{letter}",
            SubnetPlan(
                zone=f"eu-central-1{letter}",
                cidr=f"10.20.{number}.0/24",
                existing_id=subnet_id("public", letter),
                map_public_ip=False,
                tags=shared,
                shared_tags={"kubernetes.io/role/elb": "1"},
            ),
            SubnetPlan(
                zone=f"eu-central-1{letter}",
                cidr=f"10.20.{32 + 16 * number}.0/20",
                existing_id=subnet_id("private", letter),
                map_public_ip=False,
                tags=shared,
                shared_tags={"kubernetes.io/role/internal-elb": "1"},
            ),
            None,
        )
        for number, letter in enumerate("abc")
    ]


def test_zones_without_a_public_subnet_have_none() -> None:
    spec = in_subnets(vpc={"subnets": existing_subnets(public=False)})
    assert [zone.public for zone in plan_network(spec).zones] == [None, None, None]
    with pytest.raises(ValueError, match="eu-central-1a has no public subnet"):
        zone_blocks(spec.network)[0].of("public")


def test_blocks_come_in_the_order_of_zones_whatever_order_the_file_has_them_in() -> None:
    backwards = in_subnets(vpc={"subnets": existing_subnets()[::-1]})
    assert zone_blocks(backwards.network) == zone_blocks(in_subnets().network)
    assert [each.zone for each in zone_blocks(backwards.network)] == [A, B, C]
    members_from = {"private": None, "public": None}
    assert zone_blocks(backwards.network)[1] == ZoneBlocks(B, "10.20.1.0/24", "10.20.48.0/20", members_from)


def members(change: dict[str, Any] | None = None, **of_group: Any) -> list[tuple[str, str]]:
    entries = existing_subnets()
    for kind, value in (change or {}).items():
        entries[0][kind]["membersFrom"] = value
    groups = [
        {"name": name, "role": "ControlPlane", "zones": [zone], **of_group}
        for name, zone in (("cp-1", A), ("cp-2", B), ("cp-3", A))
    ]
    spec = in_subnets(vpc={"subnets": entries}, instanceGroups=[*groups])
    return [(member.name, member.address) for member in plan_members(spec)]


@pytest.mark.parametrize(
    ("change", "of_group", "addresses"),
    [
        ({}, {}, ["10.20.32.10", "10.20.48.10", "10.20.32.11"]),
        ({"private": "10.20.40.5"}, {}, ["10.20.40.5", "10.20.48.10", "10.20.40.6"]),
        ({"public": "10.20.0.99"}, {}, ["10.20.32.10", "10.20.48.10", "10.20.32.11"]),
        ({"public": "10.20.0.99"}, {"subnets": "public"}, ["10.20.0.99", "10.20.1.10", "10.20.0.100"]),
    ],
)
def test_members_addresses(change: dict[str, Any], of_group: dict[str, Any], addresses: list[str]) -> None:
    assert members(change, **of_group) == list(zip(["cp-1", "cp-2", "cp-3"], addresses, strict=True))


def test_a_member_is_told_its_subnets_router() -> None:
    spec = in_subnets()
    files = {file.path: file.content for file in member_files(spec, spec.instance_groups[0])}
    facts = json.loads(files["/etc/slipway/member.json"])
    assert (facts["address"], facts["gateway"], facts["prefixLength"]) == ("10.20.32.10", "10.20.32.1", 20)


@pytest.mark.parametrize(
    ("internal", "blocks"),
    [
        (False, ("10.20.0.0/24", "10.20.1.0/24", "10.20.2.0/24")),
        (True, ("10.20.32.0/20", "10.20.48.0/20", "10.20.64.0/20")),
    ],
)
def test_the_edges_load_balancer_calls_from_the_subnets_it_stands_in(internal: bool, blocks: tuple[str, ...]) -> None:
    assert balancer_blocks(in_subnets(), EdgeSpec.model_construct(internal=internal, firewall=())) == blocks


def test_controllers_make_security_groups_in_that_vpc_alone() -> None:
    spec = in_vpc()
    statements = {each["Sid"]: each for each in cloud_controller_manager(spec, Scope(spec))}
    assert statements["MakeSecurityGroupsInVpc"] == {
        "Sid": "MakeSecurityGroupsInVpc",
        "Effect": "Allow",
        "Action": ["ec2:CreateSecurityGroup"],
        "Resource": f"arn:aws:ec2:eu-central-1:111122223333:vpc/{VPC}",
    }
    assert "Condition" in statements["MakeSecurityGroups"]


def test_the_picture_shows_whose_vpc_it_is_and_no_way_that_there_is_not() -> None:
    whole = diagram(plan_environment(in_subnets()))
    assert f"{VPC} 10.20.0.0/16" in whole
    assert "public 10.20.1.0/24" in whole
    assert "internet gateway" in whole
    assert "NAT gateway" not in whole
    private = diagram(plan_environment(in_subnets(vpc={"subnets": existing_subnets(public=False)})))
    assert "private 10.20.48.0/20" in private
    for absent in ("public", "internet gateway", "Internet"):
        assert f">{absent}" not in private
