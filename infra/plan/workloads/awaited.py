"""How long an update waits for a workload, by the workload's own settings."""

from __future__ import annotations

import math

from infra.plan.shares import count_of, count_or_share
from infra.plan.workloads.probes import DEFAULT_STARTUP_SECONDS, startup_seconds
from infra.spec import EnvironmentSpec
from infra.spec.scalars import duration_seconds
from infra.spec.workloads.workload import WorkloadSpec

AWAIT_TIMEOUT = "pulumi.com/timeoutSeconds"
DEFAULT_SECONDS = 600
"""How long pulumi-kubernetes waits for an object by itself (``pulumi.com/timeoutSeconds``, "Annotations")."""

_MARGIN = 60
"""Seconds in which what Kubernetes says at the end of a deadline is heard."""
_USUAL_START = 30
"""Seconds in which most pods are placed, pulled and ready."""
_LONGEST = 3600
"""An hour: groups and autoscalers that may grow to hundreds of pods are seldom so large, and what is stuck is waited
for as long."""


def timeout_annotation(spec: EnvironmentSpec, workload: WorkloadSpec) -> dict[str, str]:
    """Return the annotation that has the engine wait as long as the workload may take; none where its default will do.

    The plugin ends its wait when a Job has failed, and else by this time alone: that a Deployment has exceeded its
    deadline is a warning to it (pulumi-kubernetes, ``provider/pkg/await/deployment.go``).
    """
    seconds = _seconds(spec, workload)
    if not workload.wait or seconds is None or seconds == DEFAULT_SECONDS:
        return {}
    return {AWAIT_TIMEOUT: str(seconds)}


def ready_by_default(workload: WorkloadSpec) -> bool:
    """Tell whether the workload's Service has an address before the plugin gives it up, which no setting prolongs."""
    if workload.kind == "StatefulSet":
        return _set_seconds(workload) <= DEFAULT_SECONDS
    return workload.kind != "Deployment" or workload.update.progress_deadline_seconds <= DEFAULT_SECONDS


def _seconds(spec: EnvironmentSpec, workload: WorkloadSpec) -> int | None:
    if workload.kind == "Job":
        return max(duration_seconds(workload.job.deadline) + _MARGIN, DEFAULT_SECONDS)
    if workload.kind == "StatefulSet":
        return max(_set_seconds(workload), DEFAULT_SECONDS)
    if workload.kind == "DaemonSet":
        nodes = sum(group.max_size for group in spec.instance_groups if group.role == "Node")
        return max(_rollout_seconds(workload, nodes), DEFAULT_SECONDS)
    if workload.kind == "Deployment":
        deadline = workload.update.progress_deadline_seconds
        stuck = deadline if deadline == DEFAULT_SECONDS else deadline + _MARGIN
        return max(stuck, _rollout_seconds(workload, workload.most_pods))
    return None


def _set_seconds(workload: WorkloadSpec) -> int:
    # It knows no deadline: each of its pods, one after another where they are ordered, may take what its startup probe
    # allows.
    in_a_row = workload.replicas if workload.pod_management == "ordered" else 1
    return in_a_row * (startup_seconds(workload) + workload.update.min_ready_seconds)


def _rollout_seconds(workload: WorkloadSpec, pods: int) -> int:
    """Return what an update of so many pods takes that goes well, an hour at most.

    A startup probe that allows more than the default says that pods are slow: each may take all of it.
    """
    update, allowed = workload.update, startup_seconds(workload)
    start = allowed if allowed > DEFAULT_STARTUP_SECONDS else _USUAL_START
    if workload.kind == "Deployment" and workload.mounted_by_one:
        at_once = pods
    else:
        surge, unavailable = map(count_or_share, (update.max_surge, update.max_unavailable))
        at_once = count_of(surge, pods, up=True) + count_of(unavailable, pods, up=False)
    return min(math.ceil(pods / max(at_once, 1)) * (start + update.min_ready_seconds), _LONGEST)
