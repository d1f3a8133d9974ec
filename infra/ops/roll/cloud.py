"""Auto Scaling and EC2, as far as a rolling update needs them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

import boto3

from infra.ops.errors import OpsError, RefusedError, aws_errors
from infra.ops.roll.view import Group, Instance, Mark

TAG = "slipway/roll"
"""Tag of an instance by which a rolling update knows, whenever it is run again, what was begun: ``<mark>:<group>``."""

_NO_TARGET = ("unused", "draining")
"""States of a target that gets no new connections since it is not registered."""

_IS_ALIVE = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}

_OF_THE_GONE = ("ValidationError", "InvalidInstanceID.NotFound", "IncorrectInstanceState", "InvalidTarget")
"""Codes with which Auto Scaling, EC2 and ELB refuse, among other things, an instance that has ended."""

PASSING = ("ScalingActivityInProgress", "ResourceContention")
"""Codes with which Auto Scaling refuses what it would do a little later (Amazon EC2 Auto Scaling API Reference)."""

_VALUES_PER_FILTER = 200
"""Values that EC2 takes in one request's filters (``FilterLimitExceeded``)."""


class Cloud(Protocol):
    """What a rolling update asks of AWS. Every method but the two that read may be called again without harm."""

    def group(self, name: str) -> Group:
        """Return the Auto Scaling group, with the instances that a rolling update took out of it."""

    def gone(self, ids: tuple[str, ...]) -> frozenset[str]:
        """Return which of the instances have ended, or are ending."""

    def launch_problem(self, name: str) -> str:
        """Return why Auto Scaling could not start a machine last; empty where it could."""

    def mark(self, group: str, ids: tuple[str, ...], mark: Mark) -> None:
        """Mark instances; see :data:`infra.ops.roll.view.Mark`."""

    def detach(self, group: str, instance: str) -> None:
        """Take an instance out of the group, which keeps its size: Auto Scaling starts another."""

    def terminate(self, instance: Instance) -> None:
        """End an instance; if it is in a group, through the group, which starts another."""

    def serve(self, target_groups: tuple[str, ...], instance: str) -> None:
        """Keep an instance that was taken out of its group behind its load balancers, which forget it with that."""

    def leave(self, target_groups: tuple[str, ...], instance: str) -> bool:
        """Take an instance from behind its load balancers; return whether the last connection is done."""

    def complete(self, group: str, hook: str, instance: str) -> None:
        """Tell Auto Scaling, which waits at the lifecycle hook, that the machine is drained."""


