"""The order in which workloads start: what each waits for must be there to wait for, and must not wait in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.spec.errors import Problem
from infra.spec.workloads.workload import WorkloadSpec


def check_order(declared: Sequence[WorkloadSpec]) -> list[tuple[WorkloadSpec, Problem]]:
    """Return, with its workload, each entry of ``after`` that cannot be waited for, or that ends in a ring."""
    by_name = {workload.name: workload for workload in declared}
    found = []
    for workload in declared:
        for index, name in enumerate(workload.after):
            target = by_name.get(name)
            if target is None:
                continue
            trouble = _order_trouble(workload, target, by_name)
            if trouble is not None:
                found.append((workload, Problem(("after", index), *trouble, repr(name))))
    return found


def _order_trouble(
    workload: WorkloadSpec, target: WorkloadSpec, by_name: Mapping[str, WorkloadSpec]
) -> tuple[str, str] | None:
    if target is workload:
        return "is the workload itself", "remove it"
    if target.kind == "CronJob":
        return "is a CronJob, which runs by the clock and not now", "name a Job, or remove it"
    if not target.wait:
        return "has wait: false, so nothing tells when it is ready", f"remove wait from apps/{target.name}.yaml"
    way = _way_back(target, workload.name, by_name)
    if way is not None:
        return f"waits for this one in turn ({' after '.join(way)})", "remove one of the two"
    return None


def _way_back(
    start: WorkloadSpec, name: str, by_name: Mapping[str, WorkloadSpec], seen: frozenset[str] = frozenset()
) -> list[str] | None:
    """Return the names that lead from a workload to another by ``after``; None: it does not wait for that one."""
    if start.name == name:
        return [name]
    if start.name in seen:
        return None
    for each in start.after:
        target = by_name.get(each)
        way = None if target is None else _way_back(target, name, by_name, seen | {start.name})
        if way is not None:
            return [start.name, *way]
    return None
