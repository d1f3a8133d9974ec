"""Nodes and pods as the API server describes them, and its answers to evictions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.ops.kube import ClusterRefusedError
from infra.ops.roll.cluster import KubeCluster, Pod, node_of, pod_of
from infra.ops.roll.view import Node
from tests.infra.ops.roll.simulation import pod

RAW_NODE: dict[str, Any] = {
    "metadata": {
        "name": "n-1",
        "labels": {"slipway/instance-group": "nodes"},
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "resourceVersion": "7",
    },
    "spec": {"providerID": "aws:///eu-central-1a/i-0123"},
    "status": {"conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {"kubeletVersion": "v1.37.2"}},
}


def test_a_node() -> None:
    plain = Node(
        "n-1", "i-0123", True, False, False, False, False, "v1.37.2", datetime(2026, 1, 1, tzinfo=UTC), "nodes", (), "7"
    )
    assert node_of(RAW_NODE) == plain
    assert node_of({**RAW_NODE, "spec": {}, "status": {}}).instance_id == ""
    assert not node_of({**RAW_NODE, "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}).ready
    marked = {"slipway/roll": "since", "slipway/needs-update": ""}
    taints = [{"key": "slipway/roll-scheduled", "effect": "PreferNoSchedule"}]
    found = node_of(
        {
            **RAW_NODE,
            "metadata": {**RAW_NODE["metadata"], "annotations": marked},
            "spec": {"unschedulable": True, "taints": taints},
        }
    )
    assert (found.cordoned, found.draining, found.needs_update, found.tainted) == (True, True, True, True)


def test_a_pod() -> None:
    owners = [{"kind": "X", "name": "no"}, {"kind": "ReplicaSet", "name": "web-1", "controller": True}]
    raw = {"metadata": {"namespace": "web", "name": "a", "uid": "uid-a", "ownerReferences": owners}, "spec": {}}
    assert pod_of(raw) == pod("a")
    rich: dict[str, Any] = {
        "metadata": {
            "namespace": "web", "name": "a", "uid": "u", "deletionTimestamp": "now",
            "annotations": {"kubernetes.io/config.mirror": "x"},
        },
        "spec": {"volumes": [{"name": "a", "emptyDir": {}}]},
        "status": {"phase": "Failed"},
    }  # fmt: skip
    assert pod_of(rich) == Pod("web", "a", "u", "", "", mirror=True, finished=True, leaving=True, empty_dir=True)


class Api:
    """Answers as told, and keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, Any]] = []

    def request(self, method: str, path: str, *, body: Any = None, patch: str = "") -> Any:
        assert patch == ("merge" if method == "PATCH" else "")
        self.asked.append((method, path, body))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def items(self, path: str, **query: str) -> list[Any]:
        self.asked.append(("LIST", path, query))
        return list(self.answers.pop(0))


def cluster(*answers: Any) -> tuple[KubeCluster, Api]:
    api: Any = Api(*answers)
    return KubeCluster(api), api


def refusal(status: int, message: str = "said the API", **details: Any) -> ClusterRefusedError:
    return ClusterRefusedError("cannot POST", status, {"message": message, "details": details})


def test_an_eviction_is_of_this_very_pod() -> None:
    made, api = cluster({})
    assert made.evict(pod("a")) is None
    assert api.asked == [
        (
            "POST",
            "/api/v1/namespaces/web/pods/a/eviction",
            {
                "apiVersion": "policy/v1",
                "kind": "Eviction",
                "metadata": {"name": "a", "namespace": "web"},
                "deleteOptions": {"preconditions": {"uid": "uid-a"}},
            },
        )
    ]


