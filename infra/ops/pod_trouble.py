"""Why a pod does not serve, from what its status says and what the kubelet and the scheduler said in events."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.spec.workloads.workload import WorkloadSpec

_SETTLING = ("ContainerCreating", "PodInitializing")
"""Reasons of a start that is going on."""
_HINDERED = ("FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox")
"""Reasons of events of a start that does not get on; the status says nothing of it."""

MOUNT, PROBE, UNSCHEDULED, REFUSED = _HINDERED[0], "runs and is not ready", "not scheduled", "makes no pod"
BEFORE = "runs before the others"
NODE = "NodeNotReady"
"""Reasons by which a remedy is chosen, beside those of the kubelet."""
LIVENESS = "its liveness probe"
"""Stands in the words of a container that the kubelet ended."""

_HEAD, _TAIL = 140, 220
"""Characters that are shown of the beginning and of the end of a long text."""
_AROUND_A_PULL = re.compile(r'failed to (?:pull and unpack image|resolve reference) "[^"]*": ')
"""What containerd puts before the cause, each time with the whole name of the image."""
_OWN_LIMIT = re.compile("exceeds the limit|exceeds the total limit|exceeded its local ephemeral storage limit")
"""In the kubelet's words on a pod that it ended for what itself has written (``pkg/kubelet/eviction/helpers.go``)."""

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Trouble:
    """Why one pod does not serve, or why a controller makes none."""

    subject: str
    """Name of the pod, or of the controller."""
    container: str
    """The container that it is about; empty: the whole."""
    reason: str
    """One word of Kubernetes, as ``ImagePullBackOff``, or what stands in its place."""
    words: str = ""
    """What the kubelet, the scheduler or the API server said."""
    over: bool = False
    """Whether the pod has ended: its controller makes another in its place."""

    @property
    def what(self) -> str:
        """Return it without the subject, which differs between pods that suffer the same."""
        place = f"container {self.container}: " if self.container else ""
        return f"{place}{self.reason}: {self.words}" if self.words else f"{place}{self.reason}"

    def __str__(self) -> str:
        """Return ``<pod>: <reason>``."""
        return f"{self.subject}: {self.what}"


def trouble_of(pod: Mapping[str, Any], events: Sequence[Event] = ()) -> Trouble | None:
    """Return what is wrong with a pod; None where it is ready, is done, or is only starting.

    ``events`` are warnings of its namespace. They last an hour (kube-apiserver, ``--event-ttl``): a status alone may
    know less.
    """
    status = pod.get("status", {})
    if status.get("phase") == "Succeeded" or pod["metadata"].get("deletionTimestamp"):
        return None
    own = [event for event in events if event.get("involvedObject", {}).get("uid") == pod["metadata"].get("uid", "")]
    return _unscheduled(pod, events) or _failed(pod) or _containers(pod, own) or _left_alone(pod)


def memory_kill_of(pod: Mapping[str, Any]) -> Trouble | None:
    """Return that a pod which runs was ended before, for more memory than it may use; None where it was not."""
    status = pod.get("status", {})
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        ended = (container.get("lastState") or {}).get("terminated") or {}
        if ended.get("reason") == "OOMKilled" and "running" in (container.get("state") or {}):
            times = container.get("restartCount", 1)
            words = f"has started again {times} time{'' if times == 1 else 's'}, last after {ended.get('finishedAt')}"
            return Trouble(pod["metadata"]["name"], container["name"], "OOMKilled", words)
    return None


def full_disk_of(pod: Mapping[str, Any]) -> Trouble | None:
    """Return that a pod was ended for what it wrote itself; None where it was not. Its successor may yet be ready."""
    failed = _failed(pod)
    return failed if failed is not None and _OWN_LIMIT.search(failed.words) else None


def wanted_pods(workload: WorkloadSpec) -> int:
    """Return how many pods a workload has when all is well; one where only its nodes or its time can say."""
    return workload.least_pods if workload.kind in ("Deployment", "StatefulSet") else 1


def refusals_of(workload: WorkloadSpec, events: Sequence[Event]) -> tuple[Trouble, ...]:
    """Return the newest pod that the API server did not let a workload's controller make, and why.

    A quota, an admission policy, a level of pod security: the controller is taken, its pods are not, and only an event
    of the controller says so.
    """
    newest = newest_event(
        [
            event
            for event in events
            if event.get("reason") == "FailedCreate" and _is_of(workload, event.get("involvedObject", {}))
        ]
    )
    if newest is None:
        return ()
    words = str(newest.get("message") or "").removeprefix("Error creating: ")
    return (Trouble(newest["involvedObject"]["name"], "", REFUSED, one_line(words)),)


def newest_event(events: Sequence[Event]) -> Event | None:
    """Return the event that happened last."""
    if not events:
        return None
    return max(events, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))


def one_line(text: object) -> str:
    """Return a text in one line. A long one is cut in its middle: programs say the cause first or, often, last."""
    words = _AROUND_A_PULL.sub("", " ".join(str(text or "").split()))
    return words if len(words) <= _HEAD + _TAIL else f"{words[:_HEAD]} … {words[-_TAIL:]}"


_NAMED_BY_OWNER = {"Deployment": "ReplicaSet", "CronJob": "Job", "Job": "Job"}
"""Kind of a workload -> kind of what makes its pods, named by the workload and one more part, which has no dash."""


def _is_of(workload: WorkloadSpec, controller: Mapping[str, Any]) -> bool:
    kind, name = controller.get("kind"), str(controller.get("name", ""))
    made = _NAMED_BY_OWNER.get(workload.kind)
    if made is not None:
        return kind == made and name.rpartition("-")[0] == workload.name
    return (kind, name) == (workload.kind, workload.name)


