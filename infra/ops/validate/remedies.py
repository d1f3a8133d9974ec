"""What to do about a pod's trouble, in the words of the workload's file."""

from __future__ import annotations

from infra.ops.pod_trouble import BEFORE, LIVENESS, MOUNT, NODE, PROBE, REFUSED, UNSCHEDULED, Trouble
from infra.ops.validate.causes import UNSTARTED, known_way_out
from infra.spec.workloads.workload import WorkloadSpec

_IMAGE = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
"""Reasons of the kubelet for an image that it could not get (``pkg/kubelet/images/types.go``)."""


def remedy(workload: WorkloadSpec, trouble: Trouble | None) -> str:
    """Return where to look, or what to write, for a workload with this trouble; None where no pod shows one."""
    file = f"apps/{workload.name}.yaml"
    if trouble is None:
        return f"read its log: kubectl logs -n {workload.namespace} -l app.kubernetes.io/name={workload.name}"
    logs = f"kubectl logs -n {workload.namespace} {trouble.subject}"
    container = f" -c {trouble.container}" if trouble.container else ""
    at = _place(workload, trouble.container)
    known = known_way_out(trouble, at, file)
    if known is not None:
        return known
    if trouble.reason in _IMAGE:
        return f"correct {at}image in {file}, or push it; the machines' role must be let pull it"
    if trouble.reason == "CreateContainerConfigError" or (trouble.reason == MOUNT and "secret" in trouble.words):
        return f"make what it names, or correct secrets in {file}"
    if LIVENESS in trouble.words:
        return f"read {logs}{container} --previous, or correct probes.liveness or probes.startup in {file}"
    if trouble.reason == BEFORE:
        return f"wait, or read what it waits for: {logs}{container}"
    if trouble.reason == PROBE and "connection refused" in trouble.words:
        return f"read {logs}{container} for where it listens, and correct ports or probes in {file}"
    if trouble.reason == PROBE:
        return f"read {logs}{container}, or correct probes in {file}"
    if trouble.reason == NODE:
        return "see why: slipway validate without --workload; pods of a Deployment start on other nodes after 5 minutes"
    if trouble.reason == UNSCHEDULED and trouble.words.startswith("no nodes available"):
        return "see why the cluster has no nodes: slipway validate without --workload"
    if trouble.reason == UNSCHEDULED:
        wishes = "resources, nodeSelector, tolerations, spread or claims"
        return f"raise maxSize of a group of role Node, or correct {wishes} in {file}"
    if trouble.reason == REFUSED:
        return f"raise the quota under cluster.namespaces, or correct what it names in {file}"
    if trouble.reason == "CrashLoopBackOff":
        return f"read {logs}{container} --previous"
    if trouble.reason in UNSTARTED or trouble.reason.startswith("ended with"):
        return f"read {logs}{container}"
    return f"read kubectl describe pod -n {workload.namespace} {trouble.subject}"


def too_slow(workload: WorkloadSpec, trouble: Trouble | None) -> str:
    """Return what to do about a Job that was stopped at its deadline. Its pods, which ran, are gone with their logs."""
    longer = f"raise job.deadline in apps/{workload.name}.yaml"
    return longer if trouble is None else f"{remedy(workload, trouble)}; or {longer}"


def in_place(workload: WorkloadSpec) -> str:
    """Return what to write where an update has no room for the pods that it adds, while those of before run."""
    setting = 'update: {maxSurge: "0", maxUnavailable: "1"}'
    return f"let updates take a pod away before they add one, by {setting} in apps/{workload.name}.yaml"


def left_over(workload: WorkloadSpec, pod: str) -> str:
    """Return what to do about a pod of an older version that is not ready, where its set is ordered.

    The controller waits for it before it replaces any (Kubernetes, "StatefulSets", "Forced rollback").
    """
    by_hand = f"kubectl delete pod -n {workload.namespace} {pod}"
    return f"delete it, since an ordered set waits for it before it makes one of the newest version: {by_hand}"


def _place(workload: WorkloadSpec, container: str) -> str:
    """Return where the file speaks of a container, with a dot behind it; empty: at its top."""
    named = [f"helpers[{index}]." for index, each in enumerate(workload.helpers) if each.name == container]
    kept = [f"sidecars[{container.split('-')[1]}]."] if container.startswith(("stream-", "agent-")) else []
    return (named or kept or [""])[0]
