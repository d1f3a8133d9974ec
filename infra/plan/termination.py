"""The termination queue: where AWS says beforehand that a machine will go, for what drains its node.

As kops sets it up for the AWS Node Termination Handler's queue-processor mode: EventBridge rules lead to one SQS queue.
Each group's lifecycle hook names no target of its own; Auto Scaling sends such hooks' notices to EventBridge (Auto
Scaling User Guide, "Tutorial: Configure a lifecycle hook").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.plan.naming import dashed_cluster_name
from infra.plan.policy_document import policy_document
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec
from infra.spec.partition import partition_of

RETENTION_SECONDS = 300
"""Seconds a message is kept: kops's ``DefaultMessageRetentionPeriod``. A Spot machine has 120 seconds, and a notice
that nobody read in 300 is of a machine that is gone."""

_DRAINED_STATES = ("stopping", "stopped", "shutting-down", "terminated")
"""States on which the Node Termination Handler acts (its ``instanceStatesToDrain``)."""


@dataclass(frozen=True)
class EventRulePlan:
    """One EventBridge rule whose events go to the queue."""

    key: str
    """What tells the rule from the others: the end of its name."""
    name: str
    description: str
    pattern: str
    """JSON."""
    tags: Mapping[str, str]


@dataclass(frozen=True)
class TerminationPlan:
    """The queue and its rules."""

    queue_name: str
    retention_seconds: int
    policy: str
    """JSON: these rules may send, nobody else, and nobody without TLS."""
    target_id: str
    rules: tuple[EventRulePlan, ...]
    tags: Mapping[str, str]


def plan_termination(spec: EnvironmentSpec) -> TerminationPlan:
    """Return the cluster's termination queue."""
    dashed = dashed_cluster_name(spec)
    queue_name = f"{dashed}-nth"
    rules = tuple(
        EventRulePlan(
            key=key,
            name=f"{dashed}-{key}",
            description=description,
            pattern=json.dumps(pattern),
            tags=resource_tags(spec, f"{dashed}-{key}"),
        )
        for key, description, pattern in _events(spec)
    )
    return TerminationPlan(
        queue_name=queue_name,
        retention_seconds=RETENTION_SECONDS,
        policy=_queue_policy(spec, queue_name, rules),
        target_id="termination-queue",
        rules=rules,
        tags=resource_tags(spec, queue_name),
    )


def _events(spec: EnvironmentSpec) -> tuple[tuple[str, str, dict[str, Any]], ...]:
    """Return key, description and pattern of each rule.

    Events of Auto Scaling name the group, and only this cluster's are taken. Events of EC2 and Health name nothing but
    the instance: those of the whole account and region arrive, and the handler drops what is not the cluster's.
    """
    cluster = spec.cluster.name
    return (
        (
            "lifecycle",
            f"Auto Scaling is about to terminate a machine of {cluster}",
            {
                "source": ["aws.autoscaling"],
                "detail-type": ["EC2 Instance-terminate Lifecycle Action"],
                "detail": {"AutoScalingGroupName": [{"suffix": f".{cluster}"}]},
            },
        ),
        (
            "spot",
            "EC2 takes a Spot machine back in two minutes",
            {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]},
        ),
        (
            "rebalance",
            "A Spot machine is at elevated risk of interruption",
            {"source": ["aws.ec2"], "detail-type": ["EC2 Instance Rebalance Recommendation"]},
        ),
        (
            "state-change",
            "A machine is stopping or gone",
            {
                "source": ["aws.ec2"],
                "detail-type": ["EC2 Instance State-change Notification"],
                "detail": {"state": list(_DRAINED_STATES)},
            },
        ),
        (
            "scheduled",
            "AWS has scheduled maintenance of a machine",
            {
                "source": ["aws.health"],
                "detail-type": ["AWS Health Event"],
                "detail": {"service": ["EC2"], "eventTypeCategory": ["scheduledChange"]},
            },
        ),
    )


def _queue_policy(spec: EnvironmentSpec, queue_name: str, rules: tuple[EventRulePlan, ...]) -> str:
    """kops lets ``events`` and ``sqs`` of any account send; here it is EventBridge on behalf of these rules."""
    where = f"{spec.region}:{spec.account_id}"
    partition = partition_of(spec.region)
    queue = f"arn:{partition}:sqs:{where}:{queue_name}"
    return policy_document(
        [
            {
                "Sid": "RulesSend",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue,
                "Condition": {
                    "ArnEquals": {
                        "aws:SourceArn": [f"arn:{partition}:events:{where}:rule/{rule.name}" for rule in rules]
                    }
                },
            },
            {
                "Sid": "RefusePlainHttp",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:*",
                "Resource": queue,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]
    )
