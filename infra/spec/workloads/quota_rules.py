"""What the workloads of a namespace ask for together, against the namespace's quota.

A workload over the quota is taken by the API server; its controller then makes no pods, which shows only after minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.workloads.pod_size import pod_size
from infra.spec.workloads.workload import WorkloadSpec

_GI = 1024**3
_MOST_NAMED = 6


@dataclass(frozen=True)
class _Ceiling:
    """One key of a quota: what a pod counts for, in the quota's own unit times ``unit``."""

    key: str
    noun: str
    unit: int
    of_pod: Callable[[WorkloadSpec], int]


_CEILINGS = {
    "cpu": _Ceiling("cpu", "cores", 1000, lambda workload: pod_size(workload).cpu),
    "memory_gi": _Ceiling("memoryGi", "GiB", _GI, lambda workload: pod_size(workload).memory),
    "pods": _Ceiling("pods", "pods", 1, lambda _: 1),
}


def check_quotas(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield each ceiling that the declared workloads cannot run under, by its place in the stack file."""
    for index, namespace in enumerate(spec.cluster.namespaces):
        own = [workload for workload in spec.declared_workloads if workload.namespace == namespace.name]
        for field, ceiling in _CEILINGS.items():
            limit: int | None = getattr(namespace.quota, field)
            if limit is None or not own:
                continue
            needed = sum(_pods(workload) * ceiling.of_pod(workload) for workload in own)
            needed += max(_surge(workload) * ceiling.of_pod(workload) for workload in own)
            if needed > limit * ceiling.unit:
                at: Location = ("cluster", "namespaces", index, "quota", ceiling.key)
                asked = _asked(own, ceiling)
                yield Problem(
                    at,
                    f"is less than its workloads need, {_number(needed / ceiling.unit)} {ceiling.noun} ({asked}, and "
                    "what an update adds)",
                    f"write at least {ceil(needed / ceiling.unit)}, or lower their replicas or resources",
                    str(limit),
                    (("workloads",),),
                )


def _asked(own: Sequence[WorkloadSpec], ceiling: _Ceiling) -> str:
    """Return the workloads with their pods; of many those that ask for most."""
    shown = own
    if len(own) > _MOST_NAMED:
        shown = sorted(own, key=lambda each: -_pods(each) * ceiling.of_pod(each))[:_MOST_NAMED]
    named = [f"{each.name} {_pods(each)} pod{'' if _pods(each) == 1 else 's'}" for each in shown]
    return ", ".join([*named, *([f"{len(own) - len(shown)} more workloads"] if len(shown) < len(own) else [])])


def _pods(workload: WorkloadSpec) -> int:
    """Return how many pods it has at once; a DaemonSet's are the nodes', which nobody knows here: one."""
    counts = {"Deployment": workload.most_pods, "StatefulSet": workload.most_pods, "DaemonSet": 1}
    return counts.get(workload.kind, workload.job.parallelism)


def _surge(workload: WorkloadSpec) -> int:
    """Return how many pods more an update of it makes."""
    if workload.kind != "Deployment" or workload.claims:
        return 0
    share = workload.update.max_surge
    if share.endswith("%"):
        return ceil(workload.most_pods * int(share[:-1]) / 100)
    return int(share)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
