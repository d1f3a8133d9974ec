"""Auto Scaling groups."""

from __future__ import annotations

import json
import time
from typing import Any, Final

from rehearsal.providers.aws.kind import Kind, Props, find_one
from rehearsal.providers.aws.session import Aws, AwsError
from rehearsal.providers.aws.types.capacity import await_healthy_targets
from rehearsal.providers.aws.types.shaping import answer, field, request

_PLAIN = {
    "availabilityZones": "AvailabilityZones",
    "capacityRebalance": "CapacityRebalance",
    "context": "Context",
    "defaultCooldown": "DefaultCooldown",
    "defaultInstanceWarmup": "DefaultInstanceWarmup",
    "desiredCapacity": "DesiredCapacity",
    "desiredCapacityType": "DesiredCapacityType",
    "healthCheckGracePeriod": "HealthCheckGracePeriod",
    "healthCheckType": "HealthCheckType",
    "maxInstanceLifetime": "MaxInstanceLifetime",
    "maxSize": "MaxSize",
    "minSize": "MinSize",
    "placementGroup": "PlacementGroup",
    "protectFromScaleIn": "NewInstancesProtectedFromScaleIn",
    "serviceLinkedRoleArn": "ServiceLinkedRoleARN",
    "terminationPolicies": "TerminationPolicies",
}
"""Properties with one argument of the same meaning in the creation and the update of a group."""

_TEMPLATES = ("launchTemplate", "mixedInstancesPolicy")
_NESTED = ("instanceMaintenancePolicy", "availabilityZoneDistribution")
_WAITING = ("minElbCapacity", "waitForCapacityTimeout")
_LOCAL = ("forceDelete", "forceDeleteWarmPool", "ignoreFailedScalingActivities", *_WAITING)
_UNSET: Final = {"capacityRebalance": False, "maxInstanceLifetime": 0, "terminationPolicies": ["Default"]}
"""What the API takes to unset a property."""

_DRAIN_SECONDS: Final = 600
"""As long as the vendor waits for the instances to end (timeout of the resource's deletion is 10 minutes)."""


