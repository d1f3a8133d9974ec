"""The Auto Scaling group of an instance group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra.plan.scaling import MixedPlan, RequirementsPlan, ScalingPlan, WarmPoolPlan

LATEST = "$Latest"
"""Version of the launch template that machines are started from: docs/adr/0004-launch-template-latest.md says why."""


def autoscaling_group(
    name: str,
    plan: ScalingPlan,
    *,
    launch_template_id: pulumi.Input[str],
    subnet_ids: Mapping[str, pulumi.Input[str]],
    target_group_arns: Sequence[pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> aws.autoscaling.Group:
    """Register the Auto Scaling group ``plan`` describes.

    ``subnet_ids`` has a subnet of the plan's kind for each zone; ``target_group_arns`` come beside the plan's own.
    """
    template, policy = None, None
    if plan.mixed is None:
        template = aws.autoscaling.GroupLaunchTemplateArgs(id=launch_template_id, version=LATEST)
    else:
        policy = _mixed(plan.mixed, launch_template_id)
    return aws.autoscaling.Group(
        name,
        name=plan.name,
        min_size=plan.min_size,
        max_size=plan.max_size,
        desired_capacity=plan.desired,
        vpc_zone_identifiers=[subnet_ids[zone] for zone in plan.zones],
        launch_template=template,
        mixed_instances_policy=policy,
        capacity_rebalance=plan.capacity_rebalance,
        warm_pool=_warm_pool(plan.warm_pool) if plan.warm_pool else None,
        max_instance_lifetime=plan.max_instance_lifetime,
        protect_from_scale_in=plan.protect_from_scale_in,
        suspended_processes=list(plan.suspended_processes),
        target_group_arns=[*plan.target_group_arns, *target_group_arns],
        enabled_metrics=[aws.autoscaling.Metric(metric) for metric in plan.metrics],
        metrics_granularity="1Minute",
        health_check_type=plan.health_check_type,
        health_check_grace_period=plan.health_check_grace,
        wait_for_capacity_timeout=plan.wait_for_capacity,
        min_elb_capacity=plan.min_elb_capacity,
        tags=[
            aws.autoscaling.GroupTagArgs(key=tag.key, value=tag.value, propagate_at_launch=tag.propagate)
            for tag in plan.tags
        ],
        opts=opts,
    )


def _mixed(plan: MixedPlan, launch_template_id: pulumi.Input[str]) -> aws.autoscaling.GroupMixedInstancesPolicyArgs:
    override = aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs
    overrides = [override(instance_type=each) for each in plan.instance_types]
    if plan.requirements is not None:
        overrides = [override(instance_requirements=_requirements(plan.requirements))]
    return aws.autoscaling.GroupMixedInstancesPolicyArgs(
        launch_template=aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateArgs(
            launch_template_specification=(
                aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecificationArgs(
                    launch_template_id=launch_template_id, version=LATEST
                )
            ),
            overrides=overrides,
        ),
        instances_distribution=aws.autoscaling.GroupMixedInstancesPolicyInstancesDistributionArgs(
            on_demand_allocation_strategy=plan.on_demand_allocation,
            on_demand_base_capacity=plan.on_demand_base,
            on_demand_percentage_above_base_capacity=plan.on_demand_above_base,
            spot_allocation_strategy=plan.spot_allocation,
            spot_instance_pools=plan.spot_pools,
        ),
    )


def _requirements(
    plan: RequirementsPlan,
) -> aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirementsArgs:
    prefix = aws.autoscaling
    return prefix.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirementsArgs(
        vcpu_count=prefix.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirementsVcpuCountArgs(
            min=plan.vcpus.min, max=plan.vcpus.max
        ),
        memory_mib=prefix.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirementsMemoryMibArgs(
            min=plan.memory_mib.min, max=plan.memory_mib.max
        ),
        cpu_manufacturers=list(plan.cpu_manufacturers),
        allowed_instance_types=list(plan.allowed) or None,
        excluded_instance_types=list(plan.excluded) or None,
        instance_generations=list(plan.generations) or None,
        burstable_performance=plan.burstable,
        local_storage=plan.local_storage,
    )


def _warm_pool(plan: WarmPoolPlan) -> aws.autoscaling.GroupWarmPoolArgs:
    return aws.autoscaling.GroupWarmPoolArgs(
        pool_state=plan.state,
        min_size=plan.min_size,
        max_group_prepared_capacity=plan.max_prepared,
        instance_reuse_policy=aws.autoscaling.GroupWarmPoolInstanceReusePolicyArgs(
            reuse_on_scale_in=plan.reuse_on_scale_in
        ),
    )
