"""No role may do more than kops's counterpart may, and none on more than it may (docs/compare-with-kops.md).

kops's statements are those of ``pkg/model/iam``, as ``tests/integration/update_cluster`` shows them of ``minimal-1.32``
(one role for the control plane), ``minimal_gossip_irsa`` (roles of add-ons) and ``many-addons`` (AWS VPC CNI).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pytest

from tests.scenarios.golden import ROLE, ROLE_POLICY, Scenario, scenario, scenarios

Scope = Literal["any", "cluster", "prefix", "backups"]
"""Where kops allows an action: on everything, on what has the cluster's tag, on objects below the cluster's name in the
bucket, or on etcd's backups there."""


def actions(service: str, names: str, scope: Scope) -> dict[str, Scope]:
    """Return actions of one service, each with its scope."""
    return {f"{service}:{name}": scope for name in names.split()}


_PULL = actions("ecr", "BatchCheckLayerAvailability BatchGetImage GetAuthorizationToken GetDownloadUrlForLayer", "any")
_READ = {**actions("s3", "GetObject", "prefix"), **actions("s3", "ListBucket", "any")}

KOPS: Mapping[str, Mapping[str, Scope]] = {
    "ControlPlane": {
        **_PULL,
        **_READ,
        **actions("s3", "DeleteObject PutObject", "backups"),
        **actions("ec2", "DescribeVolumes", "any"),
        **actions("ec2", "AttachVolume", "cluster"),
        **actions("kms", "Decrypt GenerateDataKey", "any"),
    },
    "worker": {**_PULL, **_READ},
    "cloud-controller-manager": {
        **actions("autoscaling", "DescribeAutoScalingGroups DescribeTags", "any"),
        **actions(
            "ec2",
            "DescribeAvailabilityZones DescribeInstanceTopology DescribeInstances DescribeRegions DescribeRouteTables "
            "DescribeSecurityGroups DescribeSubnets DescribeVpcs",
            "any",
        ),
        **actions(
            "ec2",
            "AuthorizeSecurityGroupIngress CreateSecurityGroup CreateTags DeleteSecurityGroup "
            "RevokeSecurityGroupIngress",
            "cluster",
        ),
        **actions(
            "elasticloadbalancing",
            "DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancerPolicies DescribeLoadBalancers "
            "DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth",
            "any",
        ),
        **actions(
            "elasticloadbalancing",
            "AddTags ApplySecurityGroupsToLoadBalancer AttachLoadBalancerToSubnets ConfigureHealthCheck CreateListener "
            "CreateLoadBalancer CreateLoadBalancerListeners CreateLoadBalancerPolicy CreateTargetGroup DeleteListener "
            "DeleteLoadBalancer DeleteLoadBalancerListeners DeleteTargetGroup DeregisterInstancesFromLoadBalancer "
            "DeregisterTargets DetachLoadBalancerFromSubnets ModifyListener ModifyLoadBalancerAttributes "
            "ModifyTargetGroup ModifyTargetGroupAttributes RegisterInstancesWithLoadBalancer RegisterTargets "
            "SetLoadBalancerPoliciesForBackendServer SetLoadBalancerPoliciesOfListener",
            "cluster",
        ),
    },
    "cluster-autoscaler": {
        **actions(
            "autoscaling",
            "DescribeAutoScalingGroups DescribeAutoScalingInstances DescribeScalingActivities",
            "any",
        ),
        **actions(
            "ec2",
            "DescribeImages DescribeInstanceTypes DescribeLaunchTemplateVersions "
            "GetInstanceTypesFromInstanceRequirements",
            "any",
        ),
        **actions("autoscaling", "SetDesiredCapacity TerminateInstanceInAutoScalingGroup", "cluster"),
    },
    "node-termination-handler": {
        **actions("autoscaling", "DescribeAutoScalingInstances DescribeTags", "any"),
        **actions("autoscaling", "CompleteLifecycleAction", "cluster"),
        **actions("ec2", "DescribeInstances", "any"),
        **actions("sqs", "DeleteMessage ReceiveMessage", "any"),
    },
    "ebs-csi": {
        **actions(
            "ec2",
            "DescribeAvailabilityZones DescribeInstances DescribeTags DescribeVolumeStatus DescribeVolumes "
            "DescribeVolumesModifications",
            "any",
        ),
        **actions("ec2", "AttachVolume CreateTags CreateVolume DeleteVolume DetachVolume ModifyVolume", "cluster"),
    },
    "amazon-vpc-cni": actions(
        "ec2",
        "AssignPrivateIpAddresses AttachNetworkInterface CreateNetworkInterface CreateTags DeleteNetworkInterface "
        "DescribeInstances DescribeInstanceTypes DescribeNetworkInterfaces DescribeTags DetachNetworkInterface "
        "ModifyNetworkInterfaceAttribute UnassignPrivateIpAddresses",
        "any",
    ),
}
"""Role -> action -> scope. Of kops's actions only those that Slipway takes up: what is not here, nobody has."""

