from __future__ import annotations

import pytest

from infra.components.termination_queue import TerminationQueue
from infra.plan.termination import TerminationPlan, plan_termination
from infra.testing.recorder import Recorder, record
from tests.infra.samples import sample_spec

QUEUE = "aws:sqs/queue:Queue"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
KEYS = ["lifecycle", "spot", "rebalance", "state-change", "scheduled"]


def build() -> tuple[Recorder, TerminationPlan]:
    plan = plan_termination(sample_spec())
    return record(lambda: TerminationQueue("termination", plan)), plan


def test_the_queue_is_encrypted_and_forgets_after_five_minutes() -> None:
    recorder, plan = build()
    assert recorder.inputs(QUEUE, "termination") == {
        "name": "test-example-com-nth",
        "messageRetentionSeconds": 300,
        "sqsManagedSseEnabled": True,
        "policy": plan.policy,
        "tags": plan.tags,
    }


@pytest.mark.parametrize("key", KEYS)
def test_each_rule_leads_to_the_queue(key: str) -> None:
    recorder, plan = build()
    (rule,) = (rule for rule in plan.rules if rule.key == key)
    assert recorder.inputs(RULE, key) == {
        "name": f"test-example-com-{key}",
        "description": rule.description,
        "eventPattern": rule.pattern,
        "state": "ENABLED",
        "tags": rule.tags,
    }
    assert recorder.inputs(TARGET, key) == {
        "rule": f"test-example-com-{key}",
        "targetId": "termination-queue",
        "arn": "arn:aws:mock:::Queue/termination",
    }


def test_there_are_eleven_resources() -> None:
    recorder, _ = build()
    assert recorder.names(RULE) == recorder.names(TARGET) == set(KEYS)
    parents = [request.parent for (token, _), request in recorder.requests.items() if token.startswith("aws:")]
    assert len(parents) == 11
    assert all(parent.endswith("slipway:index:TerminationQueue::termination") for parent in parents)
