"""What is asked of EC2 (moto) about a VPC that a spec names."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from infra.ops.account.named import named
from infra.ops.account.vpc import existing_vpc
from infra.ops.aws import session_for
from infra.plan.account.facts import ExistingVpc, Subnet
from infra.plan.account.named import references
from infra.plan.environment import EnvironmentPlan, plan_environment
from infra.plan.tags import resource_tags
from rehearsal.moto.networks import hold_network
from tests.infra.networks import GATEWAY, IN_VPC, VPC
from tests.infra.ops.cloud import spec

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def session() -> boto3.Session:
    return session_for(spec())


def planned(vpc: dict[str, Any] | None = IN_VPC) -> EnvironmentPlan:
    return plan_environment(spec(network={"vpc": vpc} if vpc else {}))


def held(subnets: list[dict[str, Any]] | None = None) -> None:
    network = {"id": VPC, "cidr": "10.20.0.0/16", "gateway": GATEWAY, "subnets": subnets or []}
    hold_network(spec().account_id, spec().region, network)


def tags(own: bool) -> list[dict[str, str]]:
    made = resource_tags(spec(), "x") if own else {"Name": "x"}
    return [{"Key": key, "Value": value} for key, value in made.items()]


def test_nothing_is_asked_where_the_vpc_is_to_be_made(session: boto3.Session) -> None:
    assert existing_vpc(session, planned(None)) is None


def test_a_vpc_that_is_not_there(session: boto3.Session) -> None:
    assert existing_vpc(session, planned()) is None
    assert named(session, planned().spec, references(planned().spec)).vpc is None


def test_a_vpc_as_it_is(session: boto3.Session) -> None:
    held()
    assert existing_vpc(session, planned()) == ExistingVpc(
        blocks=("10.20.0.0/16",),
        dns={"enableDnsSupport": True, "enableDnsHostnames": True},
        internet_gateways=frozenset([GATEWAY]),
        subnets={},
        taken={},
    )
    assert named(session, planned().spec, references(planned().spec)).vpc == VPC


def test_blocks_and_attributes_as_they_are_now(session: boto3.Session) -> None:
    held()
    ec2 = session.client("ec2")
    ec2.associate_vpc_cidr_block(VpcId=VPC, CidrBlock="10.21.0.0/16")
    gone = ec2.associate_vpc_cidr_block(VpcId=VPC, CidrBlock="10.22.0.0/16")["CidrBlockAssociation"]
    ec2.disassociate_vpc_cidr_block(AssociationId=gone["AssociationId"])
    ec2.modify_vpc_attribute(VpcId=VPC, EnableDnsSupport={"Value": False})
    found = existing_vpc(session, planned())
    assert found is not None
    assert found.blocks == ("10.20.0.0/16", "10.21.0.0/16")
    assert found.dns == {"enableDnsSupport": False, "enableDnsHostnames": True}


def test_subnets_with_their_ways_out(session: boto3.Session) -> None:
    """By a table of their own or the VPC's main one; a gateway that is gone leads nowhere."""
    ec2 = session.client("ec2")
    private = {"id": "subnet-00000001", "zone": "eu-central-1a", "cidr": "10.20.0.0/24", "public": False}
    public = {"id": "subnet-00000002", "zone": "eu-central-1b", "cidr": "10.20.1.0/24", "public": True}
    held([private, public])
    for number, own in ((2, True), (3, False)):
        specifications = [{"ResourceType": "subnet", "Tags": tags(own)}]
        ec2.create_subnet(VpcId=VPC, CidrBlock=f"10.20.{number}.0/24", TagSpecifications=specifications)
    found = existing_vpc(session, planned())
    assert found is not None
    by_block = {subnet.cidr: subnet for subnet in found.subnets.values()}
    assert found.subnets["subnet-00000001"].way_out.startswith("tgw-")
    assert found.subnets["subnet-00000002"] == Subnet("eu-central-1b", "10.20.1.0/24", own=False, way_out=GATEWAY)
    assert [by_block[f"10.20.{number}.0/24"].own for number in (2, 3)] == [True, False]
    assert by_block["10.20.2.0/24"].way_out == ""
    (main,) = ec2.describe_route_tables(
        Filters=[{"Name": "vpc-id", "Values": [VPC]}, {"Name": "association.main", "Values": ["true"]}]
    )["RouteTables"]
    ec2.create_route(RouteTableId=main["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=GATEWAY)
    found = existing_vpc(session, planned())
    assert found is not None
    assert {s.cidr: s.way_out for s in found.subnets.values()}["10.20.2.0/24"] == GATEWAY


def test_a_route_to_something_that_is_gone_is_no_way_out(session: boto3.Session) -> None:
    held([{"id": "subnet-00000001", "zone": "eu-central-1a", "cidr": "10.20.0.0/24", "public": False}])

    def gone(parsed: dict[str, Any], **_: Any) -> None:
        for table in parsed["RouteTables"]:
            for route in table["Routes"]:
                route["State"] = "blackhole"

    session.events.register("after-call.ec2.DescribeRouteTables", gone)
    found = existing_vpc(session, planned())
    assert found is not None
    assert found.subnets["subnet-00000001"].way_out == ""


@pytest.mark.parametrize("own", [True, False])
def test_members_addresses_that_others_have(session: boto3.Session, own: bool) -> None:
    held([{"id": "subnet-00000001", "zone": "eu-central-1a", "cidr": "10.20.32.0/19", "public": False}])
    ec2 = session.client("ec2")
    made = ec2.create_network_interface(
        SubnetId="subnet-00000001",
        PrivateIpAddress=planned().members[0].address,
        TagSpecifications=[{"ResourceType": "network-interface", "Tags": tags(own)}],
    )["NetworkInterface"]
    ec2.create_network_interface(SubnetId="subnet-00000001", PrivateIpAddress="10.20.32.99")
    found = existing_vpc(session, planned())
    assert found is not None
    assert found.taken == ({} if own else {planned().members[0].address: made["NetworkInterfaceId"]})
