"""An instance group, decided: everything its component maps to resources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from infra.plan.autoscaler_tags import LABEL_PREFIX, TAINT_PREFIX
from infra.plan.iam import GroupIamPlan, plan_group_iam
from infra.plan.launch_template import LaunchTemplatePlan, plan_launch_template
from infra.plan.naming import group_identity
from infra.plan.node.user_data import render_user_data
from infra.plan.scaling import HookPlan, ScalingPlan, plan_hook, plan_scaling
from infra.spec import EnvironmentSpec, InstanceGroupSpec, Problem, SpecError
from infra.spec.errors import Location
from infra.spec.instance_group import Role

TAG_LIMIT = 50
"""Tags that an AWS resource may have (Tagging AWS Resources, "Tag naming limits and requirements")."""

TAG_KEY_LIMIT = 128
"""Characters of a tag's key (same source)."""

Renderer = Callable[[EnvironmentSpec, InstanceGroupSpec], str]


@dataclass(frozen=True)
class InstanceGroupPlan:
    """One instance group."""

    identity: str
    """Logical name of its component and resources: the name it was created under."""
    name: str
    """What the group is called now."""
    role: Role
    iam: GroupIamPlan
    launch_template: LaunchTemplatePlan
    scaling: ScalingPlan
    hook: HookPlan
    protect: bool
    """Whether Pulumi refuses to delete the Auto Scaling group: until the spec says ``retire``."""


def plan_instance_groups(spec: EnvironmentSpec, render: Renderer = render_user_data) -> tuple[InstanceGroupPlan, ...]:
    """Return all instance groups in the order of the spec.

    Raises:
        SpecError: with the problems of all groups together.
    """
    plans: list[InstanceGroupPlan] = []
    problems: list[Problem] = []
    for group in spec.instance_groups:
        try:
            plans.append(plan_instance_group(spec, group, user_data=render(spec, group)))
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(f"environment {spec.name}", problems)
    return tuple(plans)


def plan_instance_group(
    spec: EnvironmentSpec, group: InstanceGroupSpec, *, user_data: str | None = None
) -> InstanceGroupPlan:
    """Return the plan of one group, whose machines boot with ``user_data``; rendered from the spec where None.

    Raises:
        SpecError: the user-data cannot be rendered, or the group's tags are more or longer than AWS accepts.
    """
    text = render_user_data(spec, group) if user_data is None else user_data
    plan = InstanceGroupPlan(
        identity=group_identity(group),
        name=group.name,
        role=group.role,
        iam=plan_group_iam(spec, group),
        launch_template=plan_launch_template(spec, group, text),
        scaling=plan_scaling(spec, group),
        hook=plan_hook(group),
        protect=not group.retire,
    )
    problems = _tag_problems(("instanceGroups", spec.instance_groups.index(group)), group, plan.scaling)
    if problems:
        raise SpecError(f"environment {spec.name}", problems)
    return plan


def _tag_problems(at: Location, group: InstanceGroupSpec, scaling: ScalingPlan) -> list[Problem]:
    problems: list[Problem] = []
    if len(scaling.tags) > TAG_LIMIT:
        problems.append(
            Problem(
                at,
                f"has {len(scaling.tags)} tags on its Auto Scaling group, and AWS allows {TAG_LIMIT}: those of the "
                "environment and of cloudLabels, one for each node label and tainted key, and Slipway's own",
                f"remove {len(scaling.tags) - TAG_LIMIT} or more labels, taints or tags",
                repr(group.name),
                ((*at, "cloudLabels"), (*at, "nodeLabels"), (*at, "taints"), ("tags",)),
            )
        )
    for tag in scaling.tags:
        for prefix, field in ((LABEL_PREFIX, "nodeLabels"), (TAINT_PREFIX, "taints")):
            if tag.key.startswith(prefix) and len(tag.key) > TAG_KEY_LIMIT:
                problems.append(
                    Problem(
                        (*at, field),
                        f"is too long a key: the cluster-autoscaler reads it from the tag {tag.key}, and AWS allows "
                        f"{TAG_KEY_LIMIT} characters",
                        f"use a key of at most {TAG_KEY_LIMIT - len(prefix)} characters",
                        repr(tag.key.removeprefix(prefix)),
                    )
                )
    return problems
