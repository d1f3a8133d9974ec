"""What belongs to an Auto Scaling group: lifecycle hooks, schedules, scaling policies, target groups."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from rehearsal.providers.aws.kind import Kind, Props, find_one
from rehearsal.providers.aws.session import Aws, AwsError
from rehearsal.providers.aws.types.shaping import answer, field, request

# Auto Scaling answers "ValidationError" for a group that does not exist; the vendor reads it so, too.
_GONE = frozenset({"ValidationError"})


def _place(identifier: str, known: Props) -> tuple[str, str]:
    """Return (group, name): the id is the name, or ``group/name`` on import."""
    group, _, name = identifier.rpartition("/")
    if not group and "autoscalingGroupName" not in known:
        raise AwsError("InvalidId", f"{identifier}: import it by <Auto Scaling group>/<name>")
    return group or str(known["autoscalingGroupName"]), name


class LifecycleHook(Kind):
    """aws_autoscaling_lifecycle_hook."""

    token = "aws:autoscaling/lifecycleHook:LifecycleHook"
    service = "autoscaling"
    gone = _GONE
    name_property = "name"
    force_new = frozenset({"name", "autoscalingGroupName"})
    computed = frozenset({"defaultResult", "heartbeatTimeout"})
    defaults = dict.fromkeys(("notificationMetadata", "notificationTargetArn", "roleArn"))
    _arguments = {
        "lifecycleTransition": "LifecycleTransition",
        "defaultResult": "DefaultResult",
        "heartbeatTimeout": "HeartbeatTimeout",
        "notificationMetadata": "NotificationMetadata",
        "notificationTargetArn": "NotificationTargetARN",
        "roleArn": "RoleARN",
    }
    handled = frozenset({*_arguments, "name", "autoscalingGroupName"})

    def create(self, aws: Aws, inputs: Props) -> str:
        given = {argument: inputs.get(name) for name, argument in self._arguments.items()}
        group, name = inputs["autoscalingGroupName"], inputs["name"]
        aws.call("autoscaling", "put_lifecycle_hook", AutoScalingGroupName=group, LifecycleHookName=name, **given)
        return str(name)

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        group, name = _place(identifier, known)
        hook = find_one(
            aws, "autoscaling", "describe_lifecycle_hooks", "LifecycleHooks", _GONE,
            AutoScalingGroupName=group, LifecycleHookNames=[name],
        )  # fmt: skip
        if hook is None:
            return None
        told = {key: hook.get(argument) for key, argument in self._arguments.items()}
        # moto answers the same made-up target and role for every hook.
        for made_up in ("notificationTargetArn", "roleArn"):
            if known.get(made_up) is None:
                del told[made_up]
        return {**told, "name": name, "autoscalingGroupName": group}

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        group, name = _place(identifier, state)
        aws.call("autoscaling", "delete_lifecycle_hook", AutoScalingGroupName=group, LifecycleHookName=name)


class Schedule(Kind):
    """aws_autoscaling_schedule. A size of -1 leaves the size as it is."""

    token = "aws:autoscaling/schedule:Schedule"
    service = "autoscaling"
    gone = _GONE
    force_new = frozenset({"autoscalingGroupName", "scheduledActionName"})
    computed = frozenset({"minSize", "maxSize", "desiredCapacity", "startTime", "endTime", "recurrence", "timeZone"})
    handled = frozenset({*computed, "autoscalingGroupName", "scheduledActionName"})

    def create(self, aws: Aws, inputs: Props) -> str:
        sizes = {"minSize": "MinSize", "maxSize": "MaxSize", "desiredCapacity": "DesiredCapacity"}
        aws.call(
            "autoscaling",
            "put_scheduled_update_group_action",
            AutoScalingGroupName=inputs["autoscalingGroupName"],
            ScheduledActionName=inputs["scheduledActionName"],
            Recurrence=inputs.get("recurrence"),
            TimeZone=inputs.get("timeZone"),
            StartTime=inputs.get("startTime"),
            EndTime=inputs.get("endTime"),
            # Left out means unchanged to the vendor as 0, its zero value, on each of the three.
            **{key: _size(inputs.get(name, 0)) for name, key in sizes.items()},
        )
        return str(inputs["scheduledActionName"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        group, name = _place(identifier, known)
        action = find_one(
            aws, "autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions", _GONE,
            AutoScalingGroupName=group, ScheduledActionNames=[name],
        )  # fmt: skip
        if action is None:
            return None
        return {
            "arn": action.get("ScheduledActionARN"),  # moto has none
            "autoscalingGroupName": group,
            "scheduledActionName": name,
            "minSize": action.get("MinSize", -1),
            "maxSize": action.get("MaxSize", -1),
            "desiredCapacity": action.get("DesiredCapacity", -1),
            "recurrence": action.get("Recurrence"),
            "timeZone": action.get("TimeZone"),
            "startTime": _time(action.get("StartTime")),
            "endTime": _time(action.get("EndTime")),
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        group, name = _place(identifier, state)
        aws.call("autoscaling", "delete_scheduled_action", AutoScalingGroupName=group, ScheduledActionName=name)


def _size(value: int) -> int | None:
    return None if value == -1 else value


def _time(value: datetime | None) -> str | None:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


class Policy(Kind):
    """aws_autoscaling_policy."""

    token = "aws:autoscaling/policy:Policy"
    service = "autoscaling"
    gone = _GONE
    name_property = "name"
    force_new = frozenset({"name", "autoscalingGroupName"})
    _plain = {
        "adjustmentType": "AdjustmentType",
        "cooldown": "Cooldown",
        "enabled": "Enabled",
        "estimatedInstanceWarmup": "EstimatedInstanceWarmup",
        "minAdjustmentMagnitude": "MinAdjustmentMagnitude",
        "policyType": "PolicyType",
        "scalingAdjustment": "ScalingAdjustment",
    }
    _nested = ("stepAdjustments", "targetTrackingConfiguration", "predictiveScalingConfiguration")
    defaults = {**dict.fromkeys((*_plain, *_nested)), "enabled": True, "policyType": "SimpleScaling"}
    computed = frozenset({"metricAggregationType"})
    sets = frozenset({"stepAdjustments"})
    handled = frozenset({*_plain, *_nested, "name", "autoscalingGroupName", "metricAggregationType"})
    # The API's integers are text with the vendor, and one level of lists is plural there.
    _rename = {"metricDimensions": "Dimensions"}

    def create(self, aws: Aws, inputs: Props) -> str:
        nested = {name: inputs[name] for name in self._nested if inputs.get(name)}
        aws.call(
            "autoscaling",
            "put_scaling_policy",
            AutoScalingGroupName=inputs["autoscalingGroupName"],
            PolicyName=inputs["name"],
            MetricAggregationType=inputs.get("metricAggregationType"),
            **{argument: inputs.get(name) for name, argument in self._plain.items()},
            **_numbers(request(aws, "autoscaling", "put_scaling_policy", nested, self._rename)),
        )
        return str(inputs["name"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        group, name = _place(identifier, known)
        policy = find_one(
            aws, "autoscaling", "describe_policies", "ScalingPolicies", _GONE,
            AutoScalingGroupName=group, PolicyNames=[name],
        )  # fmt: skip
        if policy is None:
            return None
        told: Props = {key: policy.get(argument) for key, argument in self._plain.items()}
        for key in self._nested:
            live = policy.get(key[0].upper() + key[1:])
            told[key] = answer(field(self.token, key), live, {"Dimensions": "metricDimensions"}) if live else None
        if told["enabled"] is None:
            told["enabled"] = True
        return {
            **told,
            "arn": policy["PolicyARN"],
            "name": name,
            "autoscalingGroupName": group,
            "metricAggregationType": policy.get("MetricAggregationType"),
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        group, name = _place(identifier, state)
        aws.call("autoscaling", "delete_policy", AutoScalingGroupName=group, PolicyName=name)


def _numbers(given: Props) -> Props:
    """Return step bounds, which the vendor writes as text, as numbers."""
    for step in given.get("StepAdjustments", []):
        for bound in ("MetricIntervalLowerBound", "MetricIntervalUpperBound"):
            if bound in step:
                step[bound] = float(step[bound])
    return given


class Attachment(Kind):
    """aws_autoscaling_attachment of a target group; the id is made up, as with the vendor, who has no import of it."""

    token = "aws:autoscaling/attachment:Attachment"
    service = "autoscaling"
    gone = _GONE
    force_new = frozenset({"autoscalingGroupName", "lbTargetGroupArn"})
    handled = force_new

    def create(self, aws: Aws, inputs: Props) -> str:
        group, target = inputs["autoscalingGroupName"], inputs["lbTargetGroupArn"]
        aws.call(
            "autoscaling",
            "attach_load_balancer_target_groups",
            AutoScalingGroupName=group,
            TargetGroupARNs=[target],
        )
        return f"{group}-{hashlib.sha256(target.encode()).hexdigest()[:26]}"

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        name, target = known.get("autoscalingGroupName"), known.get("lbTargetGroupArn")
        if name is None:
            return None
        group: Any = find_one(
            aws, "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", (),
            AutoScalingGroupNames=[name],
        )  # fmt: skip
        if group is None or target not in group.get("TargetGroupARNs", []):
            return None
        return {"autoscalingGroupName": name, "lbTargetGroupArn": target}

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call(
            "autoscaling",
            "detach_load_balancer_target_groups",
            AutoScalingGroupName=state["autoscalingGroupName"],
            TargetGroupARNs=[state["lbTargetGroupArn"]],
        )


KINDS = (LifecycleHook(), Schedule(), Policy(), Attachment())
