"""Objects that the engine calls updated, since it cannot reach the API before the update, are no changes."""

from __future__ import annotations

from typing import Any

from tests.infra.ops.preview.made import SECRET_VALUE, UNKNOWN_VALUE, report_of, step

PROVIDER, ROLE, SECRET = (
    "pulumi:providers:kubernetes",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
    "kubernetes:core/v1:Secret",
)
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
SENTENCE = (
    "2 objects in the cluster are compared during the update alone: it makes the name that the API is reached by. As "
    "declared, they stay as before."
)


def provider(op: str) -> dict[str, Any]:
    return step(op, PROVIDER, "kubernetes", {"kubeconfig": SECRET_VALUE}, {"kubeconfig": UNKNOWN_VALUE})


def objects(rules: list[str]) -> list[dict[str, Any]]:
    return [
        step("update", ROLE, "viewer", {"rules": ["get"]}, {"rules": rules}),
        step("update", ROLE, "editor", {"rules": ["get"]}, {"rules": ["get"]}),
        step("update", SECRET, "token", {"data": SECRET_VALUE}, {"stringData": SECRET_VALUE}),
    ]


def test_what_is_declared_as_before_is_no_change() -> None:
    made = step("create", BALANCER, "api-public", None, {"name": "api"})
    report = report_of(provider("update"), made, *objects(["get", "list"]))
    assert [change.name for change in report.changes] == ["api-public", "viewer"]
    assert report.counts == {"update": 1, "create": 1}
    assert SENTENCE in report.sentences


def test_nothing_else_hides_them() -> None:
    """With a provider that stays as it was, the engine has asked it, and has a reason."""
    for others in ([], [provider("same")]):
        report = report_of(*others, *objects(["get"]))
        assert [change.name for change in report.changes] == ["viewer", "editor", "token"]
        assert not any("compared during the update" in sentence for sentence in report.sentences)
