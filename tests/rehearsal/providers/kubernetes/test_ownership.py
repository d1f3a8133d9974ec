from __future__ import annotations

import re
from typing import Any

import pytest

from rehearsal.providers.kubernetes.ownership import (
    is_taken_over_conflict,
    merged_fields,
    new_field_manager,
    taken_over,
    with_ignored,
)

OURS = {
    "manager": "pulumi-kubernetes-1",
    "operation": "Apply",
    "apiVersion": "apps/v1",
    "time": "2026-01-01T00:00:00Z",
    "fieldsType": "FieldsV1",
    "fieldsV1": {"f:spec": {"f:replicas": {}}},
}


def entry(manager: str, operation: str, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**OURS, "manager": manager, "operation": operation, "fieldsV1": fields, **more}


def test_a_new_manager_has_the_vendors_form() -> None:
    assert re.fullmatch(r"pulumi-kubernetes-[0-9a-f]{8}", new_field_manager())
    assert new_field_manager() != new_field_manager()


@pytest.mark.parametrize(
    ("manager", "operation"),
    [
        ("kubectl-edit", "Update"),
        ("kubectl", "Apply"),
        ("before-first-apply", "Update"),
        ("pulumi-kubernetes", "Update"),
        ("pulumi-resource-kubernetes", "Update"),
    ],
)
def test_taken_over(manager: str, operation: str) -> None:
    theirs = entry(manager, operation, {"f:spec": {"f:image": {}}}, time="2026-02-01T00:00:00Z")
    status = entry("kube-controller-manager", "Update", {"f:status": {}})
    assert taken_over([OURS, theirs, status], "pulumi-kubernetes-1", "apps/v1") == [
        status,
        {**OURS, "time": "2026-02-01T00:00:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}, "f:image": {}}}},
    ]


@pytest.mark.parametrize(
    "theirs",
    [
        entry("kubectl", "Update", {}, subresource="scale"),
        entry("kube-controller-manager", "Update", {}),
        entry("pulumi-kubernetes-2", "Apply", {}),
        entry("someone", "Apply", {}),
    ],
)
def test_not_taken_over(theirs: dict[str, Any]) -> None:
    assert taken_over([OURS, theirs], "pulumi-kubernetes-1", "apps/v1") is None


def test_taken_over_before_anything_was_applied() -> None:
    taken = taken_over([entry("kubectl-create", "Update", {"f:data": {}})], "m", "v1")
    assert taken == [{**OURS, "manager": "m", "apiVersion": "v1", "fieldsV1": {"f:data": {}}}]


def test_merged_fields() -> None:
    assert merged_fields({"f:a": {"f:b": {}}, "f:c": {}}, {"f:a": {"f:d": {}}, "f:e": {}}) == {
        "f:a": {"f:b": {}, "f:d": {}},
        "f:c": {},
        "f:e": {},
    }


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ('conflict with "kubectl-edit" using apps/v1', True),
        ('conflict with "kubectl-edit"', True),
        ('conflict with "kubectl" with subresource "scale" using apps/v1', False),
        ('conflict with "flux" using apps/v1', False),
        ("something else", False),
    ],
)
def test_conflicts(sentence: str, expected: bool) -> None:
    assert is_taken_over_conflict(sentence) is expected


LIVE = {
    "metadata": {
        "managedFields": [
            entry("hpa", "Update", {"f:spec": {"f:replicas": {}, "f:shared": {}}}),
            entry("me", "Apply", {"f:spec": {"f:shared": {}, "f:mine": {}}}),
        ]
    },
    "spec": {"replicas": 7, "shared": "live", "mine": "live", "unowned": "live"},
}


@pytest.mark.parametrize(
    ("ignored", "spec"),
    [
        (["spec.replicas"], {"shared": "new", "mine": "new"}),
        (["spec.shared"], {"replicas": 1, "shared": "live", "mine": "new"}),
        (["spec.mine"], {"replicas": 1, "shared": "new", "mine": "live"}),
        (["spec.unowned"], {"replicas": 1, "shared": "new", "mine": "new", "unowned": "live"}),
        (["spec.absent.deep"], {"replicas": 1, "shared": "new", "mine": "new"}),
        (["spec.*", "spec[0]"], {"replicas": 1, "shared": "new", "mine": "new"}),
        ([], {"replicas": 1, "shared": "new", "mine": "new"}),
    ],
)
def test_ignored_changes(ignored: list[str], spec: dict[str, Any]) -> None:
    fields = {"kind": "X", "spec": {"replicas": 1, "shared": "new", "mine": "new"}}
    assert with_ignored(fields, LIVE, ignored, "me") == {"kind": "X", "spec": spec}
    assert fields["spec"] == {"replicas": 1, "shared": "new", "mine": "new"}
