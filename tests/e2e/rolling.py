"""A cluster to roll: groups in moto, their nodes and pods on a real API server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import boto3

from infra.ops.clock import SystemClock
from infra.ops.kube import Kube
from infra.ops.roll.cloud import AwsCloud
from infra.ops.roll.cluster import KubeCluster
from infra.ops.roll.drain import DrainOptions
from infra.ops.roll.etcd import ApiServerEtcdHealth
from infra.ops.roll.gate import ClusterGate
from infra.ops.roll.journal import Lock
from infra.ops.roll.order import groups_to_roll
from infra.ops.roll.progress import Event
from infra.ops.roll.run import Limits, Means, roll
from infra.plan.naming import group_resource_name
from infra.plan.state_layout import roll_lock_key
from infra.plan.tags import group_tags
from infra.spec import EnvironmentSpec

QUICK = Limits(poll=0.1, node=20, valid=20, validations=1)


@dataclass
class World:
    """An environment whose machines are stand-ins."""

    spec: EnvironmentSpec
    session: boto3.Session
    kube: Kube
    events: list[Event] = field(default_factory=list)
    limits: Limits = QUICK
    drain: DrainOptions = DrainOptions()  # noqa: RUF009 (frozen)

    def __post_init__(self) -> None:
        self.ec2, self.scaling = self.session.client("ec2"), self.session.client("autoscaling")
        self.s3, self.elb = self.session.client("s3"), self.session.client("elbv2")
        self.clock = SystemClock()
        self.cluster = KubeCluster(self.kube)
        self.cloud = AwsCloud(self.session)

    def create(self, sizes: dict[str, int]) -> None:
        """Make the state bucket, and each group with a launch template of one version."""
        self.s3.create_bucket(
            Bucket=self.spec.state.bucket, CreateBucketConfiguration={"LocationConstraint": self.spec.region}
        )
        image = self.ec2.describe_images()["Images"][0]["ImageId"]
        for group in self.spec.instance_groups:
            name = group_resource_name(self.spec, group)
            template = self.ec2.create_launch_template(
                LaunchTemplateName=name, LaunchTemplateData={"ImageId": image, "InstanceType": "m7i.large"}
            )["LaunchTemplate"]["LaunchTemplateId"]
            tags = [
                {"Key": key, "Value": value, "PropagateAtLaunch": True, "ResourceId": name}
                for key, value in group_tags(self.spec, group).items()
            ]
            self.scaling.create_auto_scaling_group(
                AutoScalingGroupName=name,
                LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
                MinSize=0,
                MaxSize=500,
                DesiredCapacity=sizes.get(group.name, 0),
                AvailabilityZones=[f"{self.spec.region}a"],
                Tags=tags,
            )

    def new_version(self, name: str) -> None:
        """Give a group's launch template a new version."""
        group = next(each for each in self.spec.instance_groups if each.name == name)
        template = group_resource_name(self.spec, group)
        made = self.ec2.create_launch_template_version(
            LaunchTemplateName=template, SourceVersion="$Latest", LaunchTemplateData={"InstanceType": "m7i.xlarge"}
        )["LaunchTemplateVersion"]["VersionNumber"]
        self.ec2.modify_launch_template(LaunchTemplateName=template, DefaultVersion=str(made))

    def means(self, change: Callable[[Means], Means] = lambda means: means) -> tuple[Means, Lock]:
        lock = Lock(self.s3, self.spec.state.bucket, roll_lock_key(self.spec), self.clock)
        gate = ClusterGate(self.spec, self.cloud, self.elb, self.kube, self.cluster, ApiServerEtcdHealth(self.kube))
        means = Means(
            self.cloud, self.cluster, gate, self.clock, self.events.append, self.limits, self.drain, lock.renew
        )
        return change(means), lock

    def roll(self, *names: str, force: bool = False, take: bool = False, **change: Any) -> None:
        means, lock = self.means(lambda means: replace(means, **change))
        roll(self.spec, groups_to_roll(self.spec, names), means, lock=lock, take=take, force=force)
