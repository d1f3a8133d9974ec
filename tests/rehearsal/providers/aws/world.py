"""Things that samples stand on, made when first asked for."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from rehearsal.moto.holdings import hold_certificate
from rehearsal.providers.aws.lifecycle import Lifecycle
from rehearsal.providers.aws.session import Aws
from rehearsal.providers.aws.types import KINDS

ACCOUNT = "123456789012"
REGION = "eu-west-1"


def policy(action: str, resource: str = "*", **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class World:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self._made = 0

    def make(self, token: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self._made += 1
        life = Lifecycle(KINDS[token], self.aws)
        checked, failures = life.check(f"made{self._made}", {}, inputs, f"seed{self._made}".encode())
        assert failures == []
        return life.create(checked, preview=False)

    @cached_property
    def bucket(self) -> str:
        return self.make("aws:s3/bucket:Bucket", {"bucket": "a-bucket"})[0]

    @cached_property
    def keys(self) -> list[dict[str, Any]]:
        return [self.make("aws:kms/key:Key", {"description": str(number)})[1] for number in range(2)]

    @cached_property
    def repositories(self) -> list[str]:
        return [self.make("aws:ecr/repository:Repository", {"name": f"a/repository{n}"})[0] for n in range(2)]

    @cached_property
    def vpc(self) -> str:
        return self.make("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"})[0]

    @cached_property
    def subnets(self) -> list[str]:
        return [
            self.make(
                "aws:ec2/subnet:Subnet",
                {"vpcId": self.vpc, "cidrBlock": f"10.0.{number}.0/24", "availabilityZone": f"eu-west-1{zone}"},
            )[0]
            for number, zone in enumerate("abc")
        ]

    @cached_property
    def groups(self) -> list[str]:
        token = "aws:ec2/securityGroup:SecurityGroup"
        return [self.make(token, {"vpcId": self.vpc, "name": f"group{number}"})[0] for number in range(2)]

    @cached_property
    def tables(self) -> list[str]:
        return [self.make("aws:ec2/routeTable:RouteTable", {"vpcId": self.vpc})[0] for _ in range(2)]

    @cached_property
    def gateway(self) -> str:
        return self.make("aws:ec2/internetGateway:InternetGateway", {"vpcId": self.vpc})[0]

    @cached_property
    def address(self) -> str:
        return self.make("aws:ec2/eip:Eip", {"domain": "vpc"})[0]

    @cached_property
    def nat(self) -> str:
        address, _ = self.make("aws:ec2/eip:Eip", {"domain": "vpc"})
        inputs = {"subnetId": self.subnets[0], "allocationId": address}
        return self.make("aws:ec2/natGateway:NatGateway", inputs)[0]

    @cached_property
    def endpoint(self) -> str:
        inputs = {"vpcId": self.vpc, "serviceName": "com.amazonaws.eu-west-1.s3"}
        return self.make("aws:ec2/vpcEndpoint:VpcEndpoint", inputs)[0]

    @cached_property
    def dhcp(self) -> str:
        return self.make("aws:ec2/vpcDhcpOptions:VpcDhcpOptions", {"domainName": "x.internal"})[0]

    @cached_property
    def image(self) -> str:
        return str(self.aws.call("ec2", "describe_images")["Images"][0]["ImageId"])

    @cached_property
    def template(self) -> str:
        inputs = {"imageId": self.image, "instanceType": "t3.small"}
        return self.make("aws:ec2/launchTemplate:LaunchTemplate", inputs)[0]

    @cached_property
    def scaling_group(self) -> str:
        inputs = {"minSize": 0, "maxSize": 2, "vpcZoneIdentifiers": self.subnets[:1], "name": "a-group"}
        inputs["launchTemplate"] = {"id": self.template, "version": "$Latest"}
        return self.make("aws:autoscaling/group:Group", inputs)[0]

    @cached_property
    def instance(self) -> str:
        made = self.aws.call("ec2", "run_instances", ImageId=self.image, MinCount=1, MaxCount=1)
        return str(made["Instances"][0]["InstanceId"])

    @cached_property
    def balancer(self) -> dict[str, Any]:
        inputs = {"loadBalancerType": "network", "subnets": self.subnets, "name": "balancer"}
        return self.make("aws:lb/loadBalancer:LoadBalancer", inputs)[1]

    @cached_property
    def certificate(self) -> str:
        arn = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/00000000-0000-4000-8000-000000000000"
        hold_certificate(ACCOUNT, REGION, arn, ["shop.example.com"])
        return arn

    @cached_property
    def target_groups(self) -> list[str]:
        inputs = {"port": 6443, "protocol": "TCP", "vpcId": self.vpc}
        return [self.make("aws:lb/targetGroup:TargetGroup", inputs)[0] for _ in range(2)]

    @cached_property
    def role(self) -> str:
        return self.make("aws:iam/role:Role", {"name": "a-role", "assumeRolePolicy": trust("ec2")})[0]

    @cached_property
    def managed_policy(self) -> str:
        return self.make("aws:iam/policy:Policy", {"policy": policy("s3:Get*")})[0]

    @cached_property
    def queue(self) -> dict[str, Any]:
        return self.make("aws:sqs/queue:Queue", {"name": "a-queue"})[1]

    @cached_property
    def rule(self) -> str:
        pattern = json.dumps({"source": ["aws.ec2"]})
        return self.make("aws:cloudwatch/eventRule:EventRule", {"name": "a-rule", "eventPattern": pattern})[0]

    @cached_property
    def log_group(self) -> dict[str, Any]:
        return self.make("aws:cloudwatch/logGroup:LogGroup", {"name": "a-log-group"})[1]

    @cached_property
    def zone(self) -> str:
        return self.make("aws:route53/zone:Zone", {"name": "example.com"})[0]
