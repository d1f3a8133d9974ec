"""Declared workloads: each has its pods, they are ready, and run what was declared last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.ops.kube import Kube
from infra.ops.own_pods import OURS, pods_and_warnings
from infra.ops.pod_trouble import (
    UNSCHEDULED,
    Trouble,
    full_disk_of,
    memory_kill_of,
    newest_event,
    one_line,
    refusals_of,
    trouble_of,
)
from infra.ops.validate import autoscalers
from infra.ops.validate.findings import Finding
from infra.ops.validate.remedies import in_place, left_over, remedy, too_slow
from infra.ops.validate.rollout import Rollout, rollout_of
from infra.plan.workloads.autoscaler import AUTOSCALER
from infra.plan.workloads.objects import selector
from infra.spec import EnvironmentSpec, Problem, SpecError
from infra.spec.workloads.workload import WorkloadSpec

CHECK = "workloads"
_PATHS = {
    "Deployment": "apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "apis/apps/v1/namespaces/{}/statefulsets",
    "DaemonSet": "apis/apps/v1/namespaces/{}/daemonsets",
    "Job": "apis/batch/v1/namespaces/{}/jobs",
    "CronJob": "apis/batch/v1/namespaces/{}/cronjobs",
    AUTOSCALER: autoscalers.PATH,
}
_REVISION = "controller-revision-hash"
"""Label of a StatefulSet's pods: the version that they are of."""
_RUN = "batch.kubernetes.io/job-name"
"""Label of a Job's pods (Kubernetes documentation, "Well-Known Labels, Annotations and Taints")."""

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """What a namespace holds of its workloads."""

    controllers: Mapping[str, Sequence[Object]]
    """Objects by kind."""
    pods: Sequence[Object]
    warnings: Sequence[Object]
    """Events of type ``Warning``."""


def check_workloads(kube: Kube, spec: EnvironmentSpec, chosen: Sequence[WorkloadSpec]) -> Iterator[Finding]:
    """Yield what is wrong with these workloads of the environment.

    Raises:
        OpsError: the API server cannot be asked.
    """
    for namespace in sorted({workload.namespace for workload in chosen}):
        own = [workload for workload in chosen if workload.namespace == namespace]
        scaled = {AUTOSCALER for workload in own if workload.autoscaling is not None}
        seen = _look(kube, namespace, {workload.kind for workload in own} | scaled)
        for workload in own:
            yield from judge_workload(workload, selector(spec, workload.name), seen)


def _look(kube: Kube, namespace: str, kinds: set[str]) -> Seen:
    # The Jobs of a CronJob are what its runs have come to.
    asked = sorted(kinds | ({"Job"} if "CronJob" in kinds else set()))
    controllers = {kind: kube.items("/" + _PATHS[kind].format(namespace), labelSelector=OURS) for kind in asked}
    pods, warnings = pods_and_warnings(kube, namespace)
    return Seen(controllers, pods, warnings)


def workloads_named(spec: EnvironmentSpec, names: Sequence[str]) -> tuple[WorkloadSpec, ...]:
    """Return the declared workloads of these names.

    Raises:
        SpecError: there is no workload of a name.
    """
    known = {workload.name: workload for workload in spec.declared_workloads}
    unknown = [name for name in dict.fromkeys(names) if name not in known]
    if unknown:
        fix = f"name one of {', '.join(sorted(known))}" if known else "declare it under workloads"
        raise SpecError(
            f"environment {spec.name}",
            [Problem((), "is not a workload of this environment", fix, repr(name)) for name in unknown],
        )
    return tuple(known[name] for name in dict.fromkeys(names))


