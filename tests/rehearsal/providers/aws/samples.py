"""A sample of each resource type: how it is declared, what can be changed in place, what cannot."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from tests.rehearsal.providers.aws.world import ACCOUNT, World, policy, trust

Props = dict[str, Any]
_TAGS: Props = {"tags": {"team": "a", "kubernetes.io/role": "x"}}
_TAG_CHANGES: list[Props] = [{"tags": {"team": "b", "more": "y"}}, {"tags": None}]
_INSTANCE = "i-0123456789abcdef0"


@dataclass(frozen=True)
class Sample:
    token: str
    inputs: Callable[[World], Props]
    changes: Callable[[World], list[Props]] = lambda _: []
    """Each a change in place; None removes a property."""
    replaces: Props = field(default_factory=dict)
    """Properties whose other value means a replacement, each by itself."""
    import_id: Callable[[str, Props], str | None] = lambda identifier, _: identifier
    """What it is imported by; None where the vendor has no import."""
    not_imported: Collection[str] = ()
    """Properties that an import cannot tell, because AWS does not know them or moto does not tell them."""
    unseen: Collection[str] = ()
    """Properties left to AWS once they are not declared: their drift is not looked for then."""
    stays: bool = False
    """Whether the deletion leaves it, in another state."""


def _lifecycle_rule(days: int) -> Props:
    return {
        "id": "old",
        "status": "Enabled",
        "filter": {"prefix": "igconfig/"},
        "noncurrentVersionExpiration": {"noncurrentDays": days},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
        "expiration": {"expiredObjectDeleteMarker": True},
    }


def _encryption(key: str) -> list[Props]:
    default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
    return [{"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": True}]


_RULE = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8", "192.168.0.0/16"]}
_INSIDE = {"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}

_S3 = [
    Sample("aws:s3/bucket:Bucket", lambda _: dict(_TAGS), lambda _: _TAG_CHANGES, {"bucket": "other"}),
    Sample(
        "aws:s3/bucketVersioning:BucketVersioning",
        lambda w: {"bucket": w.bucket, "versioningConfiguration": {"status": "Enabled"}},
        lambda _: [{"versioningConfiguration": {"status": "Suspended"}}],
        {"bucket": "other"},
        stays=True,
    ),
    Sample(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        lambda w: {"bucket": w.bucket, "rules": _encryption(w.keys[0]["arn"])},
        lambda w: [
            {"rules": _encryption(w.keys[1]["arn"])},
            {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        ],
        {"bucket": "other"},
    ),
    Sample(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        lambda w: {"bucket": w.bucket, "blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True},
        lambda _: [{"restrictPublicBuckets": True}, {"ignorePublicAcls": False}, {"blockPublicAcls": None}],
        {"bucket": "other"},
    ),
    Sample(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        lambda w: {"bucket": w.bucket, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        lambda _: [{"rule": {"objectOwnership": "ObjectWriter"}}],
        {"bucket": "other"},
    ),
    Sample(
        "aws:s3/bucketPolicy:BucketPolicy",
        lambda w: {"bucket": w.bucket, "policy": policy("s3:Get*", "arn:aws:s3:::a-bucket/*", Principal="*")},
        lambda _: [{"policy": policy("s3:Put*", "arn:aws:s3:::a-bucket/*", Principal="*")}],
        {"bucket": "other"},
    ),
    Sample(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        lambda w: {"bucket": w.bucket, "rules": [_lifecycle_rule(90)]},
        lambda _: [
            {"rules": [_lifecycle_rule(30)]},
            {"rules": [_lifecycle_rule(30), {"id": "x", "status": "Disabled", "expiration": {"days": 3}}]},
        ],
        {"bucket": "other"},
    ),
    Sample(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        lambda w: {"bucket": w.bucket, "key": "a/b", "content": "hello", "contentType": "text/plain", **_TAGS},
        lambda _: [{"content": "other"}, *_TAG_CHANGES],
        {"key": "other"},
        not_imported={"content"},
    ),
]

_KMS = [
    Sample(
        "aws:kms/key:Key",
        lambda _: {
            "description": "state",
            "enableKeyRotation": True,
            "policy": policy("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
            **_TAGS,
        },
        lambda _: [
            {"description": "other"},
            {"policy": policy("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Sid="x")},
            {"enableKeyRotation": None},
            {"isEnabled": False},
            *_TAG_CHANGES,
        ],
        {"keyUsage": "SIGN_VERIFY"},
    ),
    Sample(
        "aws:kms/alias:Alias",
        lambda w: {"name": "alias/a", "targetKeyId": w.keys[0]["keyId"]},
        lambda w: [{"targetKeyId": w.keys[1]["keyId"]}],
        {"name": "alias/other"},
    ),
]

_NETWORK = [
    Sample(
        "aws:ec2/vpc:Vpc",
        lambda _: {"cidrBlock": "10.1.0.0/16", "enableDnsHostnames": True, **_TAGS},
        lambda _: [{"enableDnsHostnames": None}, {"enableDnsSupport": False}, *_TAG_CHANGES],
        {"cidrBlock": "10.2.0.0/16"},
    ),
    Sample(
        "aws:ec2/vpcDhcpOptions:VpcDhcpOptions",
        lambda _: {"domainName": "x.internal", "domainNameServers": ["AmazonProvidedDNS"], **_TAGS},
        lambda _: _TAG_CHANGES,
        {"domainName": "other", "domainNameServers": ["1.1.1.1"]},
    ),
    Sample(
        "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation",
        lambda w: {"vpcId": w.vpc, "dhcpOptionsId": w.dhcp},
        replaces={"vpcId": "other"},
    ),
    Sample(
        "aws:ec2/subnet:Subnet",
        lambda w: {"vpcId": w.vpc, "cidrBlock": "10.0.9.0/24", "availabilityZone": "eu-west-1a", **_TAGS},
        lambda _: [{"mapPublicIpOnLaunch": True}, {"mapPublicIpOnLaunch": None}, *_TAG_CHANGES],
        {"cidrBlock": "10.0.8.0/24", "availabilityZone": "eu-west-1b", "vpcId": "other"},
    ),
    Sample("aws:ec2/internetGateway:InternetGateway", lambda w: {"vpcId": w.vpc, **_TAGS}, lambda _: _TAG_CHANGES),
    Sample(
        "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
        lambda w: {"vpcId": w.vpc, **_TAGS},
        lambda _: _TAG_CHANGES,
        {"vpcId": "other"},
    ),
    Sample("aws:ec2/eip:Eip", lambda _: {"domain": "vpc", **_TAGS}, lambda _: _TAG_CHANGES, {"domain": "standard"}),
    Sample(
        "aws:ec2/natGateway:NatGateway",
        lambda w: {"subnetId": w.subnets[0], "allocationId": w.address, **_TAGS},
        lambda _: _TAG_CHANGES,
        {"subnetId": "other", "allocationId": "other"},
    ),
    Sample(
        "aws:ec2/routeTable:RouteTable", lambda w: {"vpcId": w.vpc, **_TAGS}, lambda _: _TAG_CHANGES, {"vpcId": "other"}
    ),
    Sample(
        "aws:ec2/route:Route",
        lambda w: {"routeTableId": w.tables[0], "destinationCidrBlock": "0.0.0.0/0", "gatewayId": w.gateway},
        lambda w: [{"gatewayId": None, "natGatewayId": w.nat}],
        {"destinationCidrBlock": "1.0.0.0/8", "routeTableId": "other"},
        import_id=lambda _, inputs: f"{inputs['routeTableId']}_0.0.0.0/0",
    ),
    Sample(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        lambda w: {"routeTableId": w.tables[0], "subnetId": w.subnets[0]},
        lambda w: [{"routeTableId": w.tables[1]}],
        {"subnetId": "other"},
        import_id=lambda _, inputs: f"{inputs['subnetId']}/{inputs['routeTableId']}",
    ),
    Sample(
        "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation",
        lambda w: {"vpcId": w.vpc, "routeTableId": w.tables[0]},
        lambda w: [{"routeTableId": w.tables[1]}],
        {"vpcId": "other"},
        import_id=lambda *_: None,
        stays=True,
    ),
    Sample(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        lambda w: {"vpcId": w.vpc, "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": w.tables[:1], **_TAGS},
        lambda w: [{"routeTableIds": [w.tables[1]]}, *_TAG_CHANGES, {"policy": policy("s3:*", Principal="*")}],
        {"serviceName": "other", "vpcId": "other"},
        unseen={"policy"},
    ),
    Sample(
        "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",
        lambda w: {"vpcEndpointId": w.endpoint, "routeTableId": w.tables[0]},
        replaces={"routeTableId": "other", "vpcEndpointId": "other"},
        import_id=lambda _, inputs: f"{inputs['vpcEndpointId']}/{inputs['routeTableId']}",
    ),
    Sample(
        "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
        lambda w: {"vpcId": w.vpc, "cidrBlock": "10.7.0.0/16"},
        replaces={"cidrBlock": "10.8.0.0/16"},
    ),
    Sample(
        "aws:ec2/flowLog:FlowLog",
        lambda w: {
            "vpcId": w.vpc,
            "trafficType": "ALL",
            "logDestination": w.log_group["arn"],
            "iamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/a",
            "maxAggregationInterval": 60,
            **_TAGS,
        },
        lambda _: _TAG_CHANGES,
        {"trafficType": "REJECT", "maxAggregationInterval": 600},
    ),
    Sample(
        "aws:ec2/networkInterface:NetworkInterface",
        lambda w: {
            "subnetId": w.subnets[0],
            "securityGroups": [w.groups[0]],
            "description": "etcd",
            "privateIps": ["10.0.0.10"],
            **_TAGS,
        },
        lambda w: [{"securityGroups": [w.groups[1]]}, {"sourceDestCheck": False}, *_TAG_CHANGES],
        {"subnetId": "other"},
    ),
    Sample(
        "aws:ebs/volume:Volume",
        lambda _: {"availabilityZone": "eu-west-1a", "size": 20, "type": "gp3", "encrypted": True, **_TAGS},
        lambda _: [{"size": 30}, {"throughput": 200}, *_TAG_CHANGES],
        {"availabilityZone": "eu-west-1b", "encrypted": False},
        unseen={"throughput"},
    ),
    Sample(
        "aws:ec2/tag:Tag",
        lambda w: {"resourceId": w.subnets[0], "key": "kubernetes.io/cluster/a", "value": "shared"},
        lambda _: [{"value": "owned"}],
        {"key": "other", "resourceId": "other"},
    ),
]

_SECURITY = [
    Sample(
        "aws:ec2/securityGroup:SecurityGroup",
        lambda w: {"vpcId": w.vpc, "ingress": [_RULE, _INSIDE], "egress": [_RULE], **_TAGS},
        lambda _: [
            {"ingress": [{**_RULE, "cidrBlocks": ["10.0.0.0/8"], "description": "x"}, _INSIDE]},
            {"egress": [{**_RULE, "toPort": 444}]},
            *_TAG_CHANGES,
        ],
        {"description": "other", "vpcId": "other", "name": "other"},
    ),
    Sample(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        lambda w: {"vpcId": w.vpc, **_TAGS},
        lambda _: [{"ingress": [_RULE]}, {"ingress": None}, *_TAG_CHANGES],
        {"vpcId": "other"},
        stays=True,
    ),
    Sample(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        lambda w: {
            "securityGroupId": w.groups[0],
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrIpv4": "10.0.0.0/8",
            **_TAGS,
        },
        lambda _: [{"description": "x"}, {"fromPort": 80, "toPort": 81}, {"cidrIpv4": "11.0.0.0/8"}, *_TAG_CHANGES],
        {"securityGroupId": "other"},
    ),
    Sample(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        lambda w: {"securityGroupId": w.groups[0], "ipProtocol": "-1", "referencedSecurityGroupId": w.groups[1]},
        lambda _: [{"description": "x"}],
        {"securityGroupId": "other"},
    ),
]

_IAM = [
    Sample(
        "aws:iam/role:Role",
        lambda _: {"assumeRolePolicy": trust("ec2"), **_TAGS},
        lambda _: [
            {"assumeRolePolicy": trust("eks")},
            {"description": "x"},
            {"description": None},
            {"maxSessionDuration": 7200},
            {"permissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/a"},
            {"permissionsBoundary": None},
            {"forceDetachPolicies": True},
            *_TAG_CHANGES,
        ],
        {"name": "other", "path": "/other/"},
        # Only the provider knows it.
        unseen=["forceDetachPolicies"],
    ),
    Sample(
        "aws:iam/rolePolicy:RolePolicy",
        lambda w: {"role": w.role, "policy": policy("s3:Get*")},
        lambda _: [{"policy": policy("s3:Put*")}],
        {"role": "other", "name": "other"},
    ),
    Sample(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        lambda w: {"role": w.role, "policyArn": w.managed_policy},
        replaces={"role": "other", "policyArn": "other"},
    ),
    Sample(
        "aws:iam/policy:Policy",
        lambda _: {"policy": policy("s3:Get*"), "description": "x", **_TAGS},
        # More changes than the five versions that a policy may have.
        lambda _: [*({"policy": policy(f"s3:{verb}*")} for verb in ("A", "B", "C", "D", "E", "F")), *_TAG_CHANGES],
        {"name": "other", "path": "/other/", "description": "other"},
    ),
    Sample(
        "aws:iam/instanceProfile:InstanceProfile",
        lambda w: {"role": w.role, **_TAGS},
        lambda w: [{"role": None}, {"role": w.role}, *_TAG_CHANGES],
        {"name": "other", "path": "/other/"},
    ),
    Sample(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        lambda _: (
            {"url": "https://a.example.com/x", "clientIdLists": ["sts.amazonaws.com"], **_TAGS}
            | {"thumbprintLists": ["a" * 40]}
        ),
        lambda _: [{"thumbprintLists": ["b" * 40]}, *_TAG_CHANGES],
        {"url": "https://other"},
    ),
]

_MESSAGES = [
    Sample(
        "aws:sqs/queue:Queue",
        lambda _: {
            "messageRetentionSeconds": 300,
            "sqsManagedSseEnabled": True,
            "policy": policy("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:a", Principal="*"),
            **_TAGS,
        },
        lambda _: [
            {"messageRetentionSeconds": 600},
            {"messageRetentionSeconds": None},
            {"visibilityTimeoutSeconds": 10},
            {"policy": policy("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:b", Principal="*")},
            *_TAG_CHANGES,
        ],
        {"name": "other", "fifoQueue": True},
    ),
    Sample(
        "aws:sqs/queuePolicy:QueuePolicy",
        lambda w: {"queueUrl": w.queue["url"], "policy": policy("sqs:SendMessage", w.queue["arn"], Principal="*")},
        lambda w: [{"policy": policy("sqs:ReceiveMessage", w.queue["arn"], Principal="*")}],
        {"queueUrl": "other"},
    ),
    Sample(
        "aws:cloudwatch/eventRule:EventRule",
        lambda _: {"eventPattern": json.dumps({"source": ["aws.ec2"]}), "description": "x", **_TAGS},
        lambda _: [
            {"eventPattern": json.dumps({"source": ["aws.autoscaling"]})},
            {"description": None},
            {"state": "DISABLED"},
            *_TAG_CHANGES,
        ],
        {"name": "other"},
        unseen={"state"},
    ),
    Sample(
        "aws:cloudwatch/eventTarget:EventTarget",
        lambda w: {"rule": w.rule, "arn": w.queue["arn"], "targetId": "a"},
        lambda w: [{"arn": w.queue["arn"] + "x"}, {"inputPath": "$.detail"}, {"inputPath": None}],
        {"rule": "other", "targetId": "other"},
    ),
    Sample(
        "aws:cloudwatch/logGroup:LogGroup",
        lambda _: {"retentionInDays": 30, **_TAGS},
        lambda _: [{"retentionInDays": 60}, {"retentionInDays": None}, *_TAG_CHANGES],
        {"name": "other"},
    ),
]


def _template(w: World) -> Props:
    return {
        "imageId": w.image,
        "instanceType": "t3.medium",
        "userData": base64.b64encode(b"#!/bin/sh\n").decode(),
        "iamInstanceProfile": {"name": "a"},
        "updateDefaultVersion": True,
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [
            {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 64, "volumeType": "gp3", "encrypted": "true"}},
            {"deviceName": "/dev/xvdb", "ebs": {"volumeSize": 9, "iops": 3000, "deleteOnTermination": "false"}},
        ],
        "networkInterfaces": [
            {"deviceIndex": 0, "associatePublicIpAddress": "false", "securityGroups": list(w.groups)},
        ],
        "monitoring": {"enabled": False},
        "creditSpecification": {"cpuCredits": "standard"},
        "placement": {"tenancy": "default"},
        "privateDnsNameOptions": {"hostnameType": "resource-name", "enableResourceNameDnsARecord": True},
        "tagSpecifications": [{"resourceType": "instance", "tags": {"a": "b"}}],
        **_TAGS,
    }


def _template_changes(_: World) -> list[Props]:
    requirements = {"vcpuCount": {"min": 2, "max": 4}, "memoryMib": {"min": 4096}, "cpuManufacturers": ["intel"]}
    return [
        {"instanceType": "t3.large"},
        {"userData": None},
        {"description": "x"},
        {"keyName": "a"},
        {"metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 2}},
        {"tagSpecifications": [{"resourceType": "volume", "tags": {"a": "c"}}]},
        {"instanceType": None, "instanceRequirements": requirements},
        *_TAG_CHANGES,
    ]


_GROUP_TAGS = [
    {"key": "a", "value": "b", "propagateAtLaunch": True},
    {"key": "c", "value": "d", "propagateAtLaunch": False},
]


def _group(w: World) -> Props:
    return {
        "minSize": 0,
        "maxSize": 3,
        "desiredCapacity": 1,
        "vpcZoneIdentifiers": [w.subnets[2], w.subnets[0]],
        "launchTemplate": {"id": w.template, "version": "$Latest"},
        "enabledMetrics": ["GroupDesiredCapacity", "GroupMinSize"],
        "suspendedProcesses": ["AZRebalance"],
        "healthCheckType": "EC2",
        "healthCheckGracePeriod": 120,
        "tags": _GROUP_TAGS,
        "maxInstanceLifetime": 604800,
        "capacityRebalance": True,
        "protectFromScaleIn": True,
        "warmPool": {"poolState": "Stopped", "minSize": 1, "instanceReusePolicy": {"reuseOnScaleIn": True}},
        "targetGroupArns": w.target_groups[:1],
    }


def _group_changes(w: World) -> list[Props]:
    return [
        {"maxSize": 4},
        {"desiredCapacity": 2},
        {"tags": [_GROUP_TAGS[0], {"key": "e", "value": "f", "propagateAtLaunch": True}]},
        {"suspendedProcesses": ["AZRebalance", "Launch"]},
        {"suspendedProcesses": None},
        {"enabledMetrics": ["GroupDesiredCapacity", "GroupMinSize", "GroupMaxSize"]},
        {"enabledMetrics": ["GroupMaxSize", "WarmPoolTotalCapacity"]},
        {"enabledMetrics": None},
        {"warmPool": {"poolState": "Running", "minSize": 0}},
        {"warmPool": None},
        {"vpcZoneIdentifiers": w.subnets[:1]},
        {"targetGroupArns": w.target_groups[1:]},
        {"healthCheckGracePeriod": 200},
        {"healthCheckType": "ELB"},
        {"maxInstanceLifetime": None},
        {"capacityRebalance": None},
        {"protectFromScaleIn": None},
        {"terminationPolicies": ["OldestInstance"]},
        {"terminationPolicies": None},
        {"launchTemplate": {"id": w.template, "version": "$Default"}},
    ]


def _mixed(w: World, base: int, *overrides: Props) -> Props:
    specification = {"launchTemplateId": w.template, "version": "$Latest"}
    return {
        "launchTemplate": {"launchTemplateSpecification": specification, "overrides": list(overrides)},
        "instancesDistribution": {"onDemandBaseCapacity": base, "spotAllocationStrategy": "price-capacity-optimized"},
    }


def _mixed_group(w: World) -> Props:
    policy = _mixed(w, 0, {"instanceType": "t3.small"}, {"instanceType": "t3a.small"})
    return {"minSize": 0, "maxSize": 1, "vpcZoneIdentifiers": w.subnets, "mixedInstancesPolicy": policy}


def _mixed_changes(w: World) -> list[Props]:
    requirements = {"vcpuCount": {"min": 2, "max": 4}, "memoryMib": {"min": 2048}, "burstablePerformance": "included"}
    return [
        {"maxSize": 2},
        {"mixedInstancesPolicy": _mixed(w, 1, {"instanceType": "t3.small"})},
        {"mixedInstancesPolicy": _mixed(w, 1, {"instanceRequirements": requirements})},
    ]


_TRACKING: Props = {
    "predefinedMetricSpecification": {"predefinedMetricType": "ASGAverageCPUUtilization"},
    "targetValue": 50,
}

_SCALING = [
    Sample(
        "aws:ec2/launchTemplate:LaunchTemplate",
        _template,
        _template_changes,
        {"name": "other"},
        not_imported={"updateDefaultVersion"},
    ),
    Sample("aws:autoscaling/group:Group", _group, _group_changes, {"name": "other"}),
    Sample("aws:autoscaling/group:Group", _mixed_group, _mixed_changes),
    Sample(
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        lambda w: {
            "autoscalingGroupName": w.scaling_group,
            "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "heartbeatTimeout": 300,
            "defaultResult": "CONTINUE",
        },
        lambda _: [{"heartbeatTimeout": 600}, {"defaultResult": "ABANDON"}],
        {"name": "other", "autoscalingGroupName": "other"},
        import_id=lambda identifier, inputs: f"{inputs['autoscalingGroupName']}/{identifier}",
    ),
    Sample(
        "aws:autoscaling/schedule:Schedule",
        lambda w: {
            "autoscalingGroupName": w.scaling_group,
            "scheduledActionName": "night",
            "minSize": 0,
            "maxSize": 1,
            "desiredCapacity": 0,
            "recurrence": "0 20 * * *",
        },
        lambda _: [{"maxSize": 2}, {"recurrence": "0 21 * * *"}],
        {"scheduledActionName": "other"},
        import_id=lambda identifier, inputs: f"{inputs['autoscalingGroupName']}/{identifier}",
    ),
    Sample(
        "aws:autoscaling/policy:Policy",
        lambda w: {
            "autoscalingGroupName": w.scaling_group,
            "policyType": "TargetTrackingScaling",
            "targetTrackingConfiguration": _TRACKING,
        },
        lambda _: [{"targetTrackingConfiguration": {**_TRACKING, "targetValue": 60}}],
        {"name": "other"},
        import_id=lambda identifier, inputs: f"{inputs['autoscalingGroupName']}/{identifier}",
    ),
    Sample(
        "aws:autoscaling/attachment:Attachment",
        lambda w: {"autoscalingGroupName": w.scaling_group, "lbTargetGroupArn": w.target_groups[0]},
        replaces={"lbTargetGroupArn": "other"},
        import_id=lambda *_: None,
    ),
]

_HEALTH = {"protocol": "TCP", "interval": 10, "healthyThreshold": 2, "unhealthyThreshold": 2, "port": "6443"}

_PING = {
    "enabled": True, "protocol": "HTTP", "path": "/ping", "port": "8081", "matcher": "200", "interval": 10,
    "timeout": 5, "healthyThreshold": 2, "unhealthyThreshold": 2,
}  # fmt: skip

_BALANCING = [
    Sample(
        "aws:lb/loadBalancer:LoadBalancer",
        lambda w: {
            "loadBalancerType": "network",
            "internal": True,
            "subnets": w.subnets[:2],
            "enableCrossZoneLoadBalancing": True,
            **_TAGS,
        },
        lambda w: [
            {"enableCrossZoneLoadBalancing": False},
            {"enableDeletionProtection": True},
            {"enableDeletionProtection": None},
            {"subnets": w.subnets},
            *_TAG_CHANGES,
        ],
        {"name": "other", "internal": False, "loadBalancerType": "application"},
    ),
    Sample(
        "aws:lb/targetGroup:TargetGroup",
        lambda w: {
            "port": 6443,
            "protocol": "TCP",
            "vpcId": w.vpc,
            "deregistrationDelay": 30,
            "preserveClientIp": "false",
            "healthCheck": _HEALTH,
            **_TAGS,
        },
        lambda _: [
            {"deregistrationDelay": 60},
            {"deregistrationDelay": None},
            {"healthCheck": {**_HEALTH, "interval": 30}},
            *_TAG_CHANGES,
        ],
        {"port": 1, "protocol": "UDP", "vpcId": "other", "targetType": "ip"},
    ),
    # As the edge has them: clients' addresses in the PROXY protocol, health by HTTP, TLS ended with a certificate.
    Sample(
        "aws:lb/targetGroup:TargetGroup",
        lambda w: {
            "port": 8443,
            "protocol": "TCP",
            "targetType": "instance",
            "vpcId": w.vpc,
            "proxyProtocolV2": True,
            "preserveClientIp": "false",
            "healthCheck": _PING,
        },
        lambda _: [{"proxyProtocolV2": False}, {"healthCheck": {**_PING, "path": "/healthz"}}],
        {"port": 1},
    ),
    Sample(
        "aws:lb/listener:Listener",
        lambda w: {
            "loadBalancerArn": w.balancer["arn"],
            "port": 443,
            "protocol": "TLS",
            "certificateArn": w.certificate,
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "defaultActions": [{"type": "forward", "targetGroupArn": w.target_groups[0]}],
        },
        # moto 5.2.5 keeps the certificate of such a listener as it was created.
        lambda _: [{"sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"}],
        {"loadBalancerArn": "other"},
    ),
    Sample(
        "aws:lb/listener:Listener",
        lambda w: {
            "loadBalancerArn": w.balancer["arn"],
            "port": 6443,
            "protocol": "TCP",
            "defaultActions": [{"type": "forward", "targetGroupArn": w.target_groups[0]}],
            **_TAGS,
        },
        lambda w: [
            {"port": 443},
            {"defaultActions": [{"type": "forward", "targetGroupArn": w.target_groups[1]}]},
            *_TAG_CHANGES,
        ],
        {"loadBalancerArn": "other"},
    ),
    Sample(
        "aws:lb/targetGroupAttachment:TargetGroupAttachment",
        lambda w: {"targetGroupArn": w.target_groups[0], "targetId": w.instance, "port": 6443},
        replaces={"targetId": _INSTANCE, "port": 1},
        import_id=lambda *_: None,
    ),
]

_NAMES = [
    Sample(
        "aws:route53/zone:Zone",
        lambda _: {"name": "a.example.com", **_TAGS},
        lambda _: [{"comment": "x"}, {"comment": None}, *_TAG_CHANGES],
        {"name": "other.com"},
    ),
    Sample(
        "aws:route53/record:Record",
        lambda w: {
            "zoneId": w.zone,
            "name": "a.example.com",
            "type": "A",
            "ttl": 60,
            "records": ["1.2.3.4", "1.2.3.5"],
        },
        lambda _: [{"records": ["1.2.3.6"]}, {"ttl": 30}],
        {"type": "AAAA", "name": "other"},
    ),
    Sample(
        "aws:ssm/parameter:Parameter",
        lambda _: {"name": "/a/b", "type": "SecureString", "value": "x", **_TAGS},
        lambda _: [{"value": "y"}, {"description": "z"}, *_TAG_CHANGES],
        {"name": "/other", "type": "String"},
    ),
]


def _expiry(days: int) -> str:
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
    return json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})


_IMAGES = [
    Sample(
        "aws:ecr/repository:Repository",
        lambda w: {
            "name": "web/service",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": w.keys[0]["arn"]}],
            **_TAGS,
        },
        lambda _: [
            {"imageTagMutability": None},
            {"imageScanningConfiguration": {"scanOnPush": False}},
            *_TAG_CHANGES,
        ],
        {"name": "other", "encryptionConfigurations": [{"encryptionType": "AES256"}]},
    ),
    Sample(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        lambda w: {"repository": w.repositories[0], "policy": _expiry(7)},
        lambda _: [{"policy": _expiry(8)}],
        {"repository": "other"},
    ),
    Sample(
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        lambda w: {"repository": w.repositories[0], "policy": policy("ecr:BatchGetImage", Principal="*")},
        lambda _: [{"policy": policy("ecr:GetDownloadUrlForLayer", Principal="*")}],
        {"repository": "other"},
    ),
]

SAMPLES = [*_IMAGES, *_S3, *_KMS, *_NETWORK, *_SECURITY, *_IAM, *_MESSAGES, *_SCALING, *_BALANCING, *_NAMES]
