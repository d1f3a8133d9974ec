from __future__ import annotations

from typing import Any

from infra.components.edge_router import EdgeRouter
from infra.plan.edge import plan_edge
from infra.testing.recorder import Recorder, record
from tests.infra.plan.edge.samples import ACM, edge_spec

LB = "aws:lb/loadBalancer:LoadBalancer"
SUBNETS = {"public": {"a": "subnet-pub-a", "b": "subnet-pub-b"}, "private": {"a": "subnet-priv-a"}}


def build(**change: Any) -> Recorder:
    plan = plan_edge(edge_spec(**change))
    assert plan is not None
    outputs = {LB: {"dnsName": "edge.elb.example", "zoneId": "ZELB"}}
    return record(
        lambda: EdgeRouter("edge", plan.balancer, vpc_id="vpc-1", subnet_ids=SUBNETS, machines_group_id="sg-edge"),
        Recorder(outputs=outputs),
    )


def without_tags(inputs: dict[str, Any]) -> dict[str, Any]:
    assert inputs["tags"]["slipway/environment"] == "test"
    return {key: value for key, value in inputs.items() if key != "tags"}


def test_the_load_balancer() -> None:
    assert without_tags(build().inputs(LB, "edge")) == {
        "name": "edge-test-example-com",
        "loadBalancerType": "network",
        "internal": False,
        "ipAddressType": "ipv4",
        "subnets": ["subnet-pub-a", "subnet-pub-b"],
        "securityGroups": ["edge-lb-id"],
        "enableCrossZoneLoadBalancing": True,
        "enableDeletionProtection": True,
    }


def test_an_internal_load_balancer() -> None:
    inputs = build(internal=True, crossZone=False, deletionProtection=False).inputs(LB, "edge")
    assert (inputs["internal"], inputs["subnets"]) == (True, ["subnet-priv-a"])
    assert (inputs["enableCrossZoneLoadBalancing"], inputs["enableDeletionProtection"]) == (False, False)


def test_what_aws_would_not_delete_the_engine_refuses_to() -> None:
    assert build().options(LB, "edge").protect is True
    assert build(deletionProtection=False).options(LB, "edge").protect is False


def test_a_target_group_keeps_client_addresses_in_the_proxy_protocol() -> None:
    assert without_tags(build().inputs("aws:lb/targetGroup:TargetGroup", "edge-https")) == {
        "name": "edge-8443-test-example-com",
        "port": 8443,
        "protocol": "TCP",
        "targetType": "instance",
        "vpcId": "vpc-1",
        "proxyProtocolV2": True,
        "preserveClientIp": "false",
        "deregistrationDelay": 90,
        "healthCheck": {
            "enabled": True,
            "protocol": "HTTP",
            "path": "/ping",
            "port": "8081",
            "matcher": "200",
            "interval": 10,
            "timeout": 5,
            "healthyThreshold": 2,
            "unhealthyThreshold": 2,
        },
    }


def test_listeners() -> None:
    recorder = build()
    token = "aws:lb/listener:Listener"
    assert recorder.names(token) == {"edge-http", "edge-https", "edge-postgres"}
    assert without_tags(recorder.inputs(token, "edge-https")) == {
        "loadBalancerArn": "arn:aws:mock:::LoadBalancer/edge",
        "port": 443,
        "protocol": "TLS",
        "certificateArn": ACM,
        "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "alpnPolicy": "HTTP2Preferred",
        "defaultActions": [{"type": "forward", "targetGroupArn": "arn:aws:mock:::TargetGroup/edge-https"}],
    }
    assert "certificateArn" not in recorder.inputs(token, "edge-http")


def test_security_groups_and_rules() -> None:
    recorder = build()
    group = without_tags(recorder.inputs("aws:ec2/securityGroup:SecurityGroup", "edge-lb"))
    assert group == {
        "name": "edge-lb.test.example.com",
        "description": "Load balancer of the edge in test.example.com",
        "vpcId": "vpc-1",
    }
    ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    assert without_tags(recorder.inputs(ingress, "edge-in-80-anywhere")) == {
        "securityGroupId": "edge-lb-id",
        "cidrIpv4": "0.0.0.0/0",
        "ipProtocol": "tcp",
        "fromPort": 80,
        "toPort": 80,
        "description": "Firewall rules: web",
    }
    assert without_tags(recorder.inputs(ingress, "edge-lb-to-edge-8443")) == {
        "securityGroupId": "sg-edge",
        "referencedSecurityGroupId": "edge-lb-id",
        "ipProtocol": "tcp",
        "fromPort": 8443,
        "toPort": 8443,
        "description": "Router: https",
    }
    egress = recorder.inputs("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "edge-lb-out-8443")
    assert (egress["securityGroupId"], egress["referencedSecurityGroupId"]) == ("edge-lb-id", "sg-edge")


def test_a_record_is_an_alias_of_the_load_balancer() -> None:
    recorder = build(dns={"zone": "example.com", "zoneId": "Z0123456789EXAMPLE"})
    assert recorder.inputs("aws:route53/record:Record", "edge-wildcard.apps.example.com") == {
        "zoneId": "Z0123456789EXAMPLE",
        "name": "*.apps.example.com",
        "type": "A",
        "aliases": [{"name": "edge.elb.example", "zoneId": "ZELB", "evaluateTargetHealth": True}],
    }


def test_everything_belongs_to_the_component() -> None:
    recorder = build()
    for (token, _), request in recorder.requests.items():
        assert token == "slipway:index:EdgeRouter" or "slipway:index:EdgeRouter" in request.parent
