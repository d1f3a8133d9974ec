from __future__ import annotations

from typing import Any

import pulumi
import pytest

from infra.components.security_groups import SecurityGroups
from infra.plan.security import SecurityPlan, plan_security
from infra.spec import EnvironmentSpec
from infra.testing.recorder import Recorder, record
from tests.infra.networks import in_vpc
from tests.infra.samples import pod_network, sample_spec

GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def build(cni: str = "cilium") -> tuple[Recorder, SecurityPlan]:
    plan = plan_security(sample_spec(cluster=pod_network(cni)))
    return record(lambda: SecurityGroups("security", plan, vpc_id="vpc-1")), plan


def test_each_role_has_a_group_without_rules_of_its_own() -> None:
    recorder, plan = build()
    assert recorder.names(GROUP) == {"control-plane", "nodes", "edge"}
    assert recorder.inputs(GROUP, "nodes") == {
        "name": "nodes.test.example.com",
        "description": "Machines of role Node in test.example.com",
        "vpcId": "vpc-1",
        "tags": plan.groups[1].tags,
    }


@pytest.mark.parametrize(("spec", "kept"), [(sample_spec(), set()), (in_vpc(), {"control-plane"})])
def test_in_an_existing_vpc_the_members_group_cannot_be_made_anew(spec: EnvironmentSpec, kept: set[str]) -> None:
    plan = plan_security(spec)
    recorder = record(lambda: SecurityGroups("security", plan, vpc_id="vpc-1"))
    assert {name for name in recorder.names(GROUP) if recorder.options(GROUP, name).protect} == kept


def tags(plan: SecurityPlan, name: str) -> Any:
    return next(rule.tags for rule in plan.rules if rule.name == name)


def test_a_rule_between_roles() -> None:
    recorder, plan = build()
    assert recorder.inputs(INGRESS, "etcd-control-plane-to-control-plane") == {
        "securityGroupId": "control-plane-id",
        "referencedSecurityGroupId": "control-plane-id",
        "ipProtocol": "tcp",
        "fromPort": 2379,
        "toPort": 2380,
        "description": "etcd clients and peers",
        "tags": tags(plan, "etcd-control-plane-to-control-plane"),
    }
    kubelet = recorder.inputs(INGRESS, "kubelet-control-plane-to-edge")
    assert (kubelet["securityGroupId"], kubelet["referencedSecurityGroupId"]) == ("edge-id", "control-plane-id")


def test_a_rule_of_every_protocol_names_no_ports() -> None:
    recorder, plan = build("amazonVpc")
    assert recorder.inputs(INGRESS, "pods-edge-to-nodes") == {
        "securityGroupId": "nodes-id",
        "referencedSecurityGroupId": "edge-id",
        "ipProtocol": "-1",
        "description": "Edge router to the pods behind it",
        "tags": tags(plan, "pods-edge-to-nodes"),
    }


def test_a_rule_to_addresses() -> None:
    recorder, plan = build()
    assert recorder.names(EGRESS) == {"egress-control-plane", "egress-nodes", "egress-edge"}
    assert recorder.inputs(EGRESS, "egress-edge") == {
        "securityGroupId": "edge-id",
        "cidrIpv4": "0.0.0.0/0",
        "ipProtocol": "-1",
        "description": "Registries, package mirrors, AWS API, other machines",
        "tags": tags(plan, "egress-edge"),
    }


@pytest.mark.parametrize(("cni", "count"), [("cilium", 44), ("amazonVpc", 28)])
def test_the_number_of_resources(cni: str, count: int) -> None:
    recorder, _ = build(cni)
    assert len([token for token, _ in recorder.resources if token.startswith("aws:")]) == count
    parents = {request.parent for (token, _), request in recorder.requests.items() if token.startswith("aws:")}
    assert len(parents) == 1
    assert parents.pop().endswith("slipway:index:SecurityGroups::security")


def test_what_others_get() -> None:
    def program() -> None:
        groups = SecurityGroups("security", plan_security(sample_spec()), vpc_id="vpc-1")
        pulumi.CustomResource(
            "test:index:User",
            "user",
            {"groups": dict(groups.ids)},
            pulumi.ResourceOptions(depends_on=[groups.ways_out["Edge"]]),
        )

    recorder = record(program)
    assert recorder.inputs("test:index:User", "user") == {
        "groups": {"ControlPlane": "control-plane-id", "Node": "nodes-id", "Edge": "edge-id"}
    }
    dependencies = recorder.options("test:index:User", "user").dependencies
    assert {urn.rsplit("$", 1)[-1] for urn in dependencies} >= {f"{EGRESS}::egress-edge"}
    # An ID depends on no rule: a rule that is added must not make every launch template's preview unknown.
    assert not any("IngressRule" in urn for urn in dependencies)
