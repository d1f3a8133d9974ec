"""Settings of an Auto Scaling group that moto 5.2.5 accepts and forgets: some always, some in an update."""

from __future__ import annotations

from typing import Any, Final

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.utils import parse_user_data

_NUMBERS: Final = {
    "DefaultCooldown": "default_cooldown",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "MaxInstanceLifetime": "max_instance_lifetime",
}


def complete_groups() -> None:
    """Make moto keep these settings. It answers with any attribute of a group that has a member's name."""
    _remember_launch_versions()
    _read_user_data_of_every_version()
    _keep_policy_that_an_update_does_not_name()
    _start_as_many_machines_as_are_desired()
    for operation in ("create_auto_scaling_group", "update_auto_scaling_group"):
        _keep_after(operation)


def _keep_after(operation: str) -> None:
    call = getattr(AutoScalingResponse, operation)

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

    setattr(AutoScalingResponse, operation, completed)


def _keep_policy_that_an_update_does_not_name() -> None:
    """Make moto keep a group's mixed instances policy when an update says nothing of what it launches from."""
    update = FakeAutoScalingGroup.update
    launch_from = FakeAutoScalingGroup._set_launch_configuration

    def updated(self: Any, *arguments: Any, **named: Any) -> None:
        self.policy_before = self.mixed_instances_policy
        update(self, *arguments, **named)

    def launched_from(
        self: Any, configuration: str, template: dict[str, Any], mixed_instances_policy: dict[str, Any] | None
    ) -> None:
        if not (configuration or template or mixed_instances_policy):
            self.mixed_instances_policy = getattr(self, "policy_before", None)
        launch_from(self, configuration, template, mixed_instances_policy)

    if getattr(update, "keeps", False):
        return
    updated.keeps = True  # type: ignore[attr-defined]
    setattr(FakeAutoScalingGroup, update.__name__, updated)
    setattr(FakeAutoScalingGroup, launch_from.__name__, launched_from)


def _start_as_many_machines_as_are_desired() -> None:
    """Make moto count as AWS does: it rounds On-Demand and Spot down each, and a mixed group gets a machine too few."""
    desire = FakeAutoScalingGroup.set_desired_capacity

    def desired(self: Any, new_capacity: int | None) -> None:
        policy, self.mixed_instances_policy = self.mixed_instances_policy, None
        try:
            desire(self, new_capacity)
        finally:
            self.mixed_instances_policy = policy

    if getattr(desire, "counts", False):
        return
    desired.counts = True  # type: ignore[attr-defined]
    setattr(FakeAutoScalingGroup, desire.__name__, desired)


def _read_user_data_of_every_version() -> None:
    """Make moto read the user-data of later versions of a launch template too, as its machines expect it."""
    create = LaunchTemplate.create_version

    def read(self: Any, data: dict[str, Any], description: str) -> Any:
        if isinstance(data.get("UserData"), str):
            data = {**data, "UserData": parse_user_data(data["UserData"])}
        return create(self, data, description)

    if not getattr(create, "reads", False):
        read.reads = True  # type: ignore[attr-defined]
        setattr(LaunchTemplate, create.__name__, read)


def _remember_launch_versions() -> None:
    """Make moto keep the template version that each machine was started with; it answers with the newest for all."""
    launch = FakeAutoScalingGroup.replace_autoscaling_group_instances

    def remembered(self: Any, count_needed: int, propagated_tags: dict[str, str]) -> None:
        before = len(self.instance_states)
        launch(self, count_needed, propagated_tags)
        template = self.ec2_launch_template
        for state in self.instance_states[before:]:
            state.instance.launched_version = None if template is None else str(template.default_version_number)

    def launch_template(self: Any) -> dict[str, Any] | None:
        group = self.auto_scaling_group
        template = None if group is None else group.ec2_launch_template
        if template is None:
            return None
        version = getattr(self.instance, "launched_version", None) or str(template.default_version_number)
        return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": version}

    if getattr(launch, "remembers", False):
        return
    remembered.remembers = True  # type: ignore[attr-defined]
    setattr(FakeAutoScalingGroup, launch.__name__, remembered)
    setattr(InstanceState, launch_template.__name__, property(launch_template))