class Group(Kind):
    """aws_autoscaling_group. Not handled: what moto lacks (``instanceRefresh``) and classic load balancers."""

    token = "aws:autoscaling/group:Group"
    service = "autoscaling"
    name_property = "name"
    force_new = frozenset({"name", "namePrefix"})
    defaults = {
        "capacityRebalance": None,
        "enabledMetrics": None,
        "forceDelete": False,
        "forceDeleteWarmPool": False,
        "healthCheckGracePeriod": 300,
        "ignoreFailedScalingActivities": False,
        "instanceMaintenancePolicy": None,
        "launchTemplate": None,
        "maxInstanceLifetime": None,
        "metricsGranularity": "1Minute",
        "mixedInstancesPolicy": None,
        "protectFromScaleIn": False,
        "suspendedProcesses": None,
        "tags": None,
        "terminationPolicies": None,
        "waitForCapacityTimeout": "10m",
        "warmPool": None,
    }
    computed = frozenset(
        {"availabilityZones", "availabilityZoneDistribution", "defaultCooldown", "desiredCapacity", "healthCheckType"}
        | {"serviceLinkedRoleArn", "targetGroupArns", "vpcZoneIdentifiers", "defaultInstanceWarmup"}
    )
    sets = frozenset({"availabilityZones", "enabledMetrics", "suspendedProcesses", "tags", "targetGroupArns"}) | {
        "vpcZoneIdentifiers"
    }
    handled = frozenset({*_PLAIN, *_TEMPLATES, *_NESTED, *_LOCAL, "name", "namePrefix", "warmPool"}) | {
        "enabledMetrics", "metricsGranularity", "suspendedProcesses", "tags", "targetGroupArns", "vpcZoneIdentifiers",
    }  # fmt: skip

    def create(self, aws: Aws, inputs: Props) -> str:
        aws.call(
            "autoscaling",
            "create_auto_scaling_group",
            AutoScalingGroupName=inputs["name"],
            TargetGroupARNs=inputs.get("targetGroupArns") or None,
            Tags=_tags(inputs["name"], inputs.get("tags")) or None,
            **self._arguments(aws, inputs, set(inputs)),
        )
        return str(inputs["name"])

    def _arguments(self, aws: Aws, inputs: Props, names: set[str]) -> dict[str, Any]:
        plain = {_PLAIN[name]: inputs.get(name) for name in _PLAIN.keys() & names}
        if "vpcZoneIdentifiers" in names:
            plain["VPCZoneIdentifier"] = ",".join(inputs["vpcZoneIdentifiers"])
            plain.pop("AvailabilityZones", None)
        if template := inputs.get("launchTemplate"):
            plain["LaunchTemplate"] = {
                key: template[name]
                for name, key in (("id", "LaunchTemplateId"), ("name", "LaunchTemplateName"), ("version", "Version"))
                if name in template
            }
        nested = {name: inputs[name] for name in ("mixedInstancesPolicy", *_NESTED) if inputs.get(name)}
        plain.update(request(aws, "autoscaling", "create_auto_scaling_group", nested))
        return plain

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        which = {"AutoScalingGroupName": identifier}
        if inputs.get("suspendedProcesses"):
            aws.call("autoscaling", "suspend_processes", **which, ScalingProcesses=inputs["suspendedProcesses"])
        if inputs.get("enabledMetrics"):
            self._metrics(aws, identifier, inputs)
        if inputs.get("warmPool"):
            self._warm_pool(aws, identifier, inputs["warmPool"])
        await_healthy_targets(aws, inputs)

    def _metrics(self, aws: Aws, identifier: str, inputs: Props) -> None:
        aws.call(
            "autoscaling",
            "enable_metrics_collection",
            AutoScalingGroupName=identifier,
            Metrics=inputs["enabledMetrics"],
            Granularity=inputs["metricsGranularity"],
        )

    def _warm_pool(self, aws: Aws, identifier: str, pool: Props) -> None:
        given = request(aws, "autoscaling", "put_warm_pool", pool)
        aws.call("autoscaling", "put_warm_pool", AutoScalingGroupName=identifier, **given)

    def _group(self, aws: Aws, identifier: str) -> dict[str, Any] | None:
        return find_one(
            aws, "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", (),
            AutoScalingGroupNames=[identifier],
        )  # fmt: skip

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        group = self._group(aws, identifier)
        if group is None or group.get("Status") == "Delete in progress":
            return None
        state: Props = {name: group.get(argument) for name, argument in _PLAIN.items()}
        zones = [part for part in (group.get("VPCZoneIdentifier") or "").split(",") if part]
        metrics = group.get("EnabledMetrics") or []
        state |= {
            "name": identifier,
            "arn": group["AutoScalingGroupARN"],
            "vpcZoneIdentifiers": zones,
            "targetGroupArns": group.get("TargetGroupARNs", []),
            "suspendedProcesses": [each["ProcessName"] for each in group.get("SuspendedProcesses") or []] or None,
            "enabledMetrics": [each["Metric"] for each in metrics] or None,
            "metricsGranularity": metrics[0]["Granularity"] if metrics else "1Minute",
            "tags": _known_tags(group.get("Tags")) or None,
            "protectFromScaleIn": bool(group.get("NewInstancesProtectedFromScaleIn")),
            "terminationPolicies": _unless_default(group.get("TerminationPolicies")),
            "maxInstanceLifetime": group.get("MaxInstanceLifetime") or None,
            "capacityRebalance": group.get("CapacityRebalance") or None,
            "launchTemplate": self._template(group.get("LaunchTemplate"), known.get("launchTemplate")),
            "mixedInstancesPolicy": self._mixed(group, known.get("mixedInstancesPolicy")),
            "instanceMaintenancePolicy": self._nested(group, "instanceMaintenancePolicy", "InstanceMaintenancePolicy"),
            "warmPool": self._live_warm_pool(aws, identifier),
        }
        # moto takes it and does not tell of it: there it stays as declared, and its drift is not seen.
        if state["context"] is None:
            del state["context"]
        return state

    def _nested(self, group: dict[str, Any], name: str, member: str) -> Any:
        return answer(field(self.token, name), group[member]) if group.get(member) else None

    def _mixed(self, group: dict[str, Any], declared: Any) -> Props | None:
        policy = self._nested(group, "mixedInstancesPolicy", "MixedInstancesPolicy")
        if policy is None:
            return None
        specification = policy["launchTemplate"]["launchTemplateSpecification"]
        if "launchTemplateName" not in json.dumps(declared):
            specification.pop("launchTemplateName", None)
        return dict(policy)

    def _template(self, live: dict[str, Any] | None, declared: Any) -> Props | None:
        if not live:
            return None
        names = {"id": "LaunchTemplateId", "name": "LaunchTemplateName", "version": "Version"}
        # The group knows id and name; a program gives one of them, and an import takes the id.
        wanted = [key for key in names if key in declared] if declared else ["id", "version"]
        return {key: live[names[key]] for key in wanted if names[key] in live}

    def _live_warm_pool(self, aws: Aws, identifier: str) -> Props | None:
        found = aws.call("autoscaling", "describe_warm_pool", AutoScalingGroupName=identifier)
        pool = found.get("WarmPoolConfiguration")
        if not pool or pool.get("Status") == "PendingDelete":
            return None
        shaped = answer(field(self.token, "warmPool"), pool)
        return dict(shaped)

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        which = {"AutoScalingGroupName": identifier}
        in_group = changed & {*_PLAIN, *_TEMPLATES, *_NESTED, "vpcZoneIdentifiers"}
        if in_group:
            # moto forgets the mixed instances policy in an update without it; to AWS it is no change.
            in_group |= {"mixedInstancesPolicy"} if new.get("mixedInstancesPolicy") else set()
            given = self._arguments(aws, _only(new, in_group), in_group)
            given |= {_PLAIN[name]: unset for name, unset in _UNSET.items() if name in in_group and not new.get(name)}
            aws.call("autoscaling", "update_auto_scaling_group", **which, **given)
        if "tags" in changed:
            self._retag(aws, identifier, old.get("tags") or [], new.get("tags") or [])
        if "targetGroupArns" in changed:
            self._target_groups(aws, identifier, new.get("targetGroupArns") or [])
        if "suspendedProcesses" in changed:
            self._processes(aws, identifier, old.get("suspendedProcesses") or [], new.get("suspendedProcesses") or [])
        if changed & {"enabledMetrics", "metricsGranularity"}:
            wanted = new.get("enabledMetrics") or []
            if removed := sorted(set(old.get("enabledMetrics") or []) - set(wanted)):
                aws.call("autoscaling", "disable_metrics_collection", **which, Metrics=removed)
            if wanted:
                self._metrics(aws, identifier, new)
        if "warmPool" in changed and new.get("warmPool"):
            self._warm_pool(aws, identifier, new["warmPool"])
        elif "warmPool" in changed:
            aws.call("autoscaling", "delete_warm_pool", **which, ForceDelete=bool(new["forceDeleteWarmPool"]))

    def _retag(self, aws: Aws, identifier: str, old: list[Props], new: list[Props]) -> None:
        kept = {tag["key"] for tag in new}
        removed = _tags(identifier, [tag for tag in old if tag["key"] not in kept])
        put = _tags(identifier, [tag for tag in new if tag not in old])
        if removed:
            aws.call("autoscaling", "delete_tags", Tags=removed)
        if put:
            aws.call("autoscaling", "create_or_update_tags", Tags=put)

    def _target_groups(self, aws: Aws, identifier: str, wanted: list[str]) -> None:
        group = self._group(aws, identifier) or {}
        have = set(group.get("TargetGroupARNs", []))
        which = {"AutoScalingGroupName": identifier}
        if gone := sorted(have - set(wanted)):
            aws.call("autoscaling", "detach_load_balancer_target_groups", **which, TargetGroupARNs=gone)
        if added := sorted(set(wanted) - have):
            aws.call("autoscaling", "attach_load_balancer_target_groups", **which, TargetGroupARNs=added)

    def _processes(self, aws: Aws, identifier: str, old: list[str], new: list[str]) -> None:
        which = {"AutoScalingGroupName": identifier}
        if resumed := sorted(set(old) - set(new)):
            aws.call("autoscaling", "resume_processes", **which, ScalingProcesses=resumed)
        if suspended := sorted(set(new) - set(old)):
            aws.call("autoscaling", "suspend_processes", **which, ScalingProcesses=suspended)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        if self._group(aws, identifier) is None:
            return
        which = {"AutoScalingGroupName": identifier}
        force = bool(state.get("forceDelete"))
        if self._live_warm_pool(aws, identifier) is not None:
            pool = force or bool(state.get("forceDeleteWarmPool"))
            aws.call("autoscaling", "delete_warm_pool", **which, ForceDelete=pool)
        if not force:
            self._unprotect(aws, identifier)
            sizes = {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}
            aws.call("autoscaling", "update_auto_scaling_group", **which, **sizes)
            self._wait_until_empty(aws, identifier)
        aws.call("autoscaling", "delete_auto_scaling_group", **which, ForceDelete=force)

    def _unprotect(self, aws: Aws, identifier: str) -> None:
        """Let protected instances end, as the vendor does before it drains a group, 50 a call (the API's limit)."""
        instances = (self._group(aws, identifier) or {}).get("Instances", [])
        protected = [each["InstanceId"] for each in instances if each.get("ProtectedFromScaleIn")]
        for start in range(0, len(protected), 50):
            aws.call(
                "autoscaling",
                "set_instance_protection",
                AutoScalingGroupName=identifier,
                InstanceIds=protected[start : start + 50],
                ProtectedFromScaleIn=False,
            )

    def _wait_until_empty(self, aws: Aws, identifier: str) -> None:
        until = time.monotonic() + _DRAIN_SECONDS
        while (group := self._group(aws, identifier)) and group.get("Instances"):
            if time.monotonic() > until:
                left = ", ".join(instance["InstanceId"] for instance in group["Instances"])
                raise AwsError("Timeout", f"Auto Scaling group {identifier} still has instances: {left}")
            time.sleep(1)


def _only(inputs: Props, names: set[str]) -> Props:
    return {name: value for name, value in inputs.items() if name in names}


def _tags(group: str, tags: list[Props] | None) -> list[dict[str, Any]]:
    return [
        {
            "ResourceId": group,
            "ResourceType": "auto-scaling-group",
            "Key": tag["key"],
            "Value": tag["value"],
            "PropagateAtLaunch": tag["propagateAtLaunch"],
        }
        for tag in tags or []
    ]


def _known_tags(tags: list[dict[str, Any]] | None) -> list[Props]:
    return [
        {"key": tag["Key"], "value": tag.get("Value", ""), "propagateAtLaunch": bool(tag.get("PropagateAtLaunch"))}
        for tag in tags or []
        if not tag["Key"].startswith("aws:")
    ]


def _unless_default(policies: list[str] | None) -> list[str] | None:
    return None if policies in (None, [], ["Default"]) else policies


KINDS = (Group(),)
