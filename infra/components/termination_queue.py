"""The termination queue and the EventBridge rules that fill it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.plan.termination import TerminationPlan


class TerminationQueue(pulumi.ComponentResource):
    """Maps a :class:`TerminationPlan` to a queue, its rules and their targets."""

    def __init__(self, name: str, plan: TerminationPlan, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:TerminationQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        queue = aws.sqs.Queue(
            name,
            name=plan.queue_name,
            message_retention_seconds=plan.retention_seconds,
            sqs_managed_sse_enabled=True,
            policy=plan.policy,
            tags=plan.tags,
            opts=child,
        )
        for planned in plan.rules:
            rule = aws.cloudwatch.EventRule(
                planned.key,
                name=planned.name,
                description=planned.description,
                event_pattern=planned.pattern,
                # Written out: a rule that somebody has switched off is found, and switched on, only where it is said.
                state="ENABLED",
                tags=planned.tags,
                opts=child,
            )
            aws.cloudwatch.EventTarget(planned.key, rule=rule.name, target_id=plan.target_id, arn=queue.arn, opts=child)
        self.queue_url: pulumi.Output[str] = queue.url
        self.queue_arn: pulumi.Output[str] = queue.arn
        self.register_outputs({"queueUrl": self.queue_url, "queueArn": self.queue_arn})
