from __future__ import annotations

from typing import Any, cast

import pytest

from infra.ops.images import declared_images, images_in_use
from infra.ops.kube import Kube
from infra.plan.workloads.objects import selector
from tests.infra.workload_samples import DIGEST, IMAGE, environment

OTHER = "sha256:" + "cd" * 32
SPEC = environment({"web": {"image": IMAGE}})


class Pods:
    """Answers lists of pods and events as the API server would, and remembers what was asked."""

    def __init__(self, *pods: dict[str, Any], events: tuple[dict[str, Any], ...] = ()) -> None:
        self.pods = pods
        self.events = events
        self.asked: list[tuple[str, dict[str, str]]] = []

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        self.asked.append((path, query))
        return list(self.events if path.endswith("/events") else self.pods)


def pod(digest: str, *, pulled: bool = True, name: str = "web", phase: str = "Running") -> dict[str, Any]:
    status = {"name": name, "imageID": f"registry.example.com/team/web@{digest}" if pulled else ""}
    return {
        "metadata": {"name": f"{name}-1", "labels": {**selector(SPEC, name), "pod-template-hash": "x"}},
        "spec": {"containers": [{"name": name, "image": f"registry.example.com/team/web@{digest}"}]},
        "status": {"phase": phase, "containerStatuses": [status]},
    }


@pytest.mark.parametrize(
    ("pods", "running", "verdict"),
    [
        ([], {}, "no pods"),
        ([pod(DIGEST), pod(DIGEST, pulled=False, phase="Pending")], {DIGEST: 2}, "as declared"),
        ([pod(DIGEST), pod(OTHER)], {DIGEST: 1, OTHER: 1}, "rolling out"),
        ([pod(OTHER), pod(DIGEST, phase="Failed"), pod(DIGEST, name="api")], {OTHER: 1}, "other image"),
    ],
)
def test_what_runs_beside_what_is_declared(pods: list[dict[str, Any]], running: dict[str, int], verdict: str) -> None:
    cluster = Pods(*pods)
    (found,) = images_in_use(SPEC, cast(Kube, cluster))
    assert (found.namespace, found.workload, found.declared) == ("web", "web", IMAGE)
    assert (found.running, found.verdict) == (running, verdict)
    assert cluster.asked == [
        ("/api/v1/namespaces/web/pods", {"labelSelector": "app.kubernetes.io/managed-by=slipway"}),
        ("/api/v1/namespaces/web/events", {"fieldSelector": "type=Warning"}),
    ]


def test_of_an_image_named_by_a_tag_the_tag_is_compared() -> None:
    spec = environment({"web": {"image": "web:1.2"}}, pinned=False)
    tagged = pod(DIGEST)
    tagged["spec"]["containers"][0]["image"] = "web:1.2"
    (found,) = images_in_use(spec, cast(Kube, Pods(tagged)))
    assert (found.running, found.verdict) == ({"web:1.2": 1}, "as declared")


def test_without_a_cluster_the_files_are_told_alone() -> None:
    (found,) = declared_images(SPEC)
    assert (found.declared, found.running, found.verdict) == (IMAGE, None, "-")


def test_a_pod_that_does_not_serve_is_named() -> None:
    broken = pod(DIGEST, pulled=False, phase="Pending")
    broken["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "ImagePullBackOff", "message": "denied"}}
    (found,) = images_in_use(SPEC, cast(Kube, Pods(broken, pod(DIGEST))))
    assert found.troubles == ("web-1: container web: ImagePullBackOff: denied",)


def refused(kind: str, name: str, message: str, when: str = "2026-11-24T10:00:00Z") -> dict[str, Any]:
    return {
        "reason": "FailedCreate",
        "involvedObject": {"kind": kind, "name": name},
        "message": message,
        "lastTimestamp": when,
    }


QUOTA = 'Error creating: pods "web-7d9-x" is forbidden: exceeded quota: quota, requested: pods=1, used: pods=1'
EVENTS = (
    refused("ReplicaSet", "web-7d9", QUOTA, "2026-11-24T10:05:00Z"),
    refused("ReplicaSet", "web-6c4", "Error creating: older"),
    refused("ReplicaSet", "web-api-6c4", "Error creating: of another", "2026-11-24T10:09:00Z"),
    refused("StatefulSet", "web", "Error creating: of another kind", "2026-11-24T10:09:00Z"),
)


def test_pods_that_could_not_even_be_made_are_told_with_the_newest_reason() -> None:
    (found,) = images_in_use(SPEC, cast(Kube, Pods(pod(DIGEST), events=EVENTS)))
    assert found.troubles == (f"web-7d9: makes no pod: {QUOTA.removeprefix('Error creating: ')}",)


def test_what_has_all_its_pods_has_no_trouble_whatever_was_refused_before() -> None:
    (found,) = images_in_use(SPEC, cast(Kube, Pods(pod(DIGEST), pod(DIGEST), events=EVENTS)))
    assert found.troubles == ()


def test_a_controller_of_its_own_name_is_told_too() -> None:
    spec = environment({"web": {"image": IMAGE, "kind": "StatefulSet"}})
    (found,) = images_in_use(spec, cast(Kube, Pods(events=EVENTS)))
    assert found.troubles == ("web: makes no pod: of another kind",)
