"""What add-ons may do in AWS, after kops's ``pkg/model/iam/iam_builder.go`` and nowhere wider.

kops names what a controller may change by the cluster's tag alone. Here resources are of the account and region too,
and the parts of kops's lists that this set-up does not use are left out: classic load balancers' policies and server
certificates, KMS keys of volumes (the default class uses the account's EBS key, which asks for no right of the caller),
snapshots, cloud routes. Newer versions of two of them read a little more than kops's list has, and may.
"""

from __future__ import annotations

from infra.plan.iam import Statement
from infra.plan.tags import CLUSTER_TAG
from infra.plan.termination import plan_termination
from infra.spec import EnvironmentSpec
from infra.spec.partition import partition_of


class Scope:
    """ARNs and conditions of the cluster."""

    def __init__(self, spec: EnvironmentSpec) -> None:
        self._prefix = f"arn:{partition_of(spec.region)}"
        self._where = f"{spec.region}:{spec.account_id}"
        self.cluster = spec.cluster.name
        self.of_cluster = {"StringEquals": {f"aws:ResourceTag/{CLUSTER_TAG}": spec.cluster.name}}
        self.made_for_cluster = {"StringEquals": {f"aws:RequestTag/{CLUSTER_TAG}": spec.cluster.name}}

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of the account, in the region."""
        return f"{self._prefix}:{service}:{self._where}:{resource}"

    def ec2(self, *kinds: str) -> list[str]:
        """Return the ARNs of all of EC2's resources of some kinds."""
        return [self.arn("ec2", f"{kind}/*") for kind in kinds]

    def groups(self) -> str:
        """Return the Auto Scaling groups whose names end in the cluster's."""
        return self.arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/*.{self.cluster}")

    def tags_when_made(self, by: str, *kinds: str) -> Statement:
        """Allow tags in the very call that makes something, if the cluster's is among them."""
        return _allow(
            f"Tag{by}",
            ["ec2:CreateTags"],
            self.ec2(*kinds),
            {"StringEquals": {**self.made_for_cluster["StringEquals"], "ec2:CreateAction": by}},
        )


def _allow(sid: str, actions: list[str], resource: str | list[str], condition: Statement | None = None) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": resource,
        **({"Condition": condition} if condition else {}),
    }


def amazon_vpc_cni(_: EnvironmentSpec, scope: Scope) -> list[Statement]:
    """kops's ``addAmazonVPCCNIPermissions``, as AWS's own AmazonEKS_CNI_Policy, inside the account and region.

    The daemon of 1.23 looks at its subnet's tags before it makes an interface, whether or not it may use others.
    """
    interfaces = scope.ec2("network-interface")
    return [
        _allow(
            "Look",
            [
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:DescribeTags",
            ],
            "*",
        ),
        _allow(
            "MakeInterfaces",
            ["ec2:CreateNetworkInterface"],
            scope.ec2("network-interface", "subnet", "security-group"),
        ),
        _allow(
            "UseInterfaces",
            [
                "ec2:AssignPrivateIpAddresses",
                "ec2:DeleteNetworkInterface",
                "ec2:UnassignPrivateIpAddresses",
            ],
            interfaces,
        ),
        _allow(
            "AttachInterfaces",
            [
                "ec2:AttachNetworkInterface",
                "ec2:DetachNetworkInterface",
                "ec2:ModifyNetworkInterfaceAttribute",
            ],
            scope.ec2("instance", "network-interface", "security-group"),
        ),
        _allow("TagInterfaces", ["ec2:CreateTags"], interfaces),
    ]


_CLOUD_READS = [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeTags",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstanceTopology",
    "ec2:DescribeInstances",
    "ec2:DescribeRegions",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancerPolicies",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
]

_BALANCER_CHANGES = [
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:ApplySecurityGroupsToLoadBalancer",
    "elasticloadbalancing:AttachLoadBalancerToSubnets",
    "elasticloadbalancing:ConfigureHealthCheck",
    "elasticloadbalancing:CreateLoadBalancerListeners",
    "elasticloadbalancing:CreateLoadBalancerPolicy",
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteLoadBalancerListeners",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:DetachLoadBalancerFromSubnets",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
    "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:SetLoadBalancerPoliciesForBackendServer",
    "elasticloadbalancing:SetLoadBalancerPoliciesOfListener",
]


def cloud_controller_manager(spec: EnvironmentSpec, scope: Scope) -> list[Statement]:
    """kops's ``AddCCMPermissions`` without cloud routes, with what the annotation ``target-group-attributes`` takes."""
    balancers = [scope.arn("elasticloadbalancing", f"{kind}/*") for kind in ("loadbalancer", "listener", "targetgroup")]
    return [
        _allow(
            "Look",
            _CLOUD_READS,
            "*",
        ),
        _allow("MakeSecurityGroups", ["ec2:CreateSecurityGroup"], scope.ec2("security-group"), scope.made_for_cluster),
        _groups_in_vpc(spec, scope),
        scope.tags_when_made("CreateSecurityGroup", "security-group"),
        _allow(
            "ChangeSecurityGroups",
            ["ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress"],
            scope.ec2("security-group"),
            scope.of_cluster,
        ),
        _allow(
            "MakeLoadBalancers",
            [
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:CreateLoadBalancer",
                "elasticloadbalancing:CreateTargetGroup",
            ],
            balancers,
            scope.made_for_cluster,
        ),
        _allow(
            "ChangeLoadBalancers",
            _BALANCER_CHANGES,
            balancers,
            scope.of_cluster,
        ),
    ]


def _groups_in_vpc(spec: EnvironmentSpec, scope: Scope) -> Statement:
    """Allow the other half of making a security group: the call names the VPC too, which takes no request tags.

    The cluster's own VPC has its tag. A group that is being made has none yet, so with that tag none is made without
    the statement about groups. An existing VPC has no tag of the cluster, and is named.
    """
    sid, actions = "MakeSecurityGroupsInVpc", ["ec2:CreateSecurityGroup"]
    if spec.network.vpc is not None:
        return _allow(sid, actions, scope.arn("ec2", f"vpc/{spec.network.vpc.id}"))
    return _allow(sid, actions, scope.ec2("security-group", "vpc"), scope.of_cluster)


def ebs_csi(_: EnvironmentSpec, scope: Scope) -> list[Statement]:
    """kops's ``AddAWSEBSCSIDriverPermissions`` without snapshots and keys."""
    return [
        _allow(
            "Look",
            [
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeTags",
                "ec2:DescribeVolumeStatus",
                "ec2:DescribeVolumes",
                "ec2:DescribeVolumesModifications",
            ],
            "*",
        ),
        _allow("MakeVolumes", ["ec2:CreateVolume"], scope.ec2("volume"), scope.made_for_cluster),
        scope.tags_when_made("CreateVolume", "volume"),
        _allow("ChangeVolumes", ["ec2:DeleteVolume", "ec2:ModifyVolume"], scope.ec2("volume"), scope.of_cluster),
        _allow(
            "AttachVolumes",
            ["ec2:AttachVolume", "ec2:DetachVolume"],
            scope.ec2("instance", "volume"),
            scope.of_cluster,
        ),
    ]


def node_termination_handler(spec: EnvironmentSpec, scope: Scope) -> list[Statement]:
    """kops's ``AddNodeTerminationHandlerSQSPermissions``, which lets it read every queue; here it is its own."""
    return [
        _allow(
            "Look",
            ["autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeTags", "ec2:DescribeInstances"],
            "*",
        ),
        _allow(
            "ReadOwnQueue",
            ["sqs:DeleteMessage", "sqs:ReceiveMessage"],
            scope.arn("sqs", plan_termination(spec).queue_name),
        ),
        _allow("LetMachinesGo", ["autoscaling:CompleteLifecycleAction"], scope.groups(), scope.of_cluster),
    ]


def cluster_autoscaler(_: EnvironmentSpec, scope: Scope) -> list[Statement]:
    """kops's ``AddClusterAutoscalerPermissions``, without launch configurations, which no group here has."""
    return [
        _allow(
            "Look",
            [
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeScalingActivities",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
            ],
            "*",
        ),
        _allow(
            "Scale",
            ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            scope.groups(),
            scope.of_cluster,
        ),
    ]