BUDGET = {
    "reason": "DisruptionBudget",
    "message": "The disruption budget front needs 2 healthy pods and has 2 currently",
}


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (refusal(404), None),
        (refusal(409), None),
        (
            refusal(429, "Cannot evict pod", causes=[BUDGET]),
            ("The disruption budget front needs 2 healthy pods and has 2 currently", "front"),
        ),
        (refusal(429, "Too many requests"), ("Too many requests", "")),
        (
            refusal(
                500, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
            ),
            ("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support", ""),
        ),
        (refusal(403, "namespace is being terminated"), ("namespace is being terminated", "")),
    ],
)
def test_answers_to_an_eviction(error: ClusterRefusedError, found: tuple[str, str] | None) -> None:
    made, _ = cluster(error)
    blocker = made.evict(pod("a"))
    assert (None if blocker is None else (blocker.reason, blocker.budget)) == found


def test_other_answers_are_errors() -> None:
    made, _ = cluster(refusal(422))
    with pytest.raises(ClusterRefusedError):
        made.evict(pod("a"))


def owned(kind: str, name: str) -> dict[str, Any]:
    return {"metadata": {"ownerReferences": [{"kind": kind, "name": name, "controller": True}]}}


def test_what_a_pod_belongs_to() -> None:
    made, api = cluster(owned("Deployment", "web"), {"metadata": {}}, refusal(404), owned("CronJob", "nightly"))
    assert made.owner(pod("a")) == "Deployment web"
    assert made.owner(pod("a")) == "ReplicaSet web-1"
    assert made.owner(pod("a")) == "ReplicaSet web-1"
    assert made.owner(pod("a", owner_kind="Job", owner_name="n-1")) == "CronJob nightly"
    assert made.owner(pod("a", owner_kind="StatefulSet", owner_name="db")) == "StatefulSet db"
    assert made.owner(pod("a", owner_kind="", owner_name="")) == "no controller"
    assert [path for _, path, _ in api.asked] == [
        *["/apis/apps/v1/namespaces/web/replicasets/web-1"] * 3,
        "/apis/batch/v1/namespaces/web/jobs/n-1",
    ]


def test_nodes_are_asked_for_by_the_names_of_their_groups() -> None:
    made, api = cluster([RAW_NODE], [])
    assert [each.name for each in made.nodes(["b", "a"])] == ["n-1"]
    assert made.nodes() == ()
    assert api.asked == [
        ("LIST", "/api/v1/nodes", {"labelSelector": "slipway/instance-group in (a,b)"}),
        ("LIST", "/api/v1/nodes", {}),
    ]


def test_a_cordon_and_its_annotation_are_one_request() -> None:
    made, api = cluster({}, refusal(404), refusal(403))
    made.cordon("n-1", "since")
    made.cordon("n-1", "since")
    body = {"metadata": {"annotations": {"slipway/roll": "since"}}, "spec": {"unschedulable": True}}
    assert api.asked == [("PATCH", "/api/v1/nodes/n-1", body)] * 2
    with pytest.raises(ClusterRefusedError):
        made.cordon("n-1", "since")


def test_a_taint_leaves_others_alone() -> None:
    other = {"key": "dedicated", "value": "x", "effect": "NoSchedule"}
    ours = {"key": "slipway/roll-scheduled", "effect": "PreferNoSchedule"}
    node = node_of({**RAW_NODE, "spec": {"taints": [other]}})
    tainted = node_of({**RAW_NODE, "spec": {"taints": [other, ours]}})
    made, api = cluster({}, {}, {}, refusal(409))
    made.taint(node, on=True)
    made.taint(tainted, on=True)
    made.taint(tainted, on=False)
    made.taint(node, on=True)
    assert [body["spec"]["taints"] for _, _, body in api.asked[:3]] == [[other, ours], [other, ours], [other]]
    assert {body["metadata"]["resourceVersion"] for _, _, body in api.asked} == {"7"}


def test_pods_and_nodes_that_go() -> None:
    made, api = cluster([], {})
    assert made.pods("n-1") == ()
    made.forget("n-1")
    assert api.asked == [
        ("LIST", "/api/v1/pods", {"fieldSelector": "spec.nodeName=n-1"}),
        ("DELETE", "/api/v1/nodes/n-1", None),
    ]