class AwsCloud:
    """The :class:`Cloud` of an AWS account."""

    def __init__(self, session: boto3.Session) -> None:
        self._scaling = session.client("autoscaling")
        self._ec2 = session.client("ec2")
        self._elb = session.client("elbv2")

    def group(self, name: str) -> Group:
        """Return the Auto Scaling group.

        Raises:
            OpsError: there is none, or AWS cannot be asked.
        """
        with aws_errors(f"read the Auto Scaling group {name}"):
            found = self._scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        if not found:
            raise OpsError("there is no Auto Scaling group", name, "run pulumi up first, or name another group")
        raw = found[0]
        specification, types = _template_of(raw)
        if not specification:
            raise OpsError("an Auto Scaling group has no launch template", name, "run pulumi up to give it one")
        template, version = self._resolved(specification)
        marked = self._marked(name)
        inside = [_inside(each, marked.pop(each["InstanceId"], None)) for each in raw["Instances"]]
        outside = [_outside(each) for each in marked.values() if _mark_of(each) == "detach"]
        return Group(
            name=name,
            desired=raw["DesiredCapacity"],
            min_size=raw["MinSize"],
            max_size=raw["MaxSize"],
            template_id=template,
            template_version=version,
            types=types,
            instances=tuple(sorted(inside, key=lambda i: i.id) + sorted(outside, key=lambda i: i.id)),
            warm=self._warm(name) if raw.get("WarmPoolConfiguration") else (),
            target_groups=tuple(raw.get("TargetGroupARNs", ())),
        )

    def with_launch_times(self, group: Group) -> Group:
        """Return the group with the time at which each instance was launched."""
        with aws_errors(f"read the instances of {group.name}"):
            found = self._instances_of([each.id for each in group.instances])
        launched = {each["InstanceId"]: each["LaunchTime"] for each in found}
        return replace(group, instances=tuple(replace(e, launched=launched.get(e.id)) for e in group.instances))

    def gone(self, ids: tuple[str, ...]) -> frozenset[str]:
        """Return which of the instances have ended or are ending. EC2 forgets one within the hour."""
        with aws_errors("read the state of instances"):
            alive = {each["InstanceId"] for each in self._instances_of(ids, _IS_ALIVE)}
        return frozenset(ids) - alive

    def launch_problem(self, name: str) -> str:
        """Return the last failure to start a machine, in Auto Scaling's words."""
        with aws_errors(f"read the activities of {name}"):
            answer = self._scaling.describe_scaling_activities(AutoScalingGroupName=name, MaxRecords=10)
        for activity in answer.get("Activities", ()):
            if activity.get("StatusCode") in ("Failed", "Cancelled"):
                return str(activity.get("StatusMessage", ""))
            if activity.get("StatusCode") == "Successful":
                return ""
        return ""

    def mark(self, group: str, ids: tuple[str, ...], mark: Mark) -> None:
        """Tag instances."""
        with aws_errors(f"tag instances of {group}"):
            self._ec2.create_tags(Resources=list(ids), Tags=[{"Key": TAG, "Value": f"{mark}:{group}"}])

    def detach(self, group: str, instance: str) -> None:
        """Take an instance out of the group."""
        with self._unless_gone(instance), aws_errors(f"take {instance} out of {group}"):
            self._scaling.detach_instances(
                AutoScalingGroupName=group, InstanceIds=[instance], ShouldDecrementDesiredCapacity=False
            )

    def terminate(self, instance: Instance) -> None:
        """End an instance."""
        with self._unless_gone(instance.id), aws_errors(f"end {instance.id}"):
            if instance.attached:
                self._scaling.terminate_instance_in_auto_scaling_group(
                    InstanceId=instance.id, ShouldDecrementDesiredCapacity=False
                )
            else:
                self._ec2.terminate_instances(InstanceIds=[instance.id])

    def serve(self, target_groups: tuple[str, ...], instance: str) -> None:
        """Register the instance where it is not: Auto Scaling takes it out some time after the detachment."""
        for arn in target_groups:
            if self._target_state(arn, instance) in _NO_TARGET:
                with self._unless_gone(instance), aws_errors(f"register {instance} with {arn}"):
                    self._elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": instance}])

    def leave(self, target_groups: tuple[str, ...], instance: str) -> bool:
        """Deregister the instance where it is registered; ELB waits for its connections (``draining``)."""
        done = True
        for arn in target_groups:
            state = self._target_state(arn, instance)
            if state not in _NO_TARGET:
                with aws_errors(f"deregister {instance} from {arn}"):
                    self._elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": instance}])
            done = done and state == "unused"
        return done

    def _target_state(self, arn: str, instance: str) -> str:
        with aws_errors(f"read the health of {instance} in {arn}"):
            found = self._elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        states = [each["TargetHealth"]["State"] for each in found if each["Target"]["Id"] == instance]
        return str(states[0]) if states else "unused"

    def complete(self, group: str, hook: str, instance: str) -> None:
        """Complete the lifecycle action; somebody else may have done so in between."""
        try:
            with aws_errors(f"complete the termination of {instance}"):
                self._scaling.complete_lifecycle_action(
                    AutoScalingGroupName=group,
                    LifecycleHookName=hook,
                    InstanceId=instance,
                    LifecycleActionResult="CONTINUE",
                )
        except RefusedError as error:
            if error.code != "ValidationError":
                raise

    @contextmanager
    def _unless_gone(self, instance: str) -> Iterator[None]:
        """Let a refusal pass where the instance has ended since it was looked at, as Spot instances do."""
        try:
            yield
        except RefusedError as error:
            if error.code not in _OF_THE_GONE or instance not in self.gone((instance,)):
                raise

    def _resolved(self, specification: dict[str, Any]) -> tuple[str, str]:
        template, version = specification["LaunchTemplateId"], specification.get("Version", "$Default")
        if version not in ("$Latest", "$Default"):
            return template, version
        with aws_errors(f"read the launch template {template}"):
            (found,) = self._ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"]
        return template, str(found["LatestVersionNumber" if version == "$Latest" else "DefaultVersionNumber"])

    def _marked(self, name: str) -> dict[str, dict[str, Any]]:
        filters = [
            {"Name": f"tag:{TAG}", "Values": [f"due:{name}", f"detach:{name}"]},
            _IS_ALIVE,
        ]
        with aws_errors(f"find the instances taken out of {name}"):
            return {each["InstanceId"]: each for each in self._instances(filters)}

    def _instances(self, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
        pages = self._ec2.get_paginator("describe_instances").paginate(Filters=filters)
        return [each for page in pages for reservation in page["Reservations"] for each in reservation["Instances"]]

    def _instances_of(self, ids: Sequence[str], *filters: dict[str, Any]) -> list[dict[str, Any]]:
        at_once = _VALUES_PER_FILTER - sum(len(each["Values"]) for each in filters)
        parts = (list(ids[start : start + at_once]) for start in range(0, len(ids), at_once))
        return [each for part in parts for each in self._instances([{"Name": "instance-id", "Values": part}, *filters])]

    def _warm(self, name: str) -> tuple[Instance, ...]:
        pages = self._scaling.get_paginator("describe_warm_pool").paginate(AutoScalingGroupName=name)
        with aws_errors(f"read the warm pool of {name}"):
            return tuple(_inside(each, None) for page in pages for each in page.get("Instances", ()))


def _template_of(raw: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    mixed = raw.get("MixedInstancesPolicy")
    if not mixed:
        return raw.get("LaunchTemplate", {}), ()
    overrides = mixed["LaunchTemplate"].get("Overrides", ())
    types = tuple(each["InstanceType"] for each in overrides if each.get("InstanceType"))
    return mixed["LaunchTemplate"]["LaunchTemplateSpecification"], types


def _mark_of(raw: dict[str, Any] | None) -> Mark:
    tags = {tag["Key"]: tag["Value"] for tag in (raw or {}).get("Tags", ())}
    word = tags.get(TAG, "").partition(":")[0]
    return "detach" if word == "detach" else "due" if word == "due" else ""


def _inside(raw: dict[str, Any], ec2: dict[str, Any] | None) -> Instance:
    template = raw.get("LaunchTemplate", {})
    return Instance(
        id=raw["InstanceId"],
        zone=raw["AvailabilityZone"],
        type=raw.get("InstanceType", ""),
        lifecycle=raw["LifecycleState"],
        template_id=template.get("LaunchTemplateId", ""),
        template_version=str(template.get("Version", "")),
        mark=_mark_of(ec2),
    )


def _outside(raw: dict[str, Any]) -> Instance:
    return Instance(
        id=raw["InstanceId"],
        zone=raw["Placement"]["AvailabilityZone"],
        type=raw["InstanceType"],
        lifecycle="",
        template_id="",
        template_version="",
        mark="detach",
        launched=raw.get("LaunchTime"),
    )
