from __future__ import annotations

from typing import Any

from pulumi.runtime import MockResourceArgs

from infra.components.api_endpoint import ApiEndpoint
from infra.plan.control_plane.endpoints import plan_api_endpoint
from infra.testing.account import OUTPUTS
from infra.testing.recorder import Recorder, record
from tests.infra.samples import sample_spec

BALANCER, TARGETS, LISTENER = (
    "aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup", "aws:lb/listener:Listener",
)  # fmt: skip
IN, OUT = (
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
)
GROUP, RECORD = "aws:ec2/securityGroup:SecurityGroup", "aws:route53/record:Record"
ROLES = {"ControlPlane": "sg-cp", "Node": "sg-node", "Edge": "sg-edge"}
SUBNETS = {"private": {"a": "private-a", "b": "private-b"}, "public": {"a": "public-a", "b": "public-b"}}
PUBLIC = {"access": "public", "allowedCidrs": ["203.0.113.0/24"]}


class PublicIsUnknown(Recorder):
    """Answers as a preview in which the internal load balancer is there and the public one is not."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        name, outputs = super().new_resource(args)
        return name, {**outputs, "dnsName": "internal.example.com"} if args.inputs.get("internal") else outputs


def build(**api: Any) -> Recorder:
    plan = plan_api_endpoint(sample_spec(cluster={"api": api}))
    return record(
        lambda: ApiEndpoint("api", plan, vpc_id="vpc-1", subnet_ids=SUBNETS, security_group_ids=ROLES),  # type: ignore[arg-type]
        Recorder(outputs=OUTPUTS),
    )


def test_the_load_balancer_inside_the_vpc() -> None:
    recorder = build()
    assert recorder.names(BALANCER) == recorder.names(TARGETS) == recorder.names(LISTENER) == {"api-internal"}
    inputs = recorder.inputs(BALANCER, "api-internal")
    assert inputs | {"tags": None} == {
        "name": "api-int-test-example-com",
        "internal": True,
        "loadBalancerType": "network",
        "ipAddressType": "ipv4",
        "subnets": ["private-a", "private-b"],
        "securityGroups": ["api-internal-id"],
        "enableCrossZoneLoadBalancing": True,
        "tags": None,
    }
    assert recorder.requests[BALANCER, "api-internal"].protect
    assert recorder.names(RECORD) == set()


def test_the_name_for_the_cluster_is_known_while_a_public_load_balancer_is_about_to_be_made() -> None:
    plan = plan_api_endpoint(sample_spec(cluster={"api": PUBLIC}))
    names: list[object] = []

    def program() -> None:
        endpoint = ApiEndpoint("api", plan, vpc_id="vpc-1", subnet_ids=SUBNETS, security_group_ids=ROLES)  # type: ignore[arg-type]
        endpoint.internal.apply(names.append)
        endpoint.address.apply(names.append)

    record(program, PublicIsUnknown(), preview=True)
    assert names == ["internal.example.com"]


def test_targets_are_asked_whether_they_would_serve() -> None:
    inputs = build().inputs(TARGETS, "api-internal")
    assert (inputs["port"], inputs["protocol"], inputs["targetType"]) == (443, "TCP", "instance")
    assert inputs["preserveClientIp"] == "false"
    # Who was connected to a member that left finds another.
    assert (inputs["deregistrationDelay"], inputs["connectionTermination"]) == (60, True)
    assert inputs["healthCheck"] == {
        "enabled": True,
        "protocol": "HTTPS",
        "path": "/readyz",
        "port": "traffic-port",
        "interval": 10,
        "timeout": 6,
        "healthyThreshold": 2,
        "unhealthyThreshold": 2,
    }


def test_machines_come_in_by_their_group_and_go_on_to_members_alone() -> None:
    recorder = build()
    assert recorder.names(IN) == {
        "api-control-plane-to-balancer", "api-nodes-to-balancer", "api-edge-to-balancer", "api-internal",
    }  # fmt: skip
    rule = recorder.inputs(IN, "api-nodes-to-balancer")
    assert (rule["securityGroupId"], rule["referencedSecurityGroupId"]) == ("api-internal-id", "sg-node")
    assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 443, 443)
    assert "cidrIpv4" not in rule
    out, way_in = recorder.inputs(OUT, "api-internal"), recorder.inputs(IN, "api-internal")
    assert (out["securityGroupId"], out["referencedSecurityGroupId"]) == ("api-internal-id", "sg-cp")
    assert (way_in["securityGroupId"], way_in["referencedSecurityGroupId"]) == ("sg-cp", "api-internal-id")


def test_guests_of_a_public_api_come_in_by_their_network() -> None:
    recorder = build(**PUBLIC)
    balancer = recorder.inputs(BALANCER, "api-public")
    assert (balancer["internal"], balancer["subnets"]) == (False, ["public-a", "public-b"])
    rule = recorder.inputs(IN, "api-203.0.113.0/24-to-balancer")
    assert (rule["securityGroupId"], rule["cidrIpv4"]) == ("api-public-id", "203.0.113.0/24")
    assert "referencedSecurityGroupId" not in rule
    assert recorder.inputs(TARGETS, "api-public")["preserveClientIp"] == "true"


def test_names_lead_to_the_load_balancers() -> None:
    recorder = build(**PUBLIC, hostedZone="Z0123456789ABCDEFGHIJ")
    assert recorder.inputs(RECORD, "api-public") == {
        "zoneId": "Z0123456789ABCDEFGHIJ",
        "name": "api.test.example.com",
        "type": "A",
        "aliases": [{"name": "balancer.elb.amazonaws.com", "zoneId": "Z1", "evaluateTargetHealth": False}],
    }
    assert recorder.names(RECORD) == {"api-public", "api-internal"}
