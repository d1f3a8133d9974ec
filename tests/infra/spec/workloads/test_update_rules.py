"""A setting of updates that the kind does not know is refused, not left out in silence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.workload_samples import IMAGE, problems

CLAIM = {"name": "data", "path": "/data", "sizeGi": 1}


def told(kind: str, update: dict[str, Any], **change: Any) -> list[str]:
    web = {"image": IMAGE, "kind": kind, "ports": [{"name": "http", "port": 8080}], "update": update, **change}
    return problems({"web": web})


@pytest.mark.parametrize(
    ("kind", "update"),
    [
        ("Deployment", {"maxSurge": "2", "maxUnavailable": "1", "progressDeadlineSeconds": 60, "minReadySeconds": 1}),
        ("StatefulSet", {"partition": 2, "minReadySeconds": 30}),
        ("DaemonSet", {"maxSurge": "0", "maxUnavailable": "10%"}),
    ],
)
def test_what_the_kind_knows_is_accepted(kind: str, update: dict[str, Any]) -> None:
    assert told(kind, update) == []


NOTHING = "and does nothing for a"


@pytest.mark.parametrize(
    ("kind", "update", "line"),
    [
        ("StatefulSet", {"maxSurge": "2"}, f"maxSurge: '2' is for a Deployment or DaemonSet, {NOTHING} StatefulSet."),
        ("StatefulSet", {"maxUnavailable": "1"},
         f"maxUnavailable: '1' is for a Deployment or DaemonSet, {NOTHING} StatefulSet."),
        ("StatefulSet", {"progressDeadlineSeconds": 60},
         f"progressDeadlineSeconds: 60 is for a Deployment, {NOTHING} StatefulSet."),
        ("DaemonSet", {"progressDeadlineSeconds": 60},
         f"progressDeadlineSeconds: 60 is for a Deployment, {NOTHING} DaemonSet."),
        ("DaemonSet", {"partition": 1}, f"partition: 1 is for a StatefulSet, {NOTHING} DaemonSet."),
        ("Deployment", {"partition": 1}, f"partition: 1 is for a StatefulSet, {NOTHING} Deployment."),
    ],
)  # fmt: skip
def test_what_it_does_not_know_is_refused(kind: str, update: dict[str, Any], line: str) -> None:
    assert told(kind, update) == [f"apps/web.yaml: update.{line} Fix: remove it."]


def test_a_deployment_with_a_volume_is_recreated_and_knows_no_surge() -> None:
    assert told("Deployment", {"maxSurge": "2"}, claims=[CLAIM], replicas=1) == [
        "apps/web.yaml: update.maxSurge: '2' does nothing here: a Deployment with claims is one pod, which is "
        "recreated. Fix: remove it."
    ]
    assert (
        told("Deployment", {"maxSurge": "2"}, claims=[{**CLAIM, "access": "ReadWriteMany", "storageClass": "efs"}])
        == []
    )
