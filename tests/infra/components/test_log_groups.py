from __future__ import annotations

from infra.components.log_groups import LogGroups
from infra.plan.observability.logging import plan_logging
from infra.testing.recorder import record
from tests.infra.samples import sample_spec


def test_each_group_is_made_with_its_retention() -> None:
    plan = plan_logging(sample_spec(logging={"retentionDays": 7}))
    assert plan is not None
    recorder = record(lambda: LogGroups("logs", plan.groups))
    token = "aws:cloudwatch/logGroup:LogGroup"
    assert recorder.names(token) == {"logs-containers", "logs-audit", "logs-hosts"}
    assert recorder.inputs(token, "logs-containers") == {
        "name": "/slipway/test.example.com/containers",
        "retentionInDays": 7,
        "tags": dict(plan.groups[0].tags),
    }
