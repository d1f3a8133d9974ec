"""What is said of a workload that is not whole: its pod and container, why in the kubelet's words, and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from infra.ops.validate.rollout import rollout_of
from infra.ops.validate.workloads import Seen, judge_workload
from infra.plan.workloads.objects import selector
from infra.spec import EnvironmentSpec
from tests.infra.workload_samples import IMAGE, environment

FILES: dict[str, dict[str, Any]] = {
    "web": {"image": IMAGE},
    "scaled": {"image": IMAGE, "autoscaling": {"maxReplicas": 9}},
    "db": {"image": IMAGE, "kind": "StatefulSet"},
    "ring": {"image": IMAGE, "kind": "StatefulSet", "podManagement": "parallel"},
    "proxied": {
        "image": IMAGE,
        "helpers": [{"name": "setup", "runs": "before", "args": ["a"]}, {"name": "proxy", "image": IMAGE}],
        "sidecars": [{"type": "stream", "image": IMAGE, "folder": "/l", "files": ["a.log"]}],
    },
    "agent": {"image": IMAGE, "kind": "DaemonSet"},
    "load": {"image": IMAGE, "kind": "Job"},
    "report": {"image": IMAGE, "kind": "CronJob", "schedule": "30 2 * * *"},
}
SPEC: EnvironmentSpec = environment(FILES)
KINDS = {name: str(written.get("kind", "Deployment")) for name, written in FILES.items()}


def live(name: str, status: dict[str, Any], made: str = "2026-11-24T10:00:00Z", suffix: str = "", **spec: Any) -> Any:
    meta = {"name": name + suffix, "generation": 2, "creationTimestamp": made, "labels": selector(SPEC, name)}
    return {"metadata": meta, "spec": {"replicas": 2, **spec}, "status": {"observedGeneration": 2, **status}}


def pod(name: str, of: str, status: dict[str, Any], **labels: str) -> Any:
    meta = {"name": name, "uid": f"uid-{name}", "labels": {**selector(SPEC, of), **labels}}
    return {"metadata": meta, "spec": {}, "status": {"phase": "Pending", **status}}


def waiting(container: str, reason: str, message: str = "", **status: Any) -> dict[str, Any]:
    state = {"state": {"waiting": {"reason": reason, "message": message}}, "ready": False, **status}
    return {"containerStatuses": [{"name": container, **state}]}


def running(container: str, *, started: bool = True) -> dict[str, Any]:
    state = {"state": {"running": {}}, "ready": False, "started": started}
    return {"phase": "Running", "containerStatuses": [{"name": container, **state}]}


def ended(container: str, code: int, message: str) -> dict[str, Any]:
    state = {"state": {"terminated": {"exitCode": code, "reason": "Error", "message": message}}}
    return {"phase": "Failed", "containerStatuses": [{"name": container, **state}]}


def event(kind: str, name: str, reason: str, message: str) -> Any:
    involved = {"kind": kind, "name": name, "uid": f"uid-{name}"}
    return {"reason": reason, "message": message, "involvedObject": involved, "lastTimestamp": "2026-11-24T10:00:00Z"}


def told(
    name: str, controllers: Sequence[Any] | dict[str, Any], pods: Sequence[Any] = (), events: Sequence[Any] = ()
) -> list[tuple[str, str, str]]:
    """Return severity, problem and fix of each finding on a workload."""
    (workload,) = (each for each in SPEC.declared_workloads if each.name == name)
    by_kind = controllers if isinstance(controllers, dict) else {KINDS[name]: controllers}
    found = list(judge_workload(workload, selector(SPEC, name), Seen(by_kind, pods, events)))
    assert {each.subject for each in found} <= {f"{KINDS[name]} web/{name}"}
    return [(each.severity, each.problem, each.fix) for each in found]


SILENT = {
    "phase": "Running",
    "containerStatuses": [{"name": "web", "ready": True, "state": {"running": {}}}],
    "conditions": [{"type": "Ready", "status": "False"}],
}
NO_NODES = "no nodes available to schedule pods"
NO_KEY = "couldn't find key a in Secret web/x"
FIRST = "0 of 2 pods are ready; web-7d9-a"
GOOD = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
NONE = {"replicas": 2, "updatedReplicas": 2}
REFUSED = {"replicas": 0}
UNSCHEDULED = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available: 3 Insufficient memory."}
QUOTA = 'pods "web-7d9-x" is forbidden: exceeded quota: quota, requested: pods=1, used: pods=4, limited: pods=4'
PULL = 'Back-off pulling image "registry.example.com/team/web:nope"'
_NOPE = '"registry.example.com/team/web:nope"'
LONG_PULL = (
    f"{PULL}: ErrImagePull: failed to pull and unpack image {_NOPE}: failed to resolve reference {_NOPE}: unexpected "
    "status from HEAD request to https://registry.example.com/v2/team/web/manifests/nope: 403 Forbidden"
)
NO_SUCH_KEY = 'MountVolume.SetUp failed for volume "secrets" : references non-existent secret key: a'
CLOSED = 'Get "http://10.0.0.9:9999/": dial tcp 10.0.0.9:9999: connect: connection refused'
NO_DEVICE = "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient nvidia.com/gpu."
UNBOUND = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."
FULL = 'Usage of EmptyDir volume "scratch-1" exceeds the limit "16Mi". '.strip()
FULL_DISK = "Pod ephemeral local storage usage exceeds the total limit of containers 256Mi."


@pytest.mark.parametrize(
    ("status", "pods", "events", "problem", "fix"),
    [
        (
            NONE,
            [pod("web-7d9-a", "web", waiting("web", "ImagePullBackOff", PULL)),
             pod("web-7d9-b", "web", waiting("web", "ImagePullBackOff", PULL))],
            [],
            f"{FIRST} and 1 more: container web: ImagePullBackOff: {PULL}",
            "correct image in apps/web.yaml, or push it; the machines' role must be let pull it",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", waiting("web", "CrashLoopBackOff", "back-off 20s", lastState={"terminated": {
                "exitCode": 1, "reason": "Error", "message": "panic: no database"}}))],
            [],
            f"{FIRST}: container web: CrashLoopBackOff: last exit 1 (Error): panic: no database",
            "read kubectl logs -n web web-7d9-a -c web --previous",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", waiting("web", "CrashLoopBackOff", "back-off 20s", lastState={"terminated": {
                "exitCode": 137, "reason": "OOMKilled"}}))],
            [],
            f"{FIRST}: container web: CrashLoopBackOff: last exit 137 (OOMKilled)",
            "raise resources.memory in apps/web.yaml",
        ),
        (
            {**NONE, "availableReplicas": 1},
            [pod("web-7d9-a", "web", running("web"))],
            [event("Pod", "web-7d9-a", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404")],
            "1 of 2 pods are ready; web-7d9-a: container web: runs and is not ready: its readiness probe has not "
            "succeeded (HTTP probe failed with statuscode: 404)",
            "read kubectl logs -n web web-7d9-a -c web, or correct probes in apps/web.yaml",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", waiting("web", "CreateContainerConfigError", NO_KEY))],
            [],
            f"{FIRST}: container web: CreateContainerConfigError: {NO_KEY}",
            "make what it names, or correct secrets in apps/web.yaml",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", waiting("web", "ContainerCreating"))],
            [event("Pod", "web-7d9-a", "FailedMount", 'MountVolume.SetUp failed for volume "secrets" : secret "x" not '
                   "found")],
            f'{FIRST}: FailedMount: MountVolume.SetUp failed for volume "secrets" : secret "x" '
            "not found",
            "make what it names, or correct secrets in apps/web.yaml",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", {"conditions": [UNSCHEDULED]})],
            [],
            f"{FIRST}: not scheduled: 0/3 nodes are available: 3 Insufficient memory.",
            "raise maxSize of a group of role Node, or correct resources, nodeSelector, tolerations, spread or claims "
            "in apps/web.yaml",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", SILENT) | {"spec": {"nodeName": "i-1"}}],
            [],
            f"{FIRST}: NodeNotReady: its node i-1 does not report any more, and it ran there when it last did",
            "see why: slipway validate without --workload; pods of a Deployment start on other nodes after 5 minutes",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", {"conditions": [{**UNSCHEDULED, "message": NO_NODES}]})],
            [],
            f"{FIRST}: not scheduled: {NO_NODES}",
            "see why the cluster has no nodes: slipway validate without --workload",
        ),
        (
            REFUSED,
            [],
            [event("ReplicaSet", "web-7d9", "FailedCreate", f"Error creating: {QUOTA}")],
            f"0 of 2 pods are ready; web-7d9: makes no pod: {QUOTA}",
            "raise the quota under cluster.namespaces, or correct what it names in apps/web.yaml",
        ),
        (
            {**REFUSED, "conditions": [{"type": "ReplicaFailure", "status": "True", "message": QUOTA}]},
            [],
            [],
            f"0 of 2 pods are ready; web: makes no pod: {QUOTA}",
            "raise the quota under cluster.namespaces, or correct what it names in apps/web.yaml",
        ),
        (
            {"replicas": 3, "updatedReplicas": 1, "availableReplicas": 2, "conditions": [
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]},
            [pod("web-8e0-a", "web", waiting("web", "ErrImagePull", "not found"))],
            [],
            "1 of 2 pods are of the newest version; its update has failed: ProgressDeadlineExceeded; web-8e0-a: "
            "container web: ErrImagePull: not found",
            "correct image in apps/web.yaml, or push it; the machines' role must be let pull it",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", waiting("web", "ContainerCreating"))],
            [],
            "0 of 2 pods are ready",
            "it may still be starting: wait, with --wait 5m",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", waiting("web", "ContainerCreating"))],
            [event("Pod", "web-7d9-a", "FailedMount", NO_SUCH_KEY)],
            f"{FIRST}: FailedMount: {NO_SUCH_KEY}",
            "make what it names, or correct secrets in apps/web.yaml",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", running("web", started=False))],
            [event("Pod", "web-7d9-a", "Unhealthy", f"Startup probe failed: {CLOSED}")],
            f"{FIRST}: container web: runs and is not ready: its startup probe has not succeeded ({CLOSED})",
            "read kubectl logs -n web web-7d9-a -c web for where it listens, and correct ports or probes in "
            "apps/web.yaml",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", {"conditions": [{**UNSCHEDULED, "message": NO_DEVICE}]})],
            [],
            f"{FIRST}: not scheduled: {NO_DEVICE}",
            "run the plugin that offers nvidia.com/gpu on nodes that have it, or correct resources.devices in "
            "apps/web.yaml",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", {"conditions": [{**UNSCHEDULED, "message": UNBOUND}]})],
            [],
            f"{FIRST}: not scheduled: {UNBOUND}",
            "correct claims in apps/web.yaml",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", waiting("web", "ImagePullBackOff", LONG_PULL))],
            [],
            f"{FIRST}: container web: ImagePullBackOff: {PULL}: ErrImagePull: unexpected status from HEAD request to "
            "https://registry.example.com/v2/team/web/manifests/nope: 403 Forbidden",
            "correct image in apps/web.yaml, or push it; the machines' role must be let pull it",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", {"phase": "Failed", "reason": "Evicted", "message": FULL})],
            [],
            f"{FIRST}: Evicted: {FULL}",
            "raise scratch[1].sizeMi in apps/web.yaml",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", {"phase": "Failed", "reason": "Evicted", "message": FULL_DISK})],
            [],
            f"{FIRST}: Evicted: {FULL_DISK}",
            "raise resources.ephemeralStorage in apps/web.yaml",
        ),
        (
            NONE,
            [pod("web-7d9-a", "web", {"phase": "Failed", "reason": "Evicted", "message": "low on memory"})],
            [],
            f"{FIRST}: Evicted: low on memory",
            "read kubectl describe pod -n web web-7d9-a",
        ),
    ],
)  # fmt: skip
def test_a_deployment_that_is_not_whole(
    status: dict[str, Any], pods: list[Any], events: list[Any], problem: str, fix: str
) -> None:
    assert told("web", [live("web", status)], pods, events) == [("invalid", problem, fix)]


@pytest.mark.parametrize(
    ("code", "reason", "said", "fix"),
    [
        (255, "Error", "exec /bin/app: exec format error", "build image of apps/web.yaml for the nodes' "
         "processors, or name nodes of its own by nodeSelector"),
        (128, "StartError", 'failed to create task: exec: "/no/app": stat /no/app: no such file or directory',
         "correct command in apps/web.yaml: the image has no such program"),
        (128, "StartError", 'exec: "app": executable file not found in $PATH', "correct command in apps/web.yaml: the "
         "image has no such program"),
        (1, "Error", "open /var/run/app.pid: read-only file system", "name the folder that it writes to under scratch "
         "in apps/web.yaml"),
        (1, "Error", "mkdir /data: Permission denied", "correct security.runAsUser in apps/web.yaml, or name the "
         "folder that it writes to under scratch"),
        (1, "Error", "dial tcp 100.64.7.7:5432: i/o timeout", "name whom it calls under to in apps/web.yaml, and it "
         "under from there: the network drops what either leaves out; or see why that one does not answer"),
        (0, "Completed", "done", "write kind: Job in apps/web.yaml, or a command that goes on: it ends by itself, with "
         "success"),
        (1, "Error", "TIMEOUT", "name whom it calls under to in apps/web.yaml, and it under from there: the network "
         "drops what either leaves out; or see why that one does not answer"),
        (128, "StartError", "mount /a/scratch-0:/agnhost, flags: 0x5000: not a directory: unknown",
         "correct the paths under config, claims and scratch in apps/web.yaml: the image has a file where a folder "
         "goes"),
        (1, "Error", "open /srv/page: no such file", "read kubectl logs -n web web-7d9-a -c web --previous"),
    ],
)  # fmt: skip
def test_a_container_that_ends_for_a_known_cause(code: int, reason: str, said: str, fix: str) -> None:
    last = {"terminated": {"exitCode": code, "reason": reason, "message": said}}
    status = waiting("web", "CrashLoopBackOff", "back-off 20s restarting failed container", lastState=last)
    ((_, problem, found),) = told("web", [live("web", NONE)], [pod("web-7d9-a", "web", status)])
    assert problem == f"{FIRST}: container web: CrashLoopBackOff: last exit {code} ({reason}): {said}"
    assert found == fix


@pytest.mark.parametrize(("version", "told_of"), [("7d9", True), ("6c8", False)])
def test_a_pod_that_was_ended_for_what_it_wrote_is_told_until_another_version_runs(version: str, told_of: bool) -> None:
    ended = {"phase": "Failed", "reason": "Evicted", "message": FULL}
    state = {"name": "web", "ready": True, "started": True, "state": {"running": {}}}
    runs = pod("web-a", "web", {"phase": "Running", "containerStatuses": [state]}, **{"pod-template-hash": "7d9"})
    pods = [runs, *(pod(f"web-{each}", "web", ended, **{"pod-template-hash": version}) for each in "bc")]
    found = told("web", [live("web", GOOD)], pods)
    words = f"web-b and 1 more: Evicted: {FULL}"
    assert found == ([("warning", words, "raise scratch[1].sizeMi in apps/web.yaml")] if told_of else [])


def test_a_program_that_ends_well_and_is_to_go_on_is_told() -> None:
    state = {"name": "web", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}, "ready": False}
    one = pod("web-7d9-a", "web", {"phase": "Running", "containerStatuses": [state]})
    assert [each[1:] for each in told("web", [live("web", NONE)], [one])] == [
        (
            f"{FIRST}: container web: ended with 0 (Completed)",
            "write kind: Job in apps/web.yaml, or a command that goes on: it ends by itself, with success",
        )
    ]
    one["spec"]["restartPolicy"] = "Never"
    assert told("web", [live("web", NONE)], [one])[0][1] == "0 of 2 pods are ready"
    ended = {"terminated": {"exitCode": 0, "reason": "Completed"}}
    probed = pod("web-7d9-a", "web", waiting("web", "CrashLoopBackOff", lastState=ended))
    bad = event("Pod", "web-7d9-a", "Unhealthy", "Liveness probe failed: 404")
    assert "probes.liveness" in told("web", [live("web", NONE)], [probed], [bad])[0][2]
    helper = waiting("proxy", "CrashLoopBackOff", lastState=ended)
    ((_, _, fix),) = told("proxied", [live("proxied", NONE)], [pod("p-1", "proxied", helper)])
    assert fix.startswith("write runs: before at helpers[1] in apps/proxied.yaml, or a command that goes on")


def test_an_update_without_room_may_take_pods_away_first() -> None:
    waits = pod("web-8e0-a", "web", {"conditions": [UNSCHEDULED]})
    status = {"replicas": 3, "updatedReplicas": 1, "availableReplicas": 2}
    ((_, _, fix),) = told("web", [live("web", status)], [waits])
    assert fix.endswith(
        '; or let updates take a pod away before they add one, by update: {maxSurge: "0", maxUnavailable: "1"} in '
        "apps/web.yaml"
    )
    assert "maxSurge" not in told("web", [live("web", NONE)], [waits])[0][2]


def test_a_helper_that_used_too_much_memory_is_told() -> None:
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-24T10:00:00Z"}}
    helper = {"name": "proxy", "ready": True, "started": True, "state": {"running": {}}, "lastState": ended}
    main = {"name": "proxied", "ready": True, "started": True, "state": {"running": {}}}
    status = {"phase": "Running", "initContainerStatuses": [helper], "containerStatuses": [main]}
    ((severity, problem, fix),) = told("proxied", [live("proxied", GOOD)], [pod("p-1", "proxied", status)])
    assert (severity, fix) == ("warning", "raise helpers[1].resources.memory in apps/proxied.yaml")
    assert problem.startswith("p-1: container proxy: OOMKilled: ")


def test_each_reason_is_told_and_pods_that_ended_only_where_no_other_says_more() -> None:
    pods = [
        pod("web-a", "web", {"phase": "Failed", "reason": "Evicted"}),
        pod("web-b", "web", running("web", started=False)),
        pod("web-c", "web", waiting("web", "ErrImagePull", "not found")),
        pod("other", "db", waiting("db", "ErrImagePull", "not found")),
    ]
    assert [problem for _, problem, _ in told("web", [live("web", NONE)], pods)] == [
        "0 of 2 pods are ready; web-b: container web: runs and is not ready: its startup probe has not succeeded",
        "0 of 2 pods are ready; web-c: container web: ErrImagePull: not found",
    ]


def test_a_refusal_is_told_where_pods_are_missing_and_not_where_all_are_there() -> None:
    refused = [event("ReplicaSet", "web-7d9", "FailedCreate", f"Error creating: {QUOTA}")]
    stuck = [pod("web-a", "web", waiting("web", "ErrImagePull"))]
    assert [each[1] for each in told("web", [live("web", NONE)], stuck, refused)] == [
        "0 of 2 pods are ready; web-a: container web: ErrImagePull"
    ]
    few = live("web", {"replicas": 1, "updatedReplicas": 1})
    assert [QUOTA in each[1] for each in told("web", [few], stuck, refused)] == [False, True]
    not_failed = {"conditions": [{"type": "ReplicaFailure", "status": "False", "message": QUOTA}]}
    ((_, problem, fix),) = told("web", [live("web", {**REFUSED, **not_failed})])
    assert (problem, fix) == ("0 of 2 pods are ready", "it may still be starting: wait, with --wait 5m")


@pytest.mark.parametrize("name", ["web", "db", "agent", "load", "report"])
def test_one_that_is_not_there(name: str) -> None:
    assert told(name, []) == [("invalid", "is not there", "run pulumi up")]
    others = [live(other, GOOD) for other in FILES if other != name]
    assert told(name, others) == [("invalid", "is not there", "run pulumi up")]


def test_of_several_the_one_that_was_made_last_counts() -> None:
    # A name that the API server completes is another one after a replacement, until the old object is gone.
    old, new = live("web", REFUSED, "2026-11-24T09:00:00Z"), live("web", GOOD, "2026-11-24T10:00:00Z")
    assert told("web", [old, new]) == told("web", [new, old]) == []


def test_what_is_whole_is_not_talked_about_whatever_its_pods_suffered_before() -> None:
    evicted = pod("web-a", "web", {"phase": "Failed", "reason": "Evicted"})
    late = [event("ReplicaSet", "web-7d9", "FailedCreate", f"Error creating: {QUOTA}")]
    assert told("web", [live("web", GOOD)], [evicted], late) == []
    assert told("db", [live("db", GOOD)]) == []


def test_a_daemon_set_without_nodes_is_a_warning() -> None:
    assert told("agent", [live("agent", {"desiredNumberScheduled": 0})]) == [
        (
            "warning",
            "no node takes its pods",
            "correct nodeSelector and tolerations in apps/agent.yaml, if it should run",
        )
    ]
    some = {"desiredNumberScheduled": 3, "currentNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 2}
    assert told("agent", [live("agent", some)])[0][1] == "2 of 3 pods are ready"
    assert told("agent", [live("agent", {**some, "numberAvailable": 3})]) == []
    assert told("agent", [live("agent", {**some, "numberAvailable": 3}, replicas=5)]) == [], "its nodes say how many"
    ((severity, problem, _),) = told("agent", [live("agent", {"observedGeneration": 1})])
    assert (severity, problem) == ("invalid", "its last change has not been taken up by the controller manager")


@pytest.mark.parametrize(
    ("kind", "status", "spec", "words"),
    [
        ("Deployment", GOOD, {}, ""),
        ("Deployment", {}, {"replicas": 0}, ""),
        ("Deployment", {**GOOD, "observedGeneration": 1}, {},
         "its last change has not been taken up by the controller manager"),
        ("Deployment", {**GOOD, "replicas": 3}, {}, "1 pod of an older version is still there"),
        ("StatefulSet", {**GOOD, "updatedReplicas": 1}, {}, "1 of 2 pods are of the newest version"),
        ("StatefulSet", {**GOOD, "updatedReplicas": 1}, {"updateStrategy": {"rollingUpdate": {"partition": 1}}}, ""),
        ("StatefulSet", {**GOOD, "updatedReplicas": 0}, {"updateStrategy": {"rollingUpdate": {"partition": 9}}}, ""),
        ("StatefulSet", {**GOOD, "availableReplicas": 1}, {}, "1 of 2 pods are ready"),
    ],
)  # fmt: skip
def test_how_far_a_controller_has_come(kind: str, status: dict[str, Any], spec: dict[str, Any], words: str) -> None:
    assert rollout_of(kind, live("web", status, **spec)).words == words


@pytest.mark.parametrize(("name", "replicas"), [("web", 5), ("db", 0)])
def test_a_number_of_pods_that_somebody_else_has_set_is_told(name: str, replicas: int) -> None:
    status = {"replicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas}
    kind = KINDS[name]
    assert told(name, [live(name, status, replicas=replicas)]) == [
        (
            "warning",
            f"has {replicas} for its number of pods, and its file says 2: somebody else has set it",
            f"run pulumi up; if that changes nothing, kubectl scale -n web {kind.lower()} {name} --replicas=2",
        )
    ]


def test_the_number_that_an_autoscaler_chose_is_its_own() -> None:
    status = {"replicas": 7, "updatedReplicas": 7, "availableReplicas": 7}
    controllers = {"Deployment": [live("scaled", status, replicas=7)], "HorizontalPodAutoscaler": [live("scaled", {})]}
    assert told("scaled", controllers) == []


@pytest.mark.parametrize("ready", [1, 2])
def test_pods_that_run_again_after_they_used_too_much_memory_are_told(ready: int) -> None:
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-24T10:00:00Z"}}
    state = {"name": "web", "ready": True, "started": True, "state": {"running": {}}}
    again = {"phase": "Running", "containerStatuses": [{**state, "lastState": ended, "restartCount": 3}]}
    fine = {"phase": "Running", "containerStatuses": [{**state, "lastState": {}}]}
    pods = [pod("web-7d9-a", "web", again), pod("web-7d9-b", "web", fine), pod("web-7d9-c", "web", again)]
    found = told("web", [live("web", {**GOOD, "availableReplicas": ready})], pods)
    assert found[-1] == (
        "warning",
        "web-7d9-a and 1 more: container web: OOMKilled: has started again 3 times, last after 2026-11-24T10:00:00Z",
        "raise resources.memory in apps/web.yaml",
    )
    assert [each[0] for each in found[:-1]] == ["invalid"] * (2 - ready)


@pytest.mark.parametrize(
    ("container", "status", "fix"),
    [
        ("proxy", waiting("proxy", "ErrImagePull"), "correct helpers[1].image in apps/proxied.yaml, or push it; the "
         "machines' role must be let pull it"),
        ("stream-0-0", waiting("stream-0-0", "ErrImagePull"), "correct sidecars[0].image in apps/proxied.yaml, or push "
         "it; the machines' role must be let pull it"),
        ("stream-0-0", waiting("stream-0-0", "CrashLoopBackOff", lastState={"terminated": {"exitCode": 128, "reason":
         "StartError", "message": 'exec: "tail": executable file not found in $PATH'}}), "correct sidecars[0].image in "
         "apps/proxied.yaml: the image has no such program"),
        ("proxy", waiting("proxy", "CrashLoopBackOff", lastState={"terminated": {"exitCode": 137, "reason":
         "OOMKilled"}}), "raise helpers[1].resources.memory in apps/proxied.yaml"),
        ("setup", {"initContainerStatuses": running("setup")["containerStatuses"]}, "wait, or read what it waits for: "
         "kubectl logs -n web p-1 -c setup"),
    ],
)  # fmt: skip
def test_the_way_out_names_the_container_in_the_file(container: str, status: dict[str, Any], fix: str) -> None:
    one = pod("p-1", "proxied", status)
    one["spec"] = {"initContainers": [{"name": "setup"}, {"name": "proxy", "restartPolicy": "Always"}]}
    ((severity, problem, found),) = told("proxied", [live("proxied", NONE)], [one])
    assert (severity, found) == ("invalid", fix)
    assert f"container {container}: " in problem


@pytest.mark.parametrize(
    ("name", "revision", "generation", "deleted"),
    [
        ("db", "old", 2, True),
        ("db", "new", 2, False),  # the newest itself is broken
        ("db", "old", 3, False),  # the controller has not looked at the last change yet
        ("ring", "old", 2, False),  # it replaces what is not ready
    ],
)
def test_an_ordered_set_waits_for_a_broken_pod_of_before(
    name: str, revision: str, generation: int, deleted: bool
) -> None:
    controller = live(name, {**NONE, "updateRevision": "new"})
    controller["metadata"]["generation"] = generation
    one = pod(f"{name}-0", name, waiting(name, "ImagePullBackOff", PULL), **{"controller-revision-hash": revision})
    ((_, _, fix),) = told(name, [controller], [one])
    by_hand = f"kubectl delete pod -n web {name}-0"
    assert (by_hand in fix) is deleted
    assert deleted or fix.startswith(f"correct image in apps/{name}.yaml")