ONLY_OURS: Mapping[tuple[str, str], str] = {
    ("ControlPlane", "ec2:DescribeNetworkInterfaces"): "a member has an address that outlives its machine",
    ("ControlPlane", "ec2:AttachNetworkInterface"): "the same; only its own, by its tag",
    ("ControlPlane", "s3:AbortMultipartUpload"): "gives up the upload of its own snapshot",
    (
        "amazon-vpc-cni",
        "ec2:DescribeSubnets",
    ): "the daemon of 1.23 looks at its subnet's tags before it makes an interface",
    ("worker", "kms:Decrypt"): "the state bucket is encrypted by a key of its own; kops's need not be",
}
"""Role and action -> why kops has none."""

WRITTEN_ONLY_HERE = ("running/",)
"""Objects that a member writes beside backups: the version of its API server, which no kubelet may be ahead of."""

ROLES_ONLY_OURS: Mapping[str, str] = {
    "fluent-bit": "kops ships no logs",
    "flow-logs": "kops records no flows",
}
"""Role -> why kops has no counterpart."""


def kind_of(role: str, it: Scenario) -> str:
    """Return which of kops's roles a role stands for; the name of its part where it is an add-on's."""
    part = role.removesuffix(f".{it.spec.cluster.name}").removesuffix(".sa")
    group = next((group for group in it.plan.groups if group.identity == part), None)
    if group is None:
        return part
    return "ControlPlane" if group.role == "ControlPlane" else "worker"


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def statements(it: Scenario) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every statement of every role that is not a workload's own, with the kind of the role."""
    own = {workload.role.name for workload in it.plan.workloads if workload.role is not None}
    for name in it.recorder.names(ROLE):
        if name not in own:
            role = it.recorder.inputs(ROLE, name)["name"]
            policy = json.loads(it.recorder.inputs(ROLE_POLICY, name)["policy"])
            for statement in policy["Statement"]:
                yield kind_of(role, it), statement


def within(scope: Scope, statement: Mapping[str, Any], it: Scenario) -> bool:
    """Return whether a statement stays inside what kops allows."""
    if scope == "cluster":
        equal = statement.get("Condition", {}).get("StringEquals", {})
        return any(
            equal.get(f"aws:{kind}Tag/KubernetesCluster") == it.spec.cluster.name for kind in ("Resource", "Request")
        )
    if scope == "any":
        return True
    below = ("",) if scope == "prefix" else ("backups/etcd/", *WRITTEN_ONLY_HERE)
    own = tuple(f"arn:aws:s3:::{it.spec.state.bucket}/{it.spec.cluster.name}/{each}" for each in below)
    return all(resource.startswith(own) for resource in listed(statement["Resource"]))


@pytest.mark.parametrize("name", scenarios())
def test_no_statement_is_wider_than_kops_has_it(name: str) -> None:
    it = scenario(name)
    wider = []
    for kind, statement in statements(it):
        assert statement["Effect"] == "Allow"
        for action in listed(statement["Action"]):
            assert "*" not in action, action
            if kind in ROLES_ONLY_OURS or (kind, action) in ONLY_OURS:
                continue
            scope = KOPS[kind].get(action)
            if scope is None or not within(scope, statement, it):
                wider.append((kind, action, statement.get("Sid")))
    assert wider == []


def test_what_is_said_to_be_only_ours_is() -> None:
    """A reason for what no role has any more would hide what comes later."""
    found = {
        (kind, action)
        for name in scenarios()
        for kind, statement in statements(scenario(name))
        for action in listed(statement["Action"])
    }
    assert set(ONLY_OURS) <= found
    assert set(ROLES_ONLY_OURS) <= {kind for kind, _ in found}
    assert {(kind, action) for kind, known in KOPS.items() for action in known} <= found
