"""What a workload's kind asks for, and keys that are of use to some kinds alone: one that does nothing is refused."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.errors import Problem, show
from infra.spec.workloads.workload import WorkloadSpec

_SERVING = ("Deployment", "StatefulSet", "DaemonSet")
_COUNTED = ("Deployment", "StatefulSet")
_OF_KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "replicas": (_COUNTED, "remove it"),
    "autoscaling": (("Deployment",), "remove it"),
    "update": (_SERVING, "remove it"),
    "disruption": (_COUNTED, "remove it"),
    "spread": (_COUNTED, "remove it"),
    "pod_management": (("StatefulSet",), "remove it"),
    "job": (("Job", "CronJob"), "remove it"),
    "cron": (("CronJob",), "remove it"),
}
"""Field -> the kinds that it is of use to, and what to do."""

_INSTEAD = {
    (
        "replicas",
        "DaemonSet",
    ): "remove it: a DaemonSet runs a pod on each node that nodeSelector and tolerations allow",
    ("autoscaling", "StatefulSet"): "write replicas: members that hold data come and go by somebody's word",
    ("replicas", "Job"): "remove it, and write job.parallelism for pods at once, job.completions for how many",
    ("replicas", "CronJob"): "remove it, and write job.parallelism for pods at once, job.completions for how many",
}


def check_kind(workload: WorkloadSpec) -> Iterator[Problem]:
    """Yield what does not go with the kind."""
    if workload.kind == "CronJob" and workload.schedule is None:
        yield Problem(("schedule",), "is missing", "add schedule, for example '30 2 * * *'", None, (("kind",),))
    if workload.kind != "CronJob" and workload.schedule is not None:
        yield Problem(
            ("schedule",),
            f"is for a CronJob, and this is a {workload.kind}",
            "write kind: CronJob, or remove it",
            repr(workload.schedule),
            (("kind",),),
        )
    if not serves(workload):
        yield from _check_served(workload)
    for index, port in enumerate(workload.ports):
        if port.members_only and workload.kind != "StatefulSet":
            yield Problem(
                ("ports", index, "membersOnly"),
                f"is for the members of a StatefulSet, and this is a {workload.kind}",
                "remove it",
                "true",
                (("kind",),),
            )
    yield from _check_keys(workload)


def serves(workload: WorkloadSpec) -> bool:
    """Return whether the kind is one that others may call: a Job ends."""
    return workload.kind in _SERVING


def _check_served(workload: WorkloadSpec) -> Iterator[Problem]:
    for field in ("ports", "from_", "expose", "service"):
        if field not in workload.model_fields_set or not getattr(workload, field):
            continue
        key = str(WorkloadSpec.model_fields[field].alias)
        are, them = ("are", "them") if key == "ports" else ("is", "it")
        problem = f"{are} for what serves, and a {workload.kind} ends"
        yield Problem((key,), problem, f"remove {them}, or choose another kind", None, (("kind",),))


def _check_keys(workload: WorkloadSpec) -> Iterator[Problem]:
    for field in _OF_KINDS:
        kinds, fix = _OF_KINDS[field]
        if field not in workload.model_fields_set or workload.kind in kinds:
            continue
        value = getattr(workload, field)
        yield Problem(
            (str(WorkloadSpec.model_fields[field].alias),),
            f"is for a {' or '.join(kinds)}, and does nothing for a {workload.kind}",
            _INSTEAD.get((field, workload.kind), fix),
            show(value) if isinstance(value, int | str) else None,
            (("kind",),),
        )
