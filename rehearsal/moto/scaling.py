"""Settings of an Auto Scaling group that moto 5.2.5 accepts and forgets, or cannot take back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from unittest import mock

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.utils import parse_user_data

from rehearsal.moto.replaced import replace_once

_NUMBERS: Final = {
    "DefaultCooldown": "default_cooldown",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "MaxInstanceLifetime": "max_instance_lifetime",
}


def complete_groups() -> None:
    """Make moto keep these settings. It answers with any attribute of a group that has a member's name."""
    replace_once(FakeAutoScalingGroup, "replace_autoscaling_group_instances", _remembering_launched_version)
    InstanceState.launch_template = property(_launch_template)  # type: ignore[assignment]
    replace_once(LaunchTemplate, "create_version", _reading_user_data)
    replace_once(FakeAutoScalingGroup, "update", _remembering_policy)
    replace_once(FakeAutoScalingGroup, "_set_launch_configuration", _keeping_policy)
    replace_once(FakeAutoScalingGroup, "set_desired_capacity", _counting_as_aws)
    FakeAutoScalingGroup.launch_template = property(_own_template)  # type: ignore[assignment]
    replace_once(AutoScalingBackend, "create_auto_scaling_group", _refusing_first)
    replace_once(AutoScalingBackend, "attach_load_balancer_target_groups", _attaching_known)
    replace_once(AutoScalingBackend, "detach_load_balancer_target_groups", _forgetting_gone)
    replace_once(AutoScalingBackend, "update_attached_target_groups", _registering_in_those_there)
    replace_once(FakeAutoScalingGroup, "enable_metrics_collection", _adding_metrics)
    AutoScalingResponse.disable_metrics_collection = _disable_metrics_collection  # type: ignore[attr-defined]
    for operation in ("create_auto_scaling_group", "update_auto_scaling_group"):
        replace_once(AutoScalingResponse, operation, _keeping_settings)


def _keeping_settings(call: Callable[..., Any]) -> Callable[..., Any]:
    def completed(self: Any) -> Any:
        answer = call(self)
        group = self.autoscaling_backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
        for argument, attribute in _NUMBERS.items():
            number = self._get_int_param(argument)
            if number is not None:
                setattr(group, attribute, number)
        rebalance = self._get_bool_param("CapacityRebalance")
        if rebalance is not None:
            group.capacity_rebalance = rebalance
        policies = self._get_param("TerminationPolicies")
        if policies:
            group.termination_policies = policies
        return answer

    return completed


def _adding_metrics(enable: Callable[..., Any]) -> Callable[..., Any]:
    """Add metrics to those that are collected, as AWS does: moto puts them in their place."""

    def added(self: Any, metrics: list[str]) -> None:
        enable(self, [*self.metrics, *(each for each in metrics if each not in self.metrics)])

    return added


def _disable_metrics_collection(self: Any) -> ActionResult:
    """Stop collecting the metrics that are named, or all (Auto Scaling API Reference, DisableMetricsCollection)."""
    group = self.autoscaling_backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
    named = self._get_param("Metrics")
    group.metrics = [each for each in group.metrics if named and each not in named]
    return EmptyResult()


