"""What the AWS stand-in is taught about listeners."""

from __future__ import annotations

from typing import Any

import boto3
from moto import mock_aws

from rehearsal.moto.listeners import complete_listeners

FIRST, SECOND = (f"arn:aws:acm:eu-central-1:123456789012:certificate/{number}" for number in "12")
POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


@mock_aws
def test_a_listener_of_a_network_load_balancer_turns_to_tls_and_back() -> None:
    complete_listeners()
    ec2, elb = (boto3.client(name, region_name="eu-central-1") for name in ("ec2", "elbv2"))
    found = ec2.describe_subnets()["Subnets"]
    subnets = [each["SubnetId"] for each in found]
    balancer = elb.create_load_balancer(Name="edge", Type="network", Subnets=subnets)["LoadBalancers"][0]
    made = elb.create_target_group(Name="edge", Protocol="TCP", Port=443, VpcId=found[0]["VpcId"])
    group = made["TargetGroups"][0]["TargetGroupArn"]
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="TCP",
        Port=443,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Listeners"][0]["ListenerArn"]

    def after(**change: Any) -> tuple[str, str | None, list[str]]:
        elb.modify_listener(ListenerArn=listener, **change)
        (now,) = elb.describe_listeners(ListenerArns=[listener])["Listeners"]
        assert now["DefaultActions"][0]["TargetGroupArn"] == group
        return now["Protocol"], now.get("SslPolicy"), [each["CertificateArn"] for each in now.get("Certificates", [])]

    assert after(Protocol="TLS", SslPolicy=POLICY, Certificates=[{"CertificateArn": FIRST}]) == ("TLS", POLICY, [FIRST])
    assert after(Certificates=[{"CertificateArn": SECOND}]) == ("TLS", POLICY, [SECOND])
    assert after(Port=8443) == ("TLS", POLICY, [SECOND])
    protocol, policy, certificates = after(Protocol="TCP")
    assert (protocol, policy or None, certificates) == ("TCP", None, [])
    assert after(Port=443)[0] == "TCP"
