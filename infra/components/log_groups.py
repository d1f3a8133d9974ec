"""Log groups of CloudWatch for what the agents ship."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.plan.observability.logging import LogGroupPlan


class LogGroups(pulumi.ComponentResource):
    """Maps :class:`LogGroupPlan` to log groups with their retention."""

    def __init__(self, name: str, plans: Sequence[LogGroupPlan], *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:LogGroups", name, None, opts)
        for plan in plans:
            aws.cloudwatch.LogGroup(
                plan.key,
                name=plan.name,
                retention_in_days=plan.retention_days,
                tags=plan.tags,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