def judge_workload(workload: WorkloadSpec, labels: Mapping[str, str], seen: Seen) -> Iterator[Finding]:
    """Yield what is wrong with one workload, whose objects have ``labels``: one finding for each reason."""
    found = [each for each in seen.controllers.get(workload.kind, ()) if _has(each, labels)]
    subject = f"{workload.kind} {workload.namespace}/{workload.name}"
    if not found:
        yield Finding(CHECK, "invalid", subject, "is not there", "run pulumi up")
        return
    yield from autoscalers.judge_autoscaler(CHECK, workload, seen.controllers.get(AUTOSCALER, ()))
    live = max(found, key=_made)
    yield from _of_number(workload, subject, live)
    if workload.kind in ("Job", "CronJob"):
        runs = [each for each in seen.controllers.get("Job", ()) if _has(each, labels)]
        last = live if workload.kind == "Job" else max(runs, key=_made, default=None)
        yield from _of_runs(workload, subject, last, seen)
        return
    state = rollout_of(workload.kind, live)
    if state.done and workload.kind == "DaemonSet" and not state.wanted:
        fix = f"correct nodeSelector and tolerations in apps/{workload.name}.yaml, if it should run"
        yield Finding(CHECK, "warning", subject, "no node takes its pods", fix)
    pods = [pod for pod in seen.pods if _has(pod, labels)]
    if not state.done:
        yield from _of_pods(workload, subject, state, live, pods, seen)
    # Between two such ends a pod is ready, and all seems well. What does not serve is told above, with its last end.
    well = [pod for pod in pods if trouble_of(pod, seen.warnings) is None]
    if killed := [each for each in map(memory_kill_of, well) if each is not None]:
        yield Finding(CHECK, "warning", subject, _together(killed), remedy(workload, killed[0]))
    versions = {_version(pod) for pod in well} - {""}
    # What an older version had written is no longer of interest.
    if full := [each for pod in pods if _version(pod) in versions and (each := full_disk_of(pod)) is not None]:
        yield Finding(CHECK, "warning", subject, _together(full), remedy(workload, full[0]))


def _of_number(workload: WorkloadSpec, subject: str, live: Object) -> Iterator[Finding]:
    """Yield whether the cluster has another number of pods than the file, where the file is to say it.

    The engine does not see it: it compares files with what it recorded. Pods that there are may be all right.
    """
    number = live.get("spec", {}).get("replicas", 1)
    if workload.kind not in ("Deployment", "StatefulSet") or workload.autoscaling or number == workload.replicas:
        return
    what = f"has {number} for its number of pods, and its file says {workload.replicas}: somebody else has set it"
    by_hand = f"kubectl scale -n {workload.namespace} {workload.kind.lower()} {workload.name}"
    fix = f"run pulumi up; if that changes nothing, {by_hand} --replicas={workload.replicas}"
    yield Finding(CHECK, "warning", subject, what, fix)


def _of_pods(
    workload: WorkloadSpec, subject: str, state: Rollout, live: Object, pods: Sequence[Object], seen: Seen
) -> Iterator[Finding]:
    """Yield why a workload that is not whole is not: pods that suffer the same are told together."""
    troubles = _troubles(pods, seen)
    if state.pods < state.wanted:
        troubles += refusals_of(workload, seen.warnings) or _refused(live)
    told = f"{state.words}; " if state.words else ""
    older = _left_over(workload, live, pods)
    for alike in _grouped(troubles):
        first = alike[0]
        fix = left_over(workload, first.subject) if first.subject in older else remedy(workload, first)
        if workload.kind == "Deployment" and first.reason == UNSCHEDULED and state.pods > state.wanted:
            fix = f"{fix}; or {in_place(workload)}"
        yield Finding(CHECK, "invalid", subject, f"{told}{_together(alike)}", fix)
    if not troubles:
        yield Finding(CHECK, "invalid", subject, state.words, "it may still be starting: wait, with --wait 5m")


