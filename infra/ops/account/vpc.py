"""What is asked of EC2 about a VPC that an environment names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from infra.ops.aws import ec2_items, is_of_cluster
from infra.ops.errors import aws_errors
from infra.plan.account.facts import ExistingVpc, Subnet
from infra.plan.account.vpc import DNS_ATTRIBUTES
from infra.plan.environment import EnvironmentPlan
from infra.plan.network import ANYWHERE

_ENDS = (
    "NatGatewayId",
    "TransitGatewayId",
    "GatewayId",
    "NetworkInterfaceId",
    "VpcPeeringConnectionId",
    "CoreNetworkArn",
    "LocalGatewayId",
)
"""Where a route may lead (EC2's DescribeRouteTables)."""


def existing_vpc(session: boto3.Session, plan: EnvironmentPlan) -> ExistingVpc | None:
    """Return the VPC that a spec names; None where it names none, or none that is there.

    Raises:
        OpsError: AWS cannot be asked.
    """
    wanted = plan.spec.network.vpc
    if wanted is None:
        return None
    ec2 = session.client("ec2")
    in_vpc = {"vpc-id": [wanted.id]}
    with aws_errors(f"look at the VPC {wanted.id}"):
        # By a filter: EC2 refuses a request that names a VPC it does not know.
        found = list(ec2_items(ec2, "describe_vpcs", "Vpcs", in_vpc))
        if not found:
            return None
        attached = ec2_items(ec2, "describe_internet_gateways", "InternetGateways", {"attachment.vpc-id": [wanted.id]})
        return ExistingVpc(
            blocks=tuple(
                each["CidrBlock"]
                for each in found[0]["CidrBlockAssociationSet"]
                if each["CidrBlockState"]["State"] == "associated"
            ),
            dns={name: _is_on(ec2, wanted.id, name) for name in DNS_ATTRIBUTES},
            internet_gateways=frozenset(each["InternetGatewayId"] for each in attached),
            subnets=_subnets(ec2, in_vpc, plan.spec.cluster.name),
            taken=_taken(ec2, in_vpc, plan),
        )


def _is_on(ec2: Any, vpc: str, attribute: str) -> bool:
    answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
    return bool(answer[attribute[0].upper() + attribute[1:]]["Value"])


def _subnets(ec2: Any, in_vpc: Mapping[str, list[str]], cluster: str) -> dict[str, Subnet]:
    tables = list(ec2_items(ec2, "describe_route_tables", "RouteTables", in_vpc))
    by_subnet: dict[str, Mapping[str, Any]] = {}
    main: Mapping[str, Any] = {}
    for table in tables:
        for association in table["Associations"]:
            if association.get("Main"):
                main = table
            elif "SubnetId" in association:
                by_subnet[association["SubnetId"]] = table
    return {
        each["SubnetId"]: Subnet(
            zone=each["AvailabilityZone"],
            cidr=each["CidrBlock"],
            own=is_of_cluster(each.get("Tags", ()), cluster),
            way_out=_way_out(by_subnet.get(each["SubnetId"], main)),
        )
        for each in ec2_items(ec2, "describe_subnets", "Subnets", in_vpc)
    }


def _way_out(table: Mapping[str, Any]) -> str:
    for route in table.get("Routes", ()):
        if route.get("DestinationCidrBlock") == ANYWHERE and route.get("State") != "blackhole":
            return next((str(route[end]) for end in _ENDS if route.get(end)), "")
    return ""


def _taken(ec2: Any, in_vpc: Mapping[str, list[str]], plan: EnvironmentPlan) -> dict[str, str]:
    wanted = [member.address for member in plan.members]
    found = ec2_items(
        ec2,
        "describe_network_interfaces",
        "NetworkInterfaces",
        {**in_vpc, "addresses.private-ip-address": wanted},
    )
    return {
        address["PrivateIpAddress"]: str(interface["NetworkInterfaceId"])
        for interface in found
        if not is_of_cluster(interface.get("TagSet", ()), plan.spec.cluster.name)
        for address in interface["PrivateIpAddresses"]
        if address["PrivateIpAddress"] in wanted
    }
