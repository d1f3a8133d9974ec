"""Why a pod does not serve, in one line, from what its own status says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.spec.workloads.workload import WorkloadSpec

_SETTLING = ("ContainerCreating", "PodInitializing")
"""Reasons of a start that is going on."""


def trouble_of(pod: Mapping[str, Any]) -> str | None:
    """Return ``<pod>: <reason>``; None where the pod is ready, is done, or is only starting."""
    status = pod.get("status", {})
    if status.get("phase") == "Succeeded" or pod["metadata"].get("deletionTimestamp"):
        return None
    reason = _unscheduled(status) or _failed(status) or _containers(pod)
    return None if reason is None else f"{pod['metadata']['name']}: {reason}"


def wanted_pods(workload: WorkloadSpec) -> int:
    """Return how many pods a workload has when all is well; one where only its nodes or its time can say."""
    return workload.replicas if workload.kind in ("Deployment", "StatefulSet") else 1


def refusals_of(workload: WorkloadSpec, events: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return ``<controller>: <reason>`` of the newest pod that the API server did not let a workload's controller make.

    A quota, an admission policy, a level of pod security: the controller is taken, its pods are not, and only an event
    of the controller says so.
    """
    own = [event for event in events if _is_of(workload, event.get("involvedObject", {}))]
    if not own:
        return ()
    newest = max(own, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    message = str(newest.get("message") or "").removeprefix("Error creating: ")
    return (f"{newest['involvedObject']['name']}: {_joined('makes no pod', message)}",)


def _is_of(workload: WorkloadSpec, controller: Mapping[str, Any]) -> bool:
    kind, name = controller.get("kind"), str(controller.get("name", ""))
    if workload.kind in ("Deployment", "CronJob"):
        # ReplicaSets and Jobs are named by their owner and one more part, which has no dash.
        made = {"Deployment": "ReplicaSet", "CronJob": "Job"}[workload.kind]
        return kind == made and name.rpartition("-")[0] == workload.name
    return (kind, name) == (workload.kind, workload.name)


def _unscheduled(status: Mapping[str, Any]) -> str | None:
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return _joined("not scheduled", condition.get("message"))
    return None


def _failed(status: Mapping[str, Any]) -> str | None:
    if status.get("phase") != "Failed" or not status.get("reason"):
        return None
    return _joined(str(status["reason"]), status.get("message"))


def _containers(pod: Mapping[str, Any]) -> str | None:
    status = pod.get("status", {})
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        name, state = container["name"], container.get("state") or {}
        ended = state.get("terminated") or (container.get("lastState") or {}).get("terminated")
        waiting = state.get("waiting")
        if waiting and waiting.get("reason") not in _SETTLING:
            last = f"last exit {_exit(ended)}" if ended else waiting.get("message")
            return f"container {name}: {_joined(str(waiting.get('reason')), last)}"
        if state.get("terminated") and ended and ended.get("exitCode"):
            return f"container {name}: ended with {_exit(ended)}"
        if "running" in state and not container.get("ready"):
            what = "readiness" if container.get("started") else "startup"
            restarts = container.get("restartCount", 0)
            after = f", {restarts} restarts, last exit {_exit(ended)}" if restarts and ended else ""
            return f"container {name}: runs and is not ready: its {what} probe has not succeeded{after}"
    return None


def _exit(ended: Mapping[str, Any]) -> str:
    return _joined(f"{ended.get('exitCode')} ({ended.get('reason') or 'no reason'})", ended.get("message"))


def _joined(reason: str, message: object) -> str:
    text = " ".join(str(message or "").split())
    return f"{reason}: {text[:300]}" if text else reason
