from __future__ import annotations

import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from infra.plan.termination import TerminationPlan, plan_termination
from tests.infra.plan.golden_files import golden
from tests.infra.plan.policy_linter import findings
from tests.infra.samples import sample_spec


def plan(name: str = "test.example.com") -> TerminationPlan:
    return plan_termination(sample_spec(cluster={"name": name}, instanceGroups=groups()))


def groups() -> list[dict[str, Any]]:
    return [{"name": "cp", "role": "ControlPlane", "zones": ["eu-central-1a"]}]


def test_the_queue() -> None:
    planned = plan()
    assert planned.queue_name == "test-example-com-nth"
    assert planned.retention_seconds == 300
    assert planned.target_id == "termination-queue"
    assert planned.tags["Name"] == "test-example-com-nth"
    assert planned.tags["KubernetesCluster"] == "test.example.com"


def test_only_the_rules_may_send_and_only_over_tls() -> None:
    assert json.loads(plan().policy) == golden("termination-queue-policy")


def test_a_linter_of_policies_finds_nothing() -> None:
    assert findings(plan().policy) == []


def test_the_policy_is_of_the_partition() -> None:
    zone = "cn-north-1a"
    spec = sample_spec(
        region="cn-north-1",
        network={"zones": [zone]},
        instanceGroups=[{"name": "cp", "role": "ControlPlane", "zones": [zone]}],
    )
    statement = json.loads(plan_termination(spec).policy)["Statement"][0]
    assert statement["Resource"] == "arn:aws-cn:sqs:cn-north-1:111122223333:test-example-com-nth"
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"][0].startswith("arn:aws-cn:events:cn-north-1:1111")


def event(source: str, kind: str, **detail: Any) -> Any:
    return {"source": source, "detail-type": kind, "detail": detail}


LIFECYCLE = "EC2 Instance-terminate Lifecycle Action"
STATE = "EC2 Instance State-change Notification"


@pytest.mark.parametrize(
    ("happened", "rules"),
    [
        (event("aws.ec2", "EC2 Spot Instance Interruption Warning"), {"spot"}),
        (event("aws.ec2", "EC2 Instance Rebalance Recommendation"), {"rebalance"}),
        *((event("aws.ec2", STATE, state=s), {"state-change"}) for s in ("stopping", "stopped", "terminated")),
        (event("aws.ec2", STATE, state="shutting-down"), {"state-change"}),
        *((event("aws.ec2", STATE, state=s), set()) for s in ("pending", "running")),
        (event("aws.health", "AWS Health Event", service="EC2", eventTypeCategory="scheduledChange"), {"scheduled"}),
        (event("aws.health", "AWS Health Event", service="EC2", eventTypeCategory="issue"), set()),
        (event("aws.health", "AWS Health Event", service="RDS", eventTypeCategory="scheduledChange"), set()),
        (event("aws.autoscaling", "EC2 Instance-launch Lifecycle Action"), set()),
    ],
)
def test_each_event_reaches_the_queue_through_one_rule(happened: Any, rules: set[str]) -> None:
    # moto does not know the filter "suffix"; the lifecycle rule is judged on its own below.
    others = [rule for rule in plan().rules if rule.key != "lifecycle"]
    assert {rule.key for rule in others if EventPattern.load(rule.pattern).matches_event(happened)} == rules


def test_lifecycle_actions_of_this_clusters_groups_are_taken() -> None:
    (rule,) = (rule for rule in plan().rules if rule.key == "lifecycle")
    assert json.loads(rule.pattern) == {
        "source": ["aws.autoscaling"],
        "detail-type": [LIFECYCLE],
        "detail": {"AutoScalingGroupName": [{"suffix": ".test.example.com"}]},
    }


def test_names_of_rules_fit_eventbridge_with_the_longest_cluster_name() -> None:
    planned = plan("c" * 50)
    names = [rule.name for rule in planned.rules]
    assert len(names) == len(set(names)) == 5
    assert max(map(len, names)) == 63
    assert len(planned.queue_name) <= 80
    assert all(rule.name == f"{'c' * 50}-{rule.key}" and rule.tags["Name"] == rule.name for rule in planned.rules)


def test_descriptions_say_what_happened() -> None:
    assert {rule.key: rule.description for rule in plan().rules} == {
        "lifecycle": "Auto Scaling is about to terminate a machine of test.example.com",
        "spot": "EC2 takes a Spot machine back in two minutes",
        "rebalance": "A Spot machine is at elevated risk of interruption",
        "state-change": "A machine is stopping or gone",
        "scheduled": "AWS has scheduled maintenance of a machine",
    }
