from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.plan.addons.iam import AddonRole, addon_roles
from tests.infra.plan.policy_linter import findings
from tests.infra.samples import sample_spec

KOPS: dict[str, tuple[set[str], set[str]]] = {
    # Add-on -> what kops allows on everything, and what it allows on what has the cluster's tag (or is given it), after
    # AddCCMPermissions, AddAWSEBSCSIDriverPermissions, AddClusterAutoscalerPermissions,
    # AddNodeTerminationHandlerSQSPermissions and addAmazonVPCCNIPermissions in pkg/model/iam/iam_builder.go.
    "cloud-controller-manager": (
        {
            "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeTags", "ec2:DescribeInstances",
            "ec2:DescribeRegions", "ec2:DescribeAvailabilityZones", "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
            "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancerPolicies",
            "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
        },
        {
            "ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress",
            "ec2:CreateSecurityGroup", "ec2:CreateTags",
            "elasticloadbalancing:AttachLoadBalancerToSubnets",
            "elasticloadbalancing:ApplySecurityGroupsToLoadBalancer",
            "elasticloadbalancing:CreateLoadBalancerListeners", "elasticloadbalancing:CreateLoadBalancerPolicy",
            "elasticloadbalancing:ConfigureHealthCheck", "elasticloadbalancing:DeleteLoadBalancer",
            "elasticloadbalancing:DeleteLoadBalancerListeners", "elasticloadbalancing:DetachLoadBalancerFromSubnets",
            "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
            "elasticloadbalancing:SetLoadBalancerPoliciesForBackendServer", "elasticloadbalancing:AddTags",
            "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteTargetGroup",
            "elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets",
            "elasticloadbalancing:SetLoadBalancerPoliciesOfListener", "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateTargetGroup",
        },
    ),
    "ebs-csi": (
        {
            "ec2:DescribeInstances", "ec2:DescribeVolumes", "ec2:DescribeTags", "ec2:DescribeVolumesModifications",
        },
        {
            "ec2:ModifyVolume", "ec2:AttachVolume", "ec2:DeleteVolume", "ec2:DetachVolume", "ec2:CreateVolume",
            "ec2:CreateTags",
        },
    ),
    "node-termination-handler": (
        {
            "autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeTags", "ec2:DescribeInstances",
            "sqs:DeleteMessage", "sqs:ReceiveMessage",
        },
        {"autoscaling:CompleteLifecycleAction"},
    ),
    "cluster-autoscaler": (
        {
            "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances",
            "autoscaling:DescribeScalingActivities", "ec2:DescribeImages", "ec2:DescribeInstanceTypes",
            "ec2:DescribeLaunchTemplateVersions", "ec2:GetInstanceTypesFromInstanceRequirements",
        },
        {"autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"},
    ),
    "amazon-vpc-cni": (
        {
            "ec2:AssignPrivateIpAddresses", "ec2:AttachNetworkInterface", "ec2:DeleteNetworkInterface",
            "ec2:DescribeInstances", "ec2:DescribeInstanceTypes", "ec2:DescribeTags",
            "ec2:DescribeNetworkInterfaces", "ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute",
            "ec2:UnassignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:CreateTags",
        },
        set(),
    ),
}  # fmt: skip

LOOKS: dict[str, set[str]] = {
    # What newer versions read beyond that: "AWS Cloud Provider, Prerequisites", AmazonEBSCSIDriverPolicy.
    "cloud-controller-manager": {
        "ec2:DescribeInstanceTopology",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
    },
    "ebs-csi": {"ec2:DescribeAvailabilityZones", "ec2:DescribeVolumeStatus"},
    # Asked for before each interface (GetVpcSubnets in pkg/awsutils/awsutils.go).
    "amazon-vpc-cni": {"ec2:DescribeSubnets"},
}
CHANGES: dict[str, set[str]] = {
    # What newer versions change beyond that, of what has the cluster's tag: target groups by an annotation.
    "cloud-controller-manager": {"elasticloadbalancing:ModifyTargetGroupAttributes"},
}


