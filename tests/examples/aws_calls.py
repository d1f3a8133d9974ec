"""Which AWS API calls each type of resource of the program needs, and on what.

From the vendor's provider (terraform-provider-aws, `internal/service/*`, the create, read, update and delete of each
resource) and the Service Authorization Reference, which says of each action what it acts on. A type of the program that
is missing here fails its test: whoever adds one writes down its calls, and the roles for CI must allow them.

A call is an action and what it acts on: ``new:vpc`` a resource of EC2 that gets the cluster's tags in this request,
``own:vpc`` one that has them, ``adopted:security-group`` one that had none and gets them, ``*`` nothing in particular,
and any other word an ARN of :data:`ARNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.examples.calls import Calls
from tests.examples.network_calls import NETWORK

ACCOUNT, REGION, BUCKET, CLUSTER = "111122223333", "eu-central-1", "acme-slipway-prod", "prod.example.com"
STATE_KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"


def _arn(service: str, resource: str, *, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


ARNS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "role": lambda given: _arn("iam", f"role/{given.get('role') or given['name']}", region=""),
    "profile": lambda given: _arn("iam", f"instance-profile/{given['name']}", region=""),
    "issuer": lambda given: _arn("iam", f"oidc-provider/{given['url'].removeprefix('https://')}", region=""),
    "group": lambda given: _arn(
        "autoscaling",
        f"autoScalingGroup:1a2b:autoScalingGroupName/{given.get('autoscalingGroupName') or given['name']}",
    ),
    "queue": lambda given: _arn("sqs", given["name"]),
    "rule": lambda given: _arn("events", f"rule/{given.get('rule') or given['name']}"),
    "logs": lambda given: _arn("logs", f"log-group:{given['name']}"),
    "logs:*": lambda given: _arn("logs", f"log-group:{given['name']}:*"),
    "repository": lambda given: _arn("ecr", f"repository/{given.get('repository') or given['name']}"),
    "balancer": lambda given: _arn("elasticloadbalancing", f"loadbalancer/net/{given['name']}/1a2b"),
    "listener": lambda _: _arn("elasticloadbalancing", "listener/net/any/1a2b/3c4d"),
    "any-balancer": lambda _: _arn("elasticloadbalancing", "loadbalancer/net/any/1a2b"),
    "targets": lambda given: _arn("elasticloadbalancing", f"targetgroup/{given['name']}/1a2b"),
    "zone": lambda given: f"arn:aws:route53:::hostedzone/{given['zoneId']}",
    "change": lambda _: "arn:aws:route53:::change/C1A2B",
    "bucket": lambda given: f"arn:aws:s3:::{given['bucket']}",
    "object": lambda given: f"arn:aws:s3:::{given['bucket']}/{given['key']}",
    "key": lambda given: _arn("kms", f"key/{STATE_KEY if 'state' in str(given.get('alias')) else 'other'}"),
    "alias": lambda given: _arn("kms", given["name"]),
    "linked": lambda _: _arn("iam", "role/aws-service-role/elasticloadbalancing.amazonaws.com/x", region=""),
}


TABLE: Mapping[str, Calls] = {
    **NETWORK,
    "aws:autoscaling/group:Group": Calls(
        "autoscaling:CreateAutoScalingGroup group; autoscaling:CreateOrUpdateTags group; "
        "autoscaling:SuspendProcesses group; "
        "autoscaling:EnableMetricsCollection group; autoscaling:PutWarmPool group; "
        "autoscaling:AttachLoadBalancerTargetGroups group; "
        "ec2:RunInstances own:launch-template own:subnet own:security-group new:instance new:volume "
        "new:network-interface; "
        "iam:PassRole role",
        "autoscaling:DescribeAutoScalingGroups *; autoscaling:DescribeWarmPool *; "
        "autoscaling:DescribeScalingActivities *; "
        "elasticloadbalancing:DescribeTargetHealth *; "
        "ec2:DescribeLaunchTemplateVersions *",
        "autoscaling:UpdateAutoScalingGroup group; autoscaling:CreateOrUpdateTags group; autoscaling:DeleteTags group; "
        "autoscaling:ResumeProcesses group; autoscaling:DisableMetricsCollection group; "
        "autoscaling:DeleteWarmPool group; "
        "autoscaling:DetachLoadBalancerTargetGroups group; autoscaling:SetInstanceProtection group",
        "autoscaling:DeleteAutoScalingGroup group",
    ),
    "aws:autoscaling/lifecycleHook:LifecycleHook": Calls(
        "autoscaling:PutLifecycleHook group",
        "autoscaling:DescribeLifecycleHooks *",
        "autoscaling:PutLifecycleHook group",
        "autoscaling:DeleteLifecycleHook group",
    ),
    "aws:cloudwatch/eventRule:EventRule": Calls(
        "events:PutRule rule; events:TagResource rule",
        "events:DescribeRule rule; events:ListTagsForResource rule",
        "events:PutRule rule; events:TagResource rule; events:UntagResource rule",
        "events:DeleteRule rule",
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Calls(
        "events:PutTargets rule", "events:ListTargetsByRule rule", "events:PutTargets rule", "events:RemoveTargets rule"
    ),
    "aws:cloudwatch/logGroup:LogGroup": Calls(
        "logs:CreateLogGroup logs; logs:TagResource logs; logs:PutRetentionPolicy logs",
        "logs:DescribeLogGroups *; logs:ListTagsForResource logs",
        "logs:PutRetentionPolicy logs; logs:DeleteRetentionPolicy logs; logs:TagResource logs; logs:UntagResource logs",
        "logs:DeleteLogGroup logs:*",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Calls(
        "ecr:PutLifecyclePolicy repository",
        "ecr:GetLifecyclePolicy repository",
        "ecr:PutLifecyclePolicy repository",
        "ecr:DeleteLifecyclePolicy repository",
    ),
    "aws:ecr/repository:Repository": Calls(
        "ecr:CreateRepository repository; ecr:TagResource repository; kms:DescribeKey images-key; "
        "kms:CreateGrant images-key; "
        "kms:RetireGrant images-key",
        "ecr:DescribeRepositories repository; ecr:ListTagsForResource repository",
        "ecr:PutImageTagMutability repository; ecr:PutImageScanningConfiguration repository; "
        "ecr:TagResource repository; "
        "ecr:UntagResource repository",
        "ecr:DeleteRepository repository",
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": Calls(
        "ecr:SetRepositoryPolicy repository",
        "ecr:GetRepositoryPolicy repository",
        "ecr:SetRepositoryPolicy repository",
        "ecr:DeleteRepositoryPolicy repository",
    ),
    "aws:iam/instanceProfile:InstanceProfile": Calls(
        "iam:CreateInstanceProfile profile; iam:TagInstanceProfile profile; iam:AddRoleToInstanceProfile profile; "
        "iam:PassRole role",
        "iam:GetInstanceProfile profile",
        "iam:RemoveRoleFromInstanceProfile profile; iam:TagInstanceProfile profile; iam:UntagInstanceProfile profile",
        "iam:RemoveRoleFromInstanceProfile profile; iam:DeleteInstanceProfile profile",
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Calls(
        "iam:CreateOpenIDConnectProvider issuer; iam:TagOpenIDConnectProvider issuer",
        "iam:GetOpenIDConnectProvider issuer",
        "iam:UpdateOpenIDConnectProviderThumbprint issuer; iam:AddClientIDToOpenIDConnectProvider issuer; "
        "iam:RemoveClientIDFromOpenIDConnectProvider issuer; iam:TagOpenIDConnectProvider issuer; "
        "iam:UntagOpenIDConnectProvider issuer",
        "iam:DeleteOpenIDConnectProvider issuer",
    ),
    "aws:iam/role:Role": Calls(
        "iam:CreateRole role; iam:TagRole role",
        "iam:GetRole role; iam:ListRolePolicies role; iam:ListAttachedRolePolicies role; iam:GetRolePolicy role",
        "iam:UpdateAssumeRolePolicy role; iam:UpdateRole role; iam:UpdateRoleDescription role; iam:TagRole role; "
        "iam:UntagRole role",
        # With `force_detach_policies` all policies are taken off first (`deleteRole` of terraform-provider-aws).
        "iam:ListInstanceProfilesForRole role; iam:ListAttachedRolePolicies role; iam:DetachRolePolicy role; "
        "iam:ListRolePolicies role; iam:DeleteRolePolicy role; iam:DeleteRole role",
    ),
    "aws:iam/rolePolicy:RolePolicy": Calls(
        "iam:PutRolePolicy role", "iam:GetRolePolicy role", "iam:PutRolePolicy role", "iam:DeleteRolePolicy role"
    ),
    "aws:kms/alias:Alias": Calls(
        "kms:CreateAlias alias key",
        "kms:ListAliases *",
        "kms:UpdateAlias alias key",
        "kms:DeleteAlias alias key",
    ),
    "aws:kms/key:Key": Calls(
        "kms:CreateKey *-tagged; kms:TagResource new-key; kms:EnableKeyRotation key",
        "kms:DescribeKey key; kms:GetKeyPolicy key; kms:GetKeyRotationStatus key; kms:ListResourceTags key",
        "kms:PutKeyPolicy key; kms:UpdateKeyDescription key; kms:TagResource key; kms:UntagResource key",
        "kms:ScheduleKeyDeletion key",
    ),
    "aws:lb/listener:Listener": Calls(
        "elasticloadbalancing:CreateListener any-balancer; elasticloadbalancing:AddTags listener",
        "elasticloadbalancing:DescribeListeners *; elasticloadbalancing:DescribeListenerAttributes *; "
        "elasticloadbalancing:DescribeTags *",
        "elasticloadbalancing:ModifyListener listener; elasticloadbalancing:AddTags listener; "
        "elasticloadbalancing:RemoveTags listener; "
        "elasticloadbalancing:ModifyListenerAttributes listener",
        "elasticloadbalancing:DeleteListener listener",
    ),
    "aws:lb/loadBalancer:LoadBalancer": Calls(
        "elasticloadbalancing:CreateLoadBalancer balancer; elasticloadbalancing:AddTags balancer; "
        "elasticloadbalancing:ModifyLoadBalancerAttributes balancer; iam:CreateServiceLinkedRole linked",
        "elasticloadbalancing:DescribeLoadBalancers *; elasticloadbalancing:DescribeLoadBalancerAttributes *; "
        "elasticloadbalancing:DescribeTags *; elasticloadbalancing:DescribeCapacityReservation *",
        "elasticloadbalancing:SetSecurityGroups balancer; elasticloadbalancing:SetSubnets balancer; "
        "elasticloadbalancing:SetIpAddressType balancer; elasticloadbalancing:AddTags balancer; "
        "elasticloadbalancing:RemoveTags balancer",
        "elasticloadbalancing:DeleteLoadBalancer balancer; ec2:DescribeNetworkInterfaces *",
    ),
    "aws:lb/targetGroup:TargetGroup": Calls(
        "elasticloadbalancing:CreateTargetGroup targets; elasticloadbalancing:AddTags targets; "
        "elasticloadbalancing:ModifyTargetGroupAttributes targets",
        "elasticloadbalancing:DescribeTargetGroups *; elasticloadbalancing:DescribeTargetGroupAttributes *; "
        "elasticloadbalancing:DescribeTags *",
        "elasticloadbalancing:ModifyTargetGroup targets; elasticloadbalancing:RemoveTags targets",
        "elasticloadbalancing:DeleteTargetGroup targets",
    ),
    "aws:route53/record:Record": Calls(
        "route53:ChangeResourceRecordSets zone; route53:GetChange change; route53:GetHostedZone zone",
        "route53:GetHostedZone zone; route53:ListResourceRecordSets zone",
        "route53:ChangeResourceRecordSets zone",
        "route53:ChangeResourceRecordSets zone",
    ),
    "aws:s3/bucket:Bucket": Calls(
        "s3:CreateBucket bucket; s3:PutBucketTagging bucket",
        "s3:ListBucket bucket; s3:GetBucketAcl bucket; s3:GetBucketPolicy bucket; s3:GetBucketCORS bucket; "
        "s3:GetBucketWebsite bucket; "
        "s3:GetBucketVersioning bucket; s3:GetAccelerateConfiguration bucket; s3:GetBucketRequestPayment bucket; "
        "s3:GetBucketLogging bucket; s3:GetLifecycleConfiguration bucket; s3:GetReplicationConfiguration bucket; "
        "s3:GetEncryptionConfiguration bucket; s3:GetBucketObjectLockConfiguration bucket; s3:GetBucketTagging bucket; "
        "s3:GetBucketLocation bucket",
        "s3:PutBucketTagging bucket",
        "s3:DeleteBucket bucket",
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Calls(
        "s3:PutLifecycleConfiguration bucket",
        "s3:GetLifecycleConfiguration bucket",
        "s3:PutLifecycleConfiguration bucket",
        "s3:PutLifecycleConfiguration bucket",
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": Calls(
        "s3:PutObject object; s3:PutObjectTagging object; kms:GenerateDataKey state-key",
        "s3:GetObject object; s3:GetObjectTagging object; s3:ListBucket bucket; kms:Decrypt state-key",
        "s3:PutObject object; s3:PutObjectTagging object; kms:GenerateDataKey state-key",
        # In a bucket with versions the provider deletes each (`resourceObjectDelete` of terraform-provider-aws).
        "s3:DeleteObject object; s3:DeleteObjectVersion object",
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Calls(
        "s3:PutBucketOwnershipControls bucket",
        "s3:GetBucketOwnershipControls bucket",
        "s3:PutBucketOwnershipControls bucket",
        "s3:PutBucketOwnershipControls bucket",
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Calls(
        "s3:PutBucketPolicy bucket",
        "s3:GetBucketPolicy bucket",
        "s3:PutBucketPolicy bucket",
        "s3:DeleteBucketPolicy bucket",
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Calls(
        "s3:PutBucketPublicAccessBlock bucket",
        "s3:GetBucketPublicAccessBlock bucket",
        "s3:PutBucketPublicAccessBlock bucket",
        "s3:PutBucketPublicAccessBlock bucket",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Calls(
        "s3:PutEncryptionConfiguration bucket",
        "s3:GetEncryptionConfiguration bucket",
        "s3:PutEncryptionConfiguration bucket",
        "s3:PutEncryptionConfiguration bucket",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Calls(
        "s3:PutBucketVersioning bucket", "s3:GetBucketVersioning bucket", "s3:PutBucketVersioning bucket", ""
    ),
    "aws:sqs/queue:Queue": Calls(
        "sqs:CreateQueue queue; sqs:TagQueue queue; sqs:SetQueueAttributes queue",
        "sqs:GetQueueAttributes queue; sqs:ListQueueTags queue; sqs:GetQueueUrl queue",
        "sqs:SetQueueAttributes queue; sqs:TagQueue queue; sqs:UntagQueue queue",
        "sqs:DeleteQueue queue",
    ),
}

FUNCTIONS: Mapping[str, str] = {
    "aws:ec2/getAmi:getAmi": "ec2:DescribeImages *",
    "aws:kms/getAlias:getAlias": "kms:ListAliases *; kms:DescribeKey state-key",
    "aws:s3/getObjects:getObjects": "s3:ListBucket bucket",
    "aws:s3/getObject:getObject": "s3:GetObject config; s3:GetObjectTagging config; kms:Decrypt state-key",
    "aws:ssm/getParameter:getParameter": "ssm:GetParameter public-parameter",
}
"""Look-ups that the program makes in every preview."""
