"""The plan of a whole environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from infra.plan.addons.addons import plan_addons
from infra.plan.addons.objects import AddonPlan
from infra.plan.edge import EdgePlan, plan_edge
from infra.plan.images import ImagesPlan, plan_images
from infra.plan.instance_group import InstanceGroupPlan, plan_instance_groups
from infra.plan.namespaces import NamespacePlan, plan_namespaces
from infra.plan.network import NetworkPlan, plan_network
from infra.plan.security import SecurityPlan, plan_security
from infra.plan.state_bucket import StateBucketPlan, plan_state_bucket
from infra.plan.termination import TerminationPlan, plan_termination
from infra.spec import EnvironmentSpec, Problem, SpecError

_Plan = TypeVar("_Plan")


@dataclass(frozen=True)
class EnvironmentPlan:
    """Everything an environment is made of, in the order in which it is made."""

    spec: EnvironmentSpec
    state_bucket: StateBucketPlan
    network: NetworkPlan
    security: SecurityPlan
    termination: TerminationPlan
    images: ImagesPlan
    groups: tuple[InstanceGroupPlan, ...]
    namespaces: tuple[NamespacePlan, ...]
    addons: tuple[AddonPlan, ...]
    edge: EdgePlan | None
    """None where nothing is reached from outside."""


def plan_environment(spec: EnvironmentSpec) -> EnvironmentPlan:
    """Return the plan of the environment that ``spec`` declares.

    Raises:
        SpecError: with the problems of all parts together; nothing has been created then.
    """
    problems: list[Problem] = []

    def part(plan: Callable[[EnvironmentSpec], _Plan]) -> _Plan | None:
        try:
            return plan(spec)
        except SpecError as error:
            problems.extend(error.problems)
            return None

    parts = {
        "state_bucket": part(plan_state_bucket),
        "network": part(plan_network),
        "security": part(plan_security),
        "termination": part(plan_termination),
        "images": part(plan_images),
        "groups": part(plan_instance_groups),
        "namespaces": part(plan_namespaces),
        "addons": part(plan_addons),
        "edge": part(plan_edge),
    }
    if problems:
        raise SpecError(f"environment {spec.name}", problems)
    return EnvironmentPlan(spec=spec, **parts)  # type: ignore[arg-type]  # what is None here is no part of it
