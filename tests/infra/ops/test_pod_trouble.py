from __future__ import annotations

from typing import Any

import pytest

from infra.ops.pod_trouble import trouble_of


def pod(status: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web-1", **metadata}, "status": status}


def container(**status: Any) -> dict[str, Any]:
    return {"phase": "Running", "containerStatuses": [{"name": "web", "ready": False, **status}]}


UNSCHEDULED = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available:\n3 Insufficient cpu."}
ENDED = {"exitCode": 137, "reason": "OOMKilled"}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (
            {"phase": "Pending", "conditions": [UNSCHEDULED]},
            "not scheduled: 0/3 nodes are available: 3 Insufficient cpu.",
        ),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "low on memory"},
            "Evicted: low on memory",
        ),
        (
            container(state={"waiting": {"reason": "ErrImagePull", "message": "not found"}}),
            "container web: ErrImagePull: not found",
        ),
        (
            container(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState={"terminated": ENDED}),
            "container web: CrashLoopBackOff: last exit 137 (OOMKilled)",
        ),
        (
            container(state={"terminated": {"exitCode": 1, "message": "no settings"}}),
            "container web: ended with 1 (no reason): no settings",
        ),
        (
            container(state={"running": {}}, started=True),
            "container web: runs and is not ready: its readiness probe has not succeeded",
        ),
        (
            container(state={"running": {}}, started=False, restartCount=2, lastState={"terminated": ENDED}),
            "container web: runs and is not ready: its startup probe has not succeeded, 2 restarts, last exit 137 "
            "(OOMKilled)",
        ),
    ],
)
def test_what_is_wrong_with_a_pod(status: dict[str, Any], reason: str) -> None:
    assert trouble_of(pod(status)) == f"web-1: {reason}"


@pytest.mark.parametrize(
    "healthy",
    [
        pod({"phase": "Succeeded"}),
        pod({"phase": "Pending", "conditions": [UNSCHEDULED]}, deletionTimestamp="2026-01-01T00:00:00Z"),
        pod({"phase": "Running", "containerStatuses": [{"name": "web", "ready": True, "state": {"running": {}}}]}),
        pod(container(state={"waiting": {"reason": "ContainerCreating"}})),
        pod(container(state={"terminated": {"exitCode": 0}})),
    ],
)
def test_nothing_is_said_of_a_pod_that_serves_ends_well_or_starts(healthy: dict[str, Any]) -> None:
    assert trouble_of(healthy) is None
