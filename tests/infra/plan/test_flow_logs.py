from __future__ import annotations

import json
from typing import Any

from infra.plan.flow_logs import FlowLogsPlan, plan_flow_logs
from tests.infra.samples import sample_spec


def plan(region: str = "eu-central-1", **change: Any) -> FlowLogsPlan:
    groups = [{"name": "cp", "role": "ControlPlane", "machineType": "m7i.large"}]
    flow_logs = {"enabled": True, **change.pop("flowLogs", {})}
    network = {"zones": [f"{region}a"], "flowLogs": flow_logs}
    planned = plan_flow_logs(sample_spec(region=region, network=network, instanceGroups=groups, **change))
    assert planned is not None
    return planned


def test_the_group_keeps_rejected_flows_for_thirty_days_by_default() -> None:
    planned = plan()
    assert planned.log_group_name == "/slipway/test.example.com/flow-logs"
    assert planned.role_name == "flow-logs.test.example.com"
    assert (planned.traffic, planned.retention_days) == ("REJECT", 30)
    assert planned.permissions_boundary is None


def test_traffic_retention_and_boundary_come_from_the_spec() -> None:
    boundary = "arn:aws:iam::111122223333:policy/limit"
    planned = plan(flowLogs={"traffic": "ALL", "retentionDays": 7}, cluster={"iam": {"permissionsBoundary": boundary}})
    assert (planned.traffic, planned.retention_days) == ("ALL", 7)
    assert planned.permissions_boundary == boundary


def test_only_this_accounts_flow_logs_may_take_the_role() -> None:
    assert json.loads(plan().assume_role_policy) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": "111122223333"},
                    "ArnLike": {"aws:SourceArn": "arn:aws:ec2:eu-central-1:111122223333:vpc-flow-log/*"},
                },
            }
        ],
    }


def test_the_role_may_write_to_its_log_group_alone() -> None:
    group = "arn:aws:logs:eu-central-1:111122223333:log-group:/slipway/test.example.com/flow-logs"
    assert json.loads(plan().policy) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [
                    "logs:CreateLogStream",
                    "logs:DescribeLogGroups",
                    "logs:DescribeLogStreams",
                    "logs:PutLogEvents",
                ],
                "Resource": [group, f"{group}:*"],
            }
        ],
    }


def test_arns_are_of_the_regions_partition() -> None:
    planned = plan("cn-north-1")
    assert '"arn:aws-cn:ec2:cn-north-1:111122223333:vpc-flow-log/*"' in planned.assume_role_policy
    assert '"arn:aws-cn:logs:cn-north-1:111122223333:log-group:' in planned.policy
