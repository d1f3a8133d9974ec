"""In a VPC that exists the deploy role needs one policy more, and with it may do nothing to that VPC."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.examples.aws_calls import ACCOUNT, CLUSTER, REGION, TABLE
from tests.examples.iam import Request, allowed, statements
from tests.examples.network_calls import EXISTING, NETWORK
from tests.examples.test_roles import ATTACHED, IAM, KEPT_OUT, policy_of, requests, resources

EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
VPC = f"{EC2}:vpc/vpc-0123456789abcdef0"
SUBNET = f"{EC2}:subnet/subnet-0123456789abcdef0"
NOT_MADE = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:ec2/flowLog:FlowLog",
    "aws:ec2/internetGateway:InternetGateway",
    "aws:ec2/vpc:Vpc",
    "aws:ec2/vpcDhcpOptions:VpcDhcpOptions",
    "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation",
}
NOT_MADE_IN_SUBNETS = {
    "aws:ec2/eip:Eip",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/route:Route",
    "aws:ec2/routeTable:RouteTable",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/vpcEndpoint:VpcEndpoint",
}
ON_OURS = "aws:ResourceTag/KubernetesCluster"
POLICY = [*policy_of("deploy"), *statements([IAM / "deploy-role-existing-network.json"])]
TAGS = (f"kubernetes.io/cluster/{CLUSTER}", "kubernetes.io/role/elb", "kubernetes.io/role/internal-elb")


def existing(request: Request, *, subnets: bool) -> Request:
    """Return the request as it is where the VPC, and with ``subnets`` they too, are another's: with no tag of ours."""
    if ON_OURS not in request.context:
        return request
    rest = {key: value for key, value in request.context.items() if not key.startswith("aws:ResourceTag/")}
    if request.resource.startswith(f"{EC2}:vpc/"):
        return dataclasses.replace(request, resource=VPC, context=rest)
    if subnets and request.resource.startswith(f"{EC2}:subnet/"):
        return dataclasses.replace(request, resource=SUBNET, context={**rest, "ec2:Vpc": VPC})
    return request


def refused(policy: list[dict[str, Any]], token: str, *, subnets: bool) -> set[str]:
    """Return what a role with this policy may not do of the calls of a type."""
    kept = {action for role, action in KEPT_OUT if role == "deploy"}
    calls = TABLE[token]
    asked = (
        (action, existing(request, subnets=subnets))
        for _, name, inputs in (each for each in resources() if each[0] == token)
        for listed in (calls.create, calls.read, calls.update, calls.delete)
        for action, request in requests(listed, name, inputs)
    )
    return {
        f"{action} on {request.resource}"
        for action, request in asked
        if action not in kept and not allowed(policy, request)
    }


@pytest.mark.parametrize("subnets", [False, True])
def test_the_deploy_role_may_do_what_every_type_needs(subnets: bool) -> None:
    made = TABLE.keys() - NOT_MADE - (NOT_MADE_IN_SUBNETS if subnets else set())
    assert {refusal for token in made for refusal in refused(POLICY, token, subnets=subnets)} == set()


def test_without_the_policy_it_may_not() -> None:
    without = policy_of("deploy")
    in_vpc = {each for token in NETWORK.keys() - NOT_MADE for each in refused(without, token, subnets=False)}
    assert {each.partition(" on ")[0] for each in in_vpc} == {
        f"ec2:Create{kind}" for kind in ("RouteTable", "SecurityGroup", "Subnet", "VpcEndpoint")
    }
    in_subnets = refused(without, "aws:ec2/networkInterface:NetworkInterface", subnets=True)
    assert in_subnets == {f"ec2:CreateNetworkInterface on {SUBNET}"}


def may(action: str, resource: str, tags: str = "", **context: str) -> bool:
    return allowed(POLICY, Request(action, resource, {**({"aws:TagKeys": tags} if tags else {}), **context}))


@pytest.mark.parametrize("tag", TAGS)
def test_it_may_tag_the_subnets_that_are_named_as_the_program_does(tag: str) -> None:
    assert {call.partition(" ")[0] for call in EXISTING["aws:ec2/tag:Tag"].create.split("; ")} == {"ec2:CreateTags"}
    for action in ("ec2:CreateTags", "ec2:DeleteTags"):
        assert may(action, SUBNET, tag)
        assert not may(action, f"{EC2}:subnet/subnet-00000000", tag)
        assert not may(action, SUBNET, f"{tag} Name")
        assert not may(action, SUBNET)
    assert allowed(policy_of("preview"), Request("ec2:DescribeTags", "*"))


def test_it_may_change_nothing_of_the_vpc_and_stand_in_no_other() -> None:
    for action in ("ec2:DeleteVpc", "ec2:ModifyVpcAttribute", "ec2:CreateTags", "ec2:CreateFlowLogs"):
        assert not may(action, VPC)
    for action in ("ec2:DeleteSubnet", "ec2:ModifySubnetAttribute", "ec2:AssociateRouteTable"):
        assert not may(action, SUBNET, **{"ec2:Vpc": VPC})
    other = {"ec2:Vpc": f"{EC2}:vpc/vpc-00000000"}
    assert not may("ec2:CreateNetworkInterface", f"{EC2}:subnet/subnet-00000000", **other)
    assert not may("ec2:CreateSubnet", f"{EC2}:vpc/vpc-00000000")
    assert "deploy-role-existing-network" not in ATTACHED["deploy"], "it is for environments in such a VPC alone"
