"""An instance group: launch template, Auto Scaling group, drain hook, and an IAM role of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra.components.autoscaling_group import autoscaling_group
from infra.components.launch_template import launch_template
from infra.plan.iam import GroupIamPlan
from infra.plan.images import FoundImage
from infra.plan.instance_group import InstanceGroupPlan
from infra.plan.scaling import HookPlan


class InstanceGroup(pulumi.ComponentResource):
    """Maps an :class:`InstanceGroupPlan` to its resources. The component's name is the plan's ``identity``.

    The Auto Scaling group is protected: an entry that disappears from the spec stops the update instead of the
    machines. A group is removed in two steps.

    1. Write ``retire: true`` and run ``pulumi up``. The group's sizes become 0, so that Auto Scaling terminates its
       machines, each after the drain that the lifecycle hook waits for; the protection is lifted.
    2. Once the machines are gone, delete the entry and run ``pulumi up``.

    Args:
        name: the plan's ``identity``.
        plan: the group.
        image: the image its reference led to.
        subnet_ids: kind of subnet (``private``, ``public``) -> zone -> ID.
        security_group_id: security group of the group's role.
        state_key_arn: ARN of the key that encrypts the state bucket.
        target_group_arns: target groups of the environment's own load balancers, beside those the spec names.
        after: resources that must exist before the first machine starts.
        opts: as for any component.
    """

    def __init__(
        self,
        name: str,
        plan: InstanceGroupPlan,
        *,
        image: FoundImage,
        subnet_ids: Mapping[str, Mapping[str, pulumi.Input[str]]],
        security_group_id: pulumi.Input[str],
        state_key_arn: pulumi.Input[str],
        target_group_arns: Sequence[pulumi.Input[str]] = (),
        after: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:InstanceGroup", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        role, policy, profile = self._iam(plan.iam, state_key_arn)
        template = launch_template(
            name,
            plan.launch_template,
            image=image,
            security_group_id=security_group_id,
            instance_profile=profile.name,
            opts=self._child,
        )
        group = autoscaling_group(
            name,
            plan.scaling,
            launch_template_id=template.id,
            subnet_ids=subnet_ids[plan.scaling.subnet_kind],
            target_group_arns=target_group_arns,
            # A machine that boots before its role has the policy would fail to read its configuration.
            opts=pulumi.ResourceOptions(parent=self, protect=plan.protect, depends_on=[policy, *after]),
        )
        self._hook(plan.hook, group)
        self.autoscaling_group_name: pulumi.Output[str] = group.name
        self.launch_template_id: pulumi.Output[str] = template.id
        self.role_name: pulumi.Output[str] = role.name
        self.role_arn: pulumi.Output[str] = role.arn
        self.register_outputs(
            {
                "autoscalingGroupName": self.autoscaling_group_name,
                "launchTemplateId": self.launch_template_id,
                "roleName": self.role_name,
                "roleArn": self.role_arn,
            }
        )

    def _iam(
        self, plan: GroupIamPlan, state_key_arn: pulumi.Input[str]
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy, aws.iam.InstanceProfile]:
        role = aws.iam.Role(
            self._name,
            name=plan.name,
            description=plan.description,
            assume_role_policy=plan.trust_policy,
            permissions_boundary=plan.permissions_boundary,
            # A policy that somebody added by hand would stop a destroy half-way: IAM deletes no role that has one.
            force_detach_policies=True,
            tags=plan.tags,
            opts=self._child,
        )
        policy = aws.iam.RolePolicy(
            self._name,
            name=plan.policy_name,
            role=role.name,
            policy=pulumi.Output.from_input(state_key_arn).apply(plan.state.policy),
            opts=self._child,
        )
        profile = aws.iam.InstanceProfile(self._name, name=plan.name, role=role.name, tags=plan.tags, opts=self._child)
        return role, policy, profile

    def _hook(self, plan: HookPlan, group: aws.autoscaling.Group) -> None:
        aws.autoscaling.LifecycleHook(
            self._name,
            name=plan.name,
            autoscaling_group_name=group.name,
            lifecycle_transition=plan.transition,
            heartbeat_timeout=plan.heartbeat_seconds,
            default_result=plan.default_result,
            opts=self._child,
        )
