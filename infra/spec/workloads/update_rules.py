"""How a change replaces pods: by settings that the kind knows, and so that it can go on."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.errors import Problem, show
from infra.spec.workloads.workload import WorkloadSpec

_OF_KINDS = {
    "max_surge": ("Deployment", "DaemonSet"),
    "max_unavailable": ("Deployment", "DaemonSet"),
    "progress_deadline_seconds": ("Deployment",),
    "partition": ("StatefulSet",),
}
_SERVING = ("Deployment", "StatefulSet", "DaemonSet")


def check_update(workload: WorkloadSpec) -> Iterator[Problem]:
    """Yield what no update could go by, and settings that do nothing for the workload."""
    update = workload.update
    yield from _check_idle(workload)
    if {update.max_surge, update.max_unavailable} <= {"0", "0%"} and workload.kind in ("Deployment", "DaemonSet"):
        yield Problem(
            ("update", "maxSurge"),
            "is nothing, and so is maxUnavailable: no pod could ever be replaced",
            'write maxSurge: "1", or maxUnavailable: "1"',
            repr(update.max_surge),
            (("update", "maxUnavailable"),),
        )
    if workload.kind == "DaemonSet" and not {update.max_surge, update.max_unavailable} & {"0", "0%"}:
        yield Problem(
            ("update", "maxUnavailable"),
            "stands beside a maxSurge, and a DaemonSet takes one of the two",
            "write 0 for one of them",
            repr(update.max_unavailable),
            (("update", "maxSurge"),),
        )
    if workload.disruption.max_unavailable in ("0", "0%"):
        yield Problem(
            ("disruption", "maxUnavailable"),
            "lets no pod be evicted: every drain of a node would hang",
            'write "1" at least',
            repr(workload.disruption.max_unavailable),
        )


def _check_idle(workload: WorkloadSpec) -> Iterator[Problem]:
    update = workload.update
    # One pod holds the volume, so the old one is gone before the new one starts.
    recreated = workload.kind == "Deployment" and workload.mounted_by_one
    for field, kinds in _OF_KINDS.items():
        if field not in update.model_fields_set or workload.kind not in _SERVING:
            continue
        reason = None
        if workload.kind not in kinds:
            reason = f"is for a {' or '.join(kinds)}, and does nothing for a {workload.kind}"
        elif recreated and field in ("max_surge", "max_unavailable"):
            reason = "does nothing here: a Deployment with claims is one pod, which is recreated"
        if reason is not None:
            key = str(type(update).model_fields[field].alias)
            yield Problem(("update", key), reason, "remove it", show(getattr(update, field)), (("kind",), ("claims",)))