def _unscheduled(pod: Mapping[str, Any], events: Sequence[Event]) -> Trouble | None:
    for condition in pod.get("status", {}).get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            words = [one_line(condition.get("message")), *_claims(pod, events)]
            return Trouble(pod["metadata"]["name"], "", UNSCHEDULED, "; ".join(filter(None, words)))
    return None


def _claims(pod: Mapping[str, Any], events: Sequence[Event]) -> list[str]:
    """Return what was said last of the claims that the pod waits for."""
    volumes = pod.get("spec", {}).get("volumes") or []
    names = [each["persistentVolumeClaim"]["claimName"] for each in volumes if "persistentVolumeClaim" in each]
    found = []
    for name in names:
        own = {"kind": "PersistentVolumeClaim", "name": name}.items()
        event = newest_event([each for each in events if own <= each.get("involvedObject", {}).items()])
        if event is not None:
            found.append(f"claim {name}: {event.get('reason')}: {one_line(event.get('message'))}")
    return found


def _failed(pod: Mapping[str, Any]) -> Trouble | None:
    status = pod.get("status", {})
    if status.get("phase") != "Failed" or not status.get("reason"):
        return None
    return Trouble(pod["metadata"]["name"], "", str(status["reason"]), one_line(status.get("message")), over=True)


def _left_alone(pod: Mapping[str, Any]) -> Trouble | None:
    """Return that a pod's node is silent: the controller of nodes then calls the pod not ready, and no more than that.

    Its containers stay as the kubelet reported them last (Kubernetes, ``pkg/util/node``, ``MarkPodsNotReady``).
    """
    spec, status = pod.get("spec", {}), pod.get("status", {})
    containers = status.get("containerStatuses") or []
    if status.get("phase") != "Running" or not all(each.get("ready") for each in containers) or not containers:
        return None
    conditions = {each.get("type"): each.get("status") for each in status.get("conditions") or []}
    if conditions.get("Ready") != "False" or spec.get("readinessGates"):
        return None
    words = f"its node {spec.get('nodeName')} does not report any more, and it ran there when it last did"
    return Trouble(pod["metadata"]["name"], "", NODE, words)


def _containers(pod: Mapping[str, Any], events: Sequence[Event]) -> Trouble | None:
    status = pod.get("status", {})
    before = {
        each["name"]
        for each in pod.get("spec", {}).get("initContainers") or []
        if each.get("restartPolicy") != "Always"
    }
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        if container["name"] in before and "running" in (container.get("state") or {}):
            return Trouble(pod["metadata"]["name"], container["name"], BEFORE, "the main one starts when it has ended")
        found = _container(container, [event for event in events if _concerns(event, container["name"])])
        if found is None and container["name"] not in before:
            found = _done_too_soon(pod, container)
        if found is not None:
            over = status.get("phase") == "Failed"
            return Trouble(pod["metadata"]["name"], container["name"], *found, over=over)
    hindered = newest_event([event for event in events if event.get("reason") in _HINDERED])
    if hindered is not None and status.get("phase") == "Pending":
        return Trouble(pod["metadata"]["name"], "", str(hindered["reason"]), one_line(hindered.get("message")))
    return None


def _done_too_soon(pod: Mapping[str, Any], container: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return that a container has ended well which is to go on, as all are but those of Jobs."""
    ended = (container.get("state") or {}).get("terminated") or {}
    always = pod.get("spec", {}).get("restartPolicy", "Always") == "Always"
    return (f"ended with {_exit(ended)}", "") if ended.get("exitCode") == 0 and always else None


def _concerns(event: Event, container: str) -> bool:
    """Tell whether an event is of this container, or of the whole pod."""
    place = str(event.get("involvedObject", {}).get("fieldPath") or "")
    return not place or place.endswith(f"{{{container}}}")


def _container(container: Mapping[str, Any], events: Sequence[Event]) -> tuple[str, str] | None:
    """Return reason and words of a container that does not serve."""
    state = container.get("state") or {}
    ended = state.get("terminated") or (container.get("lastState") or {}).get("terminated")
    waiting = state.get("waiting")
    if waiting and waiting.get("reason") not in _SETTLING:
        if ended:
            return str(waiting.get("reason")), _last(ended, events)
        return str(waiting.get("reason")), one_line(waiting.get("message"))
    if state.get("terminated") and ended and ended.get("exitCode"):
        return f"ended with {_exit(ended)}", ""
    if "running" in state and not container.get("ready"):
        what = "readiness" if container.get("started") else "startup"
        said = _probe_said(what.capitalize(), events)
        restarts = container.get("restartCount", 0)
        times = f"{restarts} restart{'' if restarts == 1 else 's'}"
        after = f", {times}, {_last(ended, events)}" if restarts and ended else ""
        return PROBE, f"its {what} probe has not succeeded{f' ({said})' if said else ''}{after}"
    return None


def _last(ended: Mapping[str, Any], events: Sequence[Event]) -> str:
    """Return how a container ended last, and whether the kubelet ended it."""
    killed = _probe_said("Liveness", events)
    return f"last exit {_exit(ended)}" + (f"; {LIVENESS} failed: {killed}" if killed else "")


def _probe_said(probe: str, events: Sequence[Event]) -> str:
    """Return what the kubelet said last of a probe that failed; empty where it said nothing."""
    begin = f"{probe} probe failed: "
    last = newest_event(
        [
            event
            for event in events
            if event.get("reason") == "Unhealthy" and str(event.get("message") or "").startswith(begin)
        ]
    )
    return "" if last is None else one_line(str(last["message"]).removeprefix(begin))


def _exit(ended: Mapping[str, Any]) -> str:
    text = one_line(ended.get("message"))
    return f"{ended.get('exitCode')} ({ended.get('reason') or 'no reason'})" + (f": {text}" if text else "")
