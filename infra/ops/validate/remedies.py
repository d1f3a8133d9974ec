"""What to do about a pod's trouble, in the words of the workload's file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.ops.pod_trouble import BEFORE, LIVENESS, MOUNT, PROBE, REFUSED, UNSCHEDULED, Trouble
from infra.spec.workloads.workload import WorkloadSpec

_IMAGE = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
"""Reasons of the kubelet for an image that it could not get (``pkg/kubelet/images/types.go``)."""
_UNSTARTED = ("CreateContainerError", "RunContainerError", "StartError")
_ENDED = ("CrashLoopBackOff", "ended with", *_UNSTARTED)
_OTHER_PROCESSOR = re.compile("exec format error|no match for platform")
_NO_PROGRAM = re.compile("executable file not found|exec: .*no such file or directory")
_READ_ONLY = re.compile("read-only file system|EROFS", re.IGNORECASE)
_FORBIDDEN = re.compile("permission denied|EACCES", re.IGNORECASE)
_EMPTY_DIR = re.compile('EmptyDir volume "(scratch|logs|buffer)-([0-9]+)"')


def remedy(workload: WorkloadSpec, trouble: Trouble | None) -> str:
    """Return where to look, or what to write, for a workload with this trouble; None where no pod shows one."""
    file = f"apps/{workload.name}.yaml"
    if trouble is None:
        return f"read its log: kubectl logs -n {workload.namespace} -l app.kubernetes.io/name={workload.name}"
    logs = f"kubectl logs -n {workload.namespace} {trouble.subject}"
    container = f" -c {trouble.container}" if trouble.container else ""
    at = _place(workload, trouble.container)
    known = next(_by_words(trouble, at), None)
    if known is not None:
        return f"{known} in {file}"
    if trouble.reason in _IMAGE:
        return f"correct {at}image in {file}, or push it; the machines' role must be let pull it"
    if trouble.reason == "CreateContainerConfigError" or (trouble.reason == MOUNT and "not found" in trouble.words):
        return f"make what it names, or correct secrets in {file}"
    if LIVENESS in trouble.words:
        return f"read {logs}{container} --previous, or correct probes.liveness or probes.startup in {file}"
    if trouble.reason == BEFORE:
        return f"wait, or read what it waits for: {logs}{container}"
    if trouble.reason == PROBE:
        return f"read {logs}{container}, or correct probes in {file}"
    if trouble.reason == UNSCHEDULED and trouble.words.startswith("no nodes available"):
        return "see why the cluster has no nodes: slipway validate without --workload"
    if trouble.reason == UNSCHEDULED:
        wishes = "resources, nodeSelector, tolerations, spread or claims"
        return f"raise maxSize of a group of role Node, or correct {wishes} in {file}"
    if trouble.reason == REFUSED:
        return f"raise the quota under cluster.namespaces, or correct what it names in {file}"
    if trouble.reason == "CrashLoopBackOff":
        return f"read {logs}{container} --previous"
    if trouble.reason in _UNSTARTED or trouble.reason.startswith("ended with"):
        return f"read {logs}{container}"
    return f"read kubectl describe pod -n {workload.namespace} {trouble.subject}"


def _by_words(trouble: Trouble, at: str) -> Iterator[str]:
    """Yield what to write where the words of the kernel, the kubelet or the program name the cause."""
    words = trouble.what
    if _OTHER_PROCESSOR.search(words):
        yield f"build the image for the nodes' processors and correct {at}image, or name other nodes by nodeSelector,"
    if "OOMKilled" in words:
        yield f"raise {at}resources.memory"
    if trouble.reason.startswith(_ENDED) and _NO_PROGRAM.search(words):
        yield f"correct {at}command: the image has no such program,"
    if trouble.reason.startswith(_ENDED) and _READ_ONLY.search(words):
        yield "name the folder that it writes to under scratch"
    if trouble.reason.startswith(_ENDED) and _FORBIDDEN.search(words):
        user = f"{at}runAsUser" if at.startswith("helpers") else "security.runAsUser"
        yield f"correct {user}, or name the folder that it writes to under scratch,"
    if trouble.reason == "Evicted" and (folder := _EMPTY_DIR.search(words)):
        key = "scratch" if folder[1] == "scratch" else "sidecars"
        yield f"raise {key}[{folder[2]}].sizeMi"
    if trouble.reason == "Evicted" and "local" in words and "ephemeral" in words:
        yield "raise resources.ephemeralStorage"
    if trouble.reason == UNSCHEDULED and ("; claim " in words or "unbound immediate" in words):
        yield "correct claims"


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
