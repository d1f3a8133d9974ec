"""The IAM role of a service account."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.plan.service_account_role import ServiceAccountRolePlan


class ServiceAccountRole(pulumi.ComponentResource):
    """Maps a :class:`ServiceAccountRolePlan` to a role and its inline policy.

    Args:
        name: the plan's ``name``.
        plan: the role.
        issuer_arn: ARN of the OIDC provider that IAM knows the cluster's issuer by.
        opts: as for any component.
    """

    def __init__(
        self,
        name: str,
        plan: ServiceAccountRolePlan,
        *,
        issuer_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:ServiceAccountRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            name=plan.role_name,
            description=plan.description,
            assume_role_policy=pulumi.Output.from_input(issuer_arn).apply(plan.trust_policy),
            permissions_boundary=plan.permissions_boundary,
            force_detach_policies=True,  # a policy added by hand would stop a destroy half-way
            tags=plan.tags,
            opts=child,
        )
        self.policy = aws.iam.RolePolicy(name, name="own", role=role.name, policy=plan.policy, opts=child)
        self.role_arn: pulumi.Output[str] = role.arn
        self.register_outputs({"roleArn": self.role_arn})