def _refusing_first(create: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse before anything is made: moto makes the group and its machines, and then finds no target group.

    What it had made is in the way of the next try then. AWS makes nothing.
    """

    def refused(self: Any, name: str, *arguments: Any, **named: Any) -> Any:
        _refuse_unknown(self, named["target_group_arns"])
        return create(self, name, *arguments, **named)

    return refused


def _attaching_known(attach: Callable[..., Any]) -> Callable[..., Any]:
    def attached(self: Any, group_name: str, target_group_arns: list[str]) -> None:
        _refuse_unknown(self, target_group_arns)
        attach(self, group_name, target_group_arns)

    return attached


def _refuse_unknown(backend: Any, arns: list[str]) -> None:
    if unknown := _split(backend, arns)[1]:
        raise ValidationError(f"Provided Target Groups may not be valid. Target group not found: {unknown[0]}")


def _split(backend: Any, arns: list[str]) -> tuple[list[str], list[str]]:
    """Return the target groups that there are, and those that there are not."""
    known = backend.elbv2_backend.target_groups
    return [arn for arn in arns if arn in known], [arn for arn in arns if arn not in known]


def _registering_in_those_there(register: Callable[..., Any]) -> Callable[..., Any]:
    """Let a group whose target group somebody has deleted change its size: moto refuses any update of it then."""

    def registered(self: Any, group_name: str) -> None:
        group = self.autoscaling_groups[group_name]
        there, _ = _split(self, group.target_group_arns)
        with mock.patch.object(group, "target_group_arns", there):
            register(self, group_name)

    return registered


def _forgetting_gone(detach: Callable[..., Any]) -> Callable[..., Any]:
    """Let a group give up target groups that are no more, as AWS does: moto asks them to give up its machines.

    https://github.com/zalando-incubator/kube-ingress-aws-controller/pull/198 relies on it.
    """

    def forgotten(self: Any, group_name: str, target_group_arns: list[str]) -> None:
        group = self.autoscaling_groups[group_name]
        there, gone = _split(self, target_group_arns)
        group.target_group_arns = [arn for arn in group.target_group_arns if arn not in gone]
        detach(self, group_name, there)

    return forgotten


def _remembering_policy(update: Callable[..., Any]) -> Callable[..., Any]:
    """Keep a group's mixed instances policy at hand for an update that says nothing of what it launches from."""

    def updated(self: Any, *arguments: Any, **named: Any) -> None:
        self.policy_before = self.mixed_instances_policy
        update(self, *arguments, **named)

    return updated


def _keeping_policy(launch_from: Callable[..., Any]) -> Callable[..., Any]:
    def launched_from(
        self: Any, configuration: str, template: dict[str, Any], mixed_instances_policy: dict[str, Any] | None
    ) -> None:
        if not (configuration or template or mixed_instances_policy):
            self.mixed_instances_policy = getattr(self, "policy_before", None)
        launch_from(self, configuration, template, mixed_instances_policy)

    return launched_from


def _own_template(self: Any) -> dict[str, Any] | None:
    """Answer with a group's template only where no policy names it: moto goes on to answer with that of before."""
    template = self.ec2_launch_template
    if template is None or self.mixed_instances_policy is not None:
        return None
    return _named(template, self.provided_launch_template_version)


def _counting_as_aws(desire: Callable[..., Any]) -> Callable[..., Any]:
    """Count as AWS does: moto rounds On-Demand and Spot down each, and a mixed group gets a machine too few."""

    def desired(self: Any, new_capacity: int | None) -> None:
        with mock.patch.object(self, "mixed_instances_policy", None):
            desire(self, new_capacity)

    return desired


def _reading_user_data(create: Callable[..., Any]) -> Callable[..., Any]:
    """Read the user-data of later versions of a launch template too, as moto's machines expect it."""

    def read(self: Any, data: dict[str, Any], description: str) -> Any:
        if isinstance(data.get("UserData"), str):
            data = {**data, "UserData": parse_user_data(data["UserData"])}
        return create(self, data, description)

    return read


def _remembering_launched_version(launch: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the template version that each machine was started with; moto answers with the newest for all."""

    def remembered(self: Any, count_needed: int, propagated_tags: dict[str, str]) -> None:
        before = len(self.instance_states)
        launch(self, count_needed, propagated_tags)
        template = self.ec2_launch_template
        for state in self.instance_states[before:]:
            state.instance.launched_version = None if template is None else str(template.default_version_number)

    return remembered


def _launch_template(self: Any) -> dict[str, Any] | None:
    group = self.auto_scaling_group
    template = None if group is None else group.ec2_launch_template
    if template is None:
        return None
    return _named(template, getattr(self.instance, "launched_version", None) or str(template.default_version_number))


def _named(template: LaunchTemplate, version: str) -> dict[str, Any]:
    return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": version}