def roles() -> dict[str, AddonRole]:
    specs = (sample_spec(), sample_spec(cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced"}))
    return {role.addon: role for spec in specs for role in addon_roles(spec)}


def statements(role: AddonRole) -> Iterator[dict[str, Any]]:
    yield from role.statements


each_role = pytest.mark.parametrize("role", roles().values(), ids=lambda role: role.addon)


@each_role
def test_a_linter_finds_nothing(role: AddonRole) -> None:
    assert findings(json.dumps({"Version": "2012-10-17", "Statement": list(role.statements)})) == []


def test_the_linter_would_find_something() -> None:
    wrong = {"Effect": "Allow", "Action": "ec2:AttachVolumes", "Resource": "*"}
    assert findings(json.dumps({"Version": "2012-10-17", "Statement": [wrong]}))


@each_role
def test_nothing_is_wider_than_in_kops(role: AddonRole) -> None:
    free, tagged = KOPS[role.addon]
    assert all(":Describe" in action for action in LOOKS.get(role.addon, ()))
    for statement in statements(role):
        actions = set(statement["Action"])
        if "Condition" in statement:
            assert actions - CHANGES.get(role.addon, set()) <= tagged, statement["Sid"]
            (tests,) = statement["Condition"].values()
            assert "test.example.com" in tests.values()
        else:
            assert actions - LOOKS.get(role.addon, set()) <= free, statement["Sid"]
        assert not any("*" in action for action in actions)


@each_role
def test_what_changes_something_names_the_account_and_region(role: AddonRole) -> None:
    for statement in statements(role):
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        reading = all(action.split(":")[1].startswith(("Describe", "Get")) for action in statement["Action"])
        if reading:
            assert resources == ["*"]
        else:
            assert all(resource.split(":")[3:5] == ["eu-central-1", "111122223333"] for resource in resources)


def test_the_queue_is_the_environments_own() -> None:
    (own,) = (each for each in statements(roles()["node-termination-handler"]) if each["Sid"] == "ReadOwnQueue")
    assert own["Resource"] == "arn:aws:sqs:eu-central-1:111122223333:test-example-com-nth"


def test_groups_of_another_cluster_are_out_of_reach() -> None:
    (scale,) = (each for each in statements(roles()["cluster-autoscaler"]) if each["Sid"] == "Scale")
    assert scale["Resource"] == (
        "arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:*:autoScalingGroupName/*.test.example.com"
    )
    assert scale["Condition"] == {"StringEquals": {"aws:ResourceTag/KubernetesCluster": "test.example.com"}}


def test_roles_are_of_the_addons_that_there_are() -> None:
    assert [role.addon for role in addon_roles(sample_spec())] == [
        "cloud-controller-manager",
        "ebs-csi",
        "node-termination-handler",
        "cluster-autoscaler",
    ]
    switches = {key: {"enabled": False} for key in ("ebsCsi", "nodeTerminationHandler", "clusterAutoscaler")}
    # Nothing may ask for volumes then.
    spec = sample_spec(
        cluster={"addons": switches, "cni": "amazonVpc", "networkPolicies": "notEnforced"},
        monitoring={"enabled": False},
    )
    few = addon_roles(spec)
    assert [role.addon for role in few] == ["amazon-vpc-cni", "cloud-controller-manager"]
    assert addon_roles(sample_spec(cluster={"addons": {"managed": False}})) == ()


def test_a_partition_has_its_own_arns() -> None:
    spec = sample_spec(
        region="us-gov-west-1",
        network={"zones": ["us-gov-west-1a"]},
        instanceGroups=[
            {"name": "cp", "role": "ControlPlane", "machineType": "m7i.large", "zones": ["us-gov-west-1a"]},
        ],
    )
    for role in addon_roles(spec):
        for statement in statements(role):
            for resource in (
                [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
            ):
                assert resource == "*" or resource.startswith("arn:aws-us-gov:")
