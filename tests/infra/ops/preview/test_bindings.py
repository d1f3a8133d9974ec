from __future__ import annotations

from typing import Any

from tests.infra.ops.preview.made import UNKNOWN_VALUE, report_of, step

CLUSTER = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"
INSIDE = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"


def binding(role: str, *subjects: str, namespace: str | None = None) -> dict[str, Any]:
    """Return a binding's inputs; a subject is ``Kind name``."""
    listed = [dict(zip(("kind", "name"), each.split(" "), strict=True)) for each in subjects]
    metadata = {"name": "b"} if namespace is None else {"name": "b", "namespace": namespace}
    return {"metadata": metadata, "roleRef": {"kind": "ClusterRole", "name": role}, "subjects": listed}


def told(*events: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(each.words(), each.alarming) for each in report_of(*events).permissions]


def test_a_role_that_may_do_everything_alarms() -> None:
    made = step("create", CLUSTER, "b", None, binding("cluster-admin", "Group oidc:ops", "User oidc:ada"))
    assert told(made) == [
        ("group oidc:ops may now: what the role cluster-admin allows on the whole cluster", True),
        ("user oidc:ada may now: what the role cluster-admin allows on the whole cluster", True),
    ]
    assert report_of(made).verdict == "attention"


def test_of_an_update_what_differs_is_told() -> None:
    old, new = binding("view", "Group oidc:a", "Group oidc:b"), binding("view", "Group oidc:b", "Group oidc:c")
    assert told(step("update", CLUSTER, "b", old, new)) == [
        ("group oidc:c may now: what the role view allows on the whole cluster", False),
        ("group oidc:a may no longer: what the role view allows on the whole cluster", False),
    ]


def test_what_goes_is_taken_back_and_alarms_nobody() -> None:
    gone = step("delete", INSIDE, "b", binding("cluster-admin", "Group oidc:a", namespace="web"))
    assert told(gone) == [
        ("group oidc:a may no longer: what the role cluster-admin allows on the namespace web", False)
    ]


def test_the_clusters_own_and_service_accounts_are_left_out() -> None:
    own = ("Group system:nodes", "Group slipway:administrators", "User kube-apiserver-kubelet-client")
    assert told(step("create", CLUSTER, "b", None, binding("cluster-admin", *own, "ServiceAccount operator"))) == []


def test_what_is_known_later_is_said_to_be() -> None:
    inputs = {**binding("view"), "subjects": UNKNOWN_VALUE}
    ((words, alarming),) = told(step("create", CLUSTER, "b", None, inputs))
    assert words.startswith("somebody may now: ")
    assert not alarming


def test_another_object_is_no_binding() -> None:
    assert told(step("create", "kubernetes:core/v1:ConfigMap", "b", None, binding("view", "Group oidc:a"))) == []
