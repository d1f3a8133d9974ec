"""What the AWS stand-in is taught about load balancers."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from rehearsal.moto.balancers import keep_protected_balancers


@mock_aws
def test_a_load_balancer_that_is_protected_from_deletion_stays_until_it_is_not() -> None:
    keep_protected_balancers()
    ec2, elb = (boto3.client(name, region_name="eu-central-1") for name in ("ec2", "elbv2"))
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
    made = elb.create_load_balancer(Name="edge", Type="network", Subnets=subnets)["LoadBalancers"][0]
    which = {"LoadBalancerArn": made["LoadBalancerArn"]}

    def protect(value: str) -> None:
        attributes = [{"Key": "deletion_protection.enabled", "Value": value}]
        elb.modify_load_balancer_attributes(**which, Attributes=attributes)

    protect("true")
    with pytest.raises(ClientError, match=f"'{made['LoadBalancerArn']}' cannot be deleted because deletion") as refused:
        elb.delete_load_balancer(**which)
    assert refused.value.response["Error"]["Code"] == "OperationNotPermitted"
    assert [each["LoadBalancerName"] for each in elb.describe_load_balancers()["LoadBalancers"]] == ["edge"]
    protect("false")
    elb.delete_load_balancer(**which)
    assert elb.describe_load_balancers()["LoadBalancers"] == []
