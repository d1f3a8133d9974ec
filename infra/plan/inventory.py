"""How many resources an environment has: the number a reader should see in a first preview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from infra.plan.environment import EnvironmentPlan
from infra.plan.namespaces import NamespacePlan
from infra.plan.network import NetworkPlan

STATE_BUCKET_TYPES = (
    "aws:kms/key:Key",
    "aws:kms/alias:Alias",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketPolicy:BucketPolicy",
)
"""What the program adopts instead of creating it."""

GROUP_TYPES = (
    "slipway:index:InstanceGroup",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/instanceProfile:InstanceProfile",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:autoscaling/group:Group",
    "aws:autoscaling/lifecycleHook:LifecycleHook",
)
"""What every instance group is made of, one of each."""


def inventory(plan: EnvironmentPlan) -> Mapping[str, int]:
    """Return type token -> number of resources, components, providers and the stack itself included."""
    total: Counter[str] = Counter({"pulumi:pulumi:Stack": 1, "pulumi:providers:aws": 1})
    total.update(Counter({"slipway:index:StateBucket": 1, **dict.fromkeys(STATE_BUCKET_TYPES, 1)}))
    total.update(_network(plan.network))
    total.update(
        {
            "slipway:index:SecurityGroups": 1,
            "aws:ec2/securityGroup:SecurityGroup": len(plan.security.groups),
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": sum(
                rule.direction == "ingress" for rule in plan.security.rules
            ),
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": sum(
                rule.direction == "egress" for rule in plan.security.rules
            ),
            "slipway:index:TerminationQueue": 1,
            "aws:sqs/queue:Queue": 1,
            "aws:cloudwatch/eventRule:EventRule": len(plan.termination.rules),
            "aws:cloudwatch/eventTarget:EventTarget": len(plan.termination.rules),
        }
    )
    total.update(dict.fromkeys(GROUP_TYPES, len(plan.groups)))
    if plan.namespaces or plan.addons:
        total["pulumi:providers:kubernetes"] = 1
    for namespace in plan.namespaces:
        total.update(_namespace(namespace))
    for addon in plan.addons:
        total.update({"slipway:index:Manifests": 1})
        total.update(manifest.token for manifest in addon.objects)
    return {token: count for token, count in sorted(total.items()) if count}


def _network(plan: NetworkPlan) -> dict[str, int]:
    zones, nat = len(plan.zones), len(plan.nat_gateways)
    logs = int(plan.flow_logs is not None)
    return {
        "slipway:index:Network": 1,
        "aws:ec2/vpc:Vpc": 1,
        "aws:ec2/vpcDhcpOptions:VpcDhcpOptions": 1,
        "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation": 1,
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
        "aws:ec2/internetGateway:InternetGateway": 1,
        "aws:ec2/vpcEndpoint:VpcEndpoint": 1,
        "aws:ec2/subnet:Subnet": 2 * zones,
        "aws:ec2/routeTable:RouteTable": 1 + zones,
        "aws:ec2/routeTableAssociation:RouteTableAssociation": 2 * zones,
        "aws:ec2/route:Route": 1 + sum(zone.nat_zone is not None for zone in plan.zones),
        "aws:ec2/eip:Eip": nat,
        "aws:ec2/natGateway:NatGateway": nat,
        "aws:cloudwatch/logGroup:LogGroup": logs,
        "aws:iam/role:Role": logs,
        "aws:iam/rolePolicy:RolePolicy": logs,
        "aws:ec2/flowLog:FlowLog": logs,
    }


def _namespace(plan: NamespacePlan) -> dict[str, int]:
    return {
        "slipway:index:Namespace": 1,
        "kubernetes:core/v1:Namespace": 1,
        "kubernetes:networking.k8s.io/v1:NetworkPolicy": 2,
        "kubernetes:core/v1:LimitRange": 1,
        "kubernetes:core/v1:ResourceQuota": int(bool(plan.quota)),
    }