def _left_over(workload: WorkloadSpec, live: Object, pods: Sequence[Object]) -> set[str]:
    """Return the pods of an older version that keep an ordered set from replacing any: its file may be right by now."""
    newest = live.get("status", {}).get("updateRevision")
    if workload.kind != "StatefulSet" or workload.pod_management != "ordered" or newest is None:
        return set()
    if live["status"].get("observedGeneration", 0) < live["metadata"].get("generation", 0):
        return set()
    revisions = {pod["metadata"]["name"]: pod["metadata"].get("labels", {}).get(_REVISION) for pod in pods}
    return {name for name, revision in revisions.items() if revision != newest}


def _of_runs(workload: WorkloadSpec, subject: str, last: Object | None, seen: Seen) -> Iterator[Finding]:
    """Yield what is wrong with a Job, or with a CronJob and its last run."""
    if workload.kind == "CronJob":
        own = {"kind": "CronJob", "name": workload.name}.items()
        warning = newest_event([each for each in seen.warnings if own <= each.get("involvedObject", {}).items()])
        if warning is not None:
            words = f"{warning.get('reason')}: {one_line(warning.get('message'))}"
            yield Finding(CHECK, "invalid", subject, words, f"correct schedule and cron in apps/{workload.name}.yaml")
    if last is None or _condition(last, "Complete"):
        return
    name = str(last["metadata"]["name"])
    pods = [pod for pod in seen.pods if pod["metadata"].get("labels", {}).get(_RUN) == name]
    troubles = [*_troubles(pods, seen), *(refusals_of(workload, seen.warnings) if not pods else ())]
    failed = _condition(last, "Failed")
    if failed is None and all(trouble.over for trouble in troubles):
        return  # it runs, and tries again what failed
    run = "" if workload.kind == "Job" else f"its last run, {name}, "
    told = f"{run}has failed: {failed.get('reason')}: {one_line(failed.get('message'))}" if failed else f"{run}waits"
    words = "; ".join([told, *(_together(alike) for alike in _grouped(troubles))])
    first = troubles[0] if troubles else None
    late = failed is not None and failed.get("reason") == "DeadlineExceeded"
    yield Finding(CHECK, "invalid", subject, words, too_slow(workload, first) if late else remedy(workload, first))


def _troubles(pods: Sequence[Object], seen: Seen) -> list[Trouble]:
    """Return what is wrong with pods; of those that have ended only where all have."""
    found = [trouble for pod in pods if (trouble := trouble_of(pod, seen.warnings)) is not None]
    return [trouble for trouble in found if not trouble.over] or found


def _grouped(troubles: Sequence[Trouble]) -> list[list[Trouble]]:
    """Return troubles by what was said, apart from the pods' own names."""
    alike: defaultdict[str, list[Trouble]] = defaultdict(list)
    for trouble in troubles:
        alike[trouble.what.replace(trouble.subject, "")].append(trouble)
    return list(alike.values())


def _together(alike: Sequence[Trouble]) -> str:
    more = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
    first = alike[0]
    return f"{first.subject}{more}: {first.what}"


def _refused(live: Object) -> tuple[Trouble, ...]:
    """Return why a Deployment makes no pods, by its own condition: the events of it are gone after an hour."""
    failure = _condition(live, "ReplicaFailure")
    if failure is None:
        return ()
    return (Trouble(live["metadata"]["name"], "", "makes no pod", one_line(failure.get("message"))),)


def _condition(live: Object, kind: str) -> Object | None:
    """Return the condition of this type, where it is true."""
    conditions = live.get("status", {}).get("conditions") or []
    return next((each for each in conditions if each.get("type") == kind and each.get("status") == "True"), None)


def _has(item: Object, labels: Mapping[str, str]) -> bool:
    return all(item["metadata"].get("labels", {}).get(key) == value for key, value in labels.items())


def _version(pod: Object) -> str:
    """Return which version of a Deployment a pod is of; empty: of no Deployment."""
    return str(pod["metadata"].get("labels", {}).get("pod-template-hash", ""))


def _made(item: Object) -> str:
    return str(item["metadata"].get("creationTimestamp") or "")
