"""Disruption budgets that a drain waits for in vain."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.validate.budgets import check_budgets

SYNC_FAILED = {
    "type": "DisruptionAllowed",
    "status": "False",
    "reason": "SyncFailed",
    "message": "jobs.batch does not implement the scale subresource.",
}


SELECTOR = {
    "matchLabels": {"app": "redis", "tier": "cache"},
    "matchExpressions": [
        {"key": "a", "operator": "In", "values": ["1", "2"]},
        {"key": "b", "operator": "NotIn", "values": ["3"]},
        {"key": "c", "operator": "Exists"},
        {"key": "d", "operator": "DoesNotExist"},
    ],
}


class Api:
    """An API server with one budget, and with pods of these kinds of controllers."""

    def __init__(self, *controllers: str, **status: Any) -> None:
        self.controllers, self.status = controllers, status

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        if path == "/apis/policy/v1/poddisruptionbudgets":
            metadata = {"namespace": "tools", "name": "redis"}
            return [{"metadata": metadata, "spec": {"selector": SELECTOR}, "status": self.status}]
        assert path == "/api/v1/namespaces/tools/pods"
        assert query == {"labelSelector": "app=redis,tier=cache,a in (1,2),b notin (3),c,!d"}
        owners = [{"kind": kind, "name": "redis", "controller": True} for kind in self.controllers]
        return [{"metadata": {"ownerReferences": [owner]}} for owner in owners]


def found(**status: Any) -> list[str]:
    kube: Any = Api(**status)
    findings = list(check_budgets(kube))
    assert {each.severity for each in findings} <= {"warning"}
    return [f"{each.subject}: {each.problem}" for each in findings]


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (
            {"expectedPods": 1, "currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0},
            "wants 1 of 1 pod ready, and so lets none go",
        ),
        # One that is not ready changes nothing: it lets none go either once it is.
        (
            {"expectedPods": 3, "currentHealthy": 2, "desiredHealthy": 3, "disruptionsAllowed": 0},
            "wants 3 of 3 pods ready, and so lets none go",
        ),
        (
            {"expectedPods": 2, "currentHealthy": 2, "desiredHealthy": 5, "disruptionsAllowed": 0},
            "wants 5 of 2 pods ready, and so lets none go",
        ),
        (
            {"expectedPods": 0, "desiredHealthy": 0, "conditions": [SYNC_FAILED]},
            "cannot be reckoned, and lets no pod go (jobs.batch does not implement the scale subresource)",
        ),
    ],
)
def test_a_dead_end(status: dict[str, Any], problem: str) -> None:
    assert found(**status) == [f"PodDisruptionBudget tools/redis: {problem}: a roll pauses at their nodes"]


@pytest.mark.parametrize(
    "status",
    [
        {"expectedPods": 2, "currentHealthy": 2, "desiredHealthy": 1, "disruptionsAllowed": 1},
        # It lets one go as soon as all are ready.
        {"expectedPods": 2, "currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0},
        {"expectedPods": 0, "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0},
        {"expectedPods": 0, "currentHealthy": 0, "desiredHealthy": 1, "disruptionsAllowed": 0},
        {"expectedPods": 2, "desiredHealthy": 1, "conditions": [{"type": "DisruptionAllowed", "status": "True"}]},
        {},
    ],
)
def test_one_that_lets_pods_go(status: dict[str, Any]) -> None:
    assert found(**status) == []


@pytest.mark.parametrize(
    ("controllers", "told"),
    [(("DaemonSet", "DaemonSet"), 0), (("DaemonSet", "ReplicaSet"), 1), (("StatefulSet",), 1), ((), 1)],
)
def test_pods_of_daemon_sets_stay_in_a_drain(controllers: tuple[str, ...], told: int) -> None:
    kube: Any = Api(*controllers, expectedPods=2, desiredHealthy=2)
    assert len(list(check_budgets(kube))) == told


def test_the_way_out_names_the_budget() -> None:
    kube: Any = Api(expectedPods=1, desiredHealthy=1)
    (finding,) = check_budgets(kube)
    assert finding.fix.endswith("to roll all the same: kubectl delete pdb -n tools redis")
