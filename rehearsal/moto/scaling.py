"""Settings of an Auto Scaling group that moto 5.2.5 accepts and forgets: some always, some in an update."""

from __future__ import annotations

from typing import Any, Final

from moto.autoscaling.responses import AutoScalingResponse

_NUMBERS: Final = {
    "DefaultCooldown": "default_cooldown",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "MaxInstanceLifetime": "max_instance_lifetime",
}


def complete_groups() -> None:
    """Make moto keep these settings. It answers with any attribute of a group that has a member's name."""
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
