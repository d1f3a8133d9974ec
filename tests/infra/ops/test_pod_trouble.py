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
    assert str(trouble_of(pod(status))) == f"web-1: {reason}"


SERVED = {"phase": "Running", "containerStatuses": [{"name": "web", "ready": True, "state": {"running": {}}}]}
SILENT = {"type": "Ready", "status": "False"}


def test_a_pod_whose_node_is_silent_names_it() -> None:
    found = pod({**SERVED, "conditions": [SILENT]}) | {"spec": {"nodeName": "i-1"}}
    assert str(trouble_of(found)) == (
        "web-1: NodeNotReady: its node i-1 does not report any more, and it ran there when it last did"
    )


@pytest.mark.parametrize(
    ("status", "spec"),
    [
        ({**SERVED, "conditions": [{**SILENT, "status": "True"}]}, {"nodeName": "i-1"}),
        ({**SERVED, "conditions": [SILENT]}, {"nodeName": "i-1", "readinessGates": [{"conditionType": "a"}]}),
        ({"phase": "Running", "conditions": [SILENT]}, {"nodeName": "i-1"}),
        ({"phase": "Pending", "conditions": [SILENT]}, {"nodeName": "i-1"}),
    ],
)
def test_a_pod_that_is_not_ready_for_something_else_names_no_node(status: dict[str, Any], spec: dict[str, Any]) -> None:
    assert trouble_of(pod(status) | {"spec": spec}) is None


def event(
    reason: str, message: str, container: str = "", when: str = "2026-11-24T10:00:00Z", **of: str
) -> dict[str, Any]:
    place = {"fieldPath": f"spec.containers{{{container}}}"} if container else {}
    involved = {"kind": "Pod", "name": "web-1", "uid": "u-1", **place, **of}
    return {"reason": reason, "message": message, "lastTimestamp": when, "involvedObject": involved}


CREATING = {
    "phase": "Pending",
    "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "ContainerCreating"}}}],
}
CLAIM = {"kind": "PersistentVolumeClaim"}
NOT_READY = container(state={"running": {}}, started=True)


@pytest.mark.parametrize(
    ("status", "events", "reason"),
    [
        (
            CREATING,
            [event("FailedMount", 'MountVolume.SetUp failed for volume "secrets" : secret "web-tls" not found')],
            'FailedMount: MountVolume.SetUp failed for volume "secrets" : secret "web-tls" not found',
        ),
        (CREATING, [event("FailedMount", "old"), event("FailedCreatePodSandBox", "new", when="2026-11-24T10:01:00Z")],
         "FailedCreatePodSandBox: new"),
        (
            NOT_READY,
            [
                event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404", "web"),
                event("Unhealthy", "Readiness probe failed: of another container", "old-web", "2026-11-24T11:00:00Z"),
                event("Unhealthy", "Liveness probe failed: something else", "web", "2026-11-24T11:00:00Z"),
                event("Unhealthy", "Readiness probe failed: of another pod", "web", "2026-11-24T11:00:00Z", uid="u-2"),
            ],
            "container web: runs and is not ready: its readiness probe has not succeeded (HTTP probe failed with "
            "statuscode: 404)",
        ),
        (
            container(state={"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 20s"}},
                      lastState={"terminated": {"exitCode": 0, "reason": "Completed"}}),
            [event("Unhealthy", "Liveness probe failed: connection refused", "web"), event("BackOff", "again", "web")],
            "container web: CrashLoopBackOff: last exit 0 (Completed); its liveness probe failed: connection refused",
        ),
        (
            container(state={"running": {}}, ready=False, started=False, restartCount=2,
                      lastState={"terminated": {"exitCode": 0, "reason": "Completed"}}),
            [event("Unhealthy", "Liveness probe failed: connection refused", "web")],
            "container web: runs and is not ready: its startup probe has not succeeded, 2 restarts, last exit 0 "
            "(Completed); its liveness probe failed: connection refused",
        ),
        (
            {"phase": "Pending", "conditions": [UNSCHEDULED]},
            [
                event("ProvisioningFailed", 'storageclass "gp9" not found', **CLAIM, name="data-web-1"),
                event("ProvisioningFailed", "another's", **CLAIM, name="data-web-2"),
            ],
            "not scheduled: 0/3 nodes are available: 3 Insufficient cpu.; claim data-web-1: ProvisioningFailed: "
            'storageclass "gp9" not found',
        ),
    ],
)  # fmt: skip
def test_what_events_say_beside_the_status(status: dict[str, Any], events: list[dict[str, Any]], reason: str) -> None:
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-1"}}
    found = trouble_of({**pod(status, uid="u-1"), "spec": {"volumes": [claim, {"name": "tmp"}]}}, events)
    assert str(found) == f"web-1: {reason}"


def test_one_that_runs_before_the_others_holds_them_back() -> None:
    running = {"name": "setup", "ready": False, "started": True, "state": {"running": {}}}
    waiting = {"name": "web", "ready": False, "state": {"waiting": {"reason": "PodInitializing"}}}
    status = {"phase": "Pending", "initContainerStatuses": [running], "containerStatuses": [waiting]}
    held = {**pod(status), "spec": {"initContainers": [{"name": "setup"}]}}
    assert str(trouble_of(held)) == (
        "web-1: container setup: runs before the others: the main one starts when it has ended"
    )
    # One beside them stays, and has probes like any other.
    beside = {**pod(status), "spec": {"initContainers": [{"name": "setup", "restartPolicy": "Always"}]}}
    assert str(trouble_of(beside)).startswith("web-1: container setup: runs and is not ready")


def test_a_start_that_has_got_over_its_trouble_has_none() -> None:
    ready = {"phase": "Running", "containerStatuses": [{"name": "web", "ready": True, "state": {"running": {}}}]}
    assert trouble_of(pod(ready, uid="u-1"), [event("FailedMount", "late")]) is None


@pytest.mark.parametrize(
    "healthy",
    [
        pod({"phase": "Succeeded"}),
        pod({"phase": "Pending", "conditions": [UNSCHEDULED]}, deletionTimestamp="2026-01-01T00:00:00Z"),
        pod({"phase": "Running", "containerStatuses": [{"name": "web", "ready": True, "state": {"running": {}}}]}),
        pod(container(state={"waiting": {"reason": "ContainerCreating"}})),
        {**pod(container(state={"terminated": {"exitCode": 0}})), "spec": {"restartPolicy": "Never"}},
    ],
)
def test_nothing_is_said_of_a_pod_that_serves_ends_well_or_starts(healthy: dict[str, Any]) -> None:
    assert trouble_of(healthy) is None
