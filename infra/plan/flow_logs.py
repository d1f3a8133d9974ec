"""VPC flow logs to CloudWatch Logs: the log group, and a role that may write to that group alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.plan.policy_document import policy_document
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec
from infra.spec.partition import partition_of


@dataclass(frozen=True)
class FlowLogsPlan:
    """Flow logs of the VPC."""

    log_group_name: str
    retention_days: int
    traffic: str
    """``ALL``, ``ACCEPT`` or ``REJECT``."""
    role_name: str
    assume_role_policy: str
    """JSON: only the flow logs of this account and region may take the role (no confused deputy)."""
    policy: str
    """JSON: write to the log group, nothing else. Creating groups is not allowed: the group is made with its
    retention, and flow logs that could make it again would keep records for ever."""
    permissions_boundary: str | None
    """ARN of a policy, as the spec sets it for all roles."""
    tags: Mapping[str, str]


def plan_flow_logs(spec: EnvironmentSpec) -> FlowLogsPlan | None:
    """Return the flow logs that ``spec`` asks for; None where they are off."""
    wanted = spec.network.flow_logs
    if not wanted.enabled:
        return None
    cluster = spec.cluster.name
    log_group = f"/slipway/{cluster}/flow-logs"
    name = f"flow-logs.{cluster}"
    return FlowLogsPlan(
        log_group_name=log_group,
        retention_days=wanted.retention_days,
        traffic=wanted.traffic,
        role_name=name,
        assume_role_policy=_trust(spec),
        policy=_write_to(spec, log_group),
        permissions_boundary=spec.cluster.iam.permissions_boundary,
        tags=resource_tags(spec, name),
    )


def _trust(spec: EnvironmentSpec) -> str:
    """Trust policy of the VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs"."""
    arn = f"arn:{partition_of(spec.region)}:ec2:{spec.region}:{spec.account_id}:vpc-flow-log/*"
    return policy_document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": spec.account_id},
                    "ArnLike": {"aws:SourceArn": arn},
                },
            }
        ]
    )


def _write_to(spec: EnvironmentSpec, log_group: str) -> str:
    arn = f"arn:{partition_of(spec.region)}:logs:{spec.region}:{spec.account_id}:log-group:{log_group}"
    return policy_document(
        [
            {
                "Effect": "Allow",
                "Action": [
                    "logs:CreateLogStream",
                    "logs:DescribeLogGroups",
                    "logs:DescribeLogStreams",
                    "logs:PutLogEvents",
                ],
                "Resource": [arn, f"{arn}:*"],
            }
        ]
    )
