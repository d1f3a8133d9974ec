"""Which load balancers AWS refuses to delete, and the command that lifts it."""

from __future__ import annotations

import shlex
from typing import Any

import boto3
import pytest

from infra.ops.destroy.guards import guarded_by_aws, release_command
from infra.ops.errors import OpsError
from tests.infra.ops.cloud import Calls, client_error, spec

pytestmark = pytest.mark.usefixtures("cloud")

ASKED = "elbv2.DescribeLoadBalancerAttributes"


def balancer(elb: Any, name: str) -> str:
    vpc = boto3.client("ec2", elb.meta.region_name)
    network = vpc.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = vpc.create_subnet(VpcId=network, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    made = elb.create_load_balancer(Name=name, Type="network", Subnets=[subnet])
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def test_one_that_is_protected_is_told_until_the_command_was_run() -> None:
    session = Calls(spec()).session
    elb = session.client("elbv2")
    edge, free, gone = (balancer(elb, name) for name in ("edge", "free", "gone"))
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=edge, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}]
    )
    elb.delete_load_balancer(LoadBalancerArn=gone)
    assert guarded_by_aws(session, [edge, free, gone]) == {edge}

    *command, option, arn, _, attribute = shlex.split(release_command(edge))
    assert (command, option) == (["aws", "elbv2", "modify-load-balancer-attributes"], "--load-balancer-arn")
    pairs = dict(part.split("=") for part in attribute.split(","))
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[pairs])
    assert guarded_by_aws(session, [edge, free]) == frozenset()


def test_where_aws_does_not_say_it_nothing_is_taken_for_free() -> None:
    calls = Calls(spec())
    arn = balancer(calls.session.client("elbv2"), "edge")
    calls.fail_on(ASKED, client_error("AccessDenied"))
    with pytest.raises(OpsError, match="look for load balancers that are protected from deletion"):
        guarded_by_aws(calls.session, [arn])
