"""How far a controller has come, where its status leaves out what is nothing."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.validate.rollout import Rollout, rollout_of

PROGRESSES = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
STUCK = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
WHOLE = {"replicas": 3, "availableReplicas": 3, "updatedReplicas": 3}


@pytest.mark.parametrize(
    ("kind", "spec", "status", "found"),
    [
        # Kubernetes leaves out a number that is 0, and a Deployment without replicas has one.
        ("Deployment", {}, {}, Rollout(1, 0, "0 of 1 pods are ready")),
        ("Deployment", {"replicas": 0}, {}, Rollout(0, 0, "")),
        ("DaemonSet", {}, {}, Rollout(0, 0, "")),
        ("DaemonSet", {}, {"desiredNumberScheduled": 1}, Rollout(1, 0, "0 of 1 pods are ready")),
        (
            "DaemonSet",
            {},
            {"desiredNumberScheduled": 1, "currentNumberScheduled": 1, "numberAvailable": 1},
            Rollout(1, 1, "0 of 1 pods are of the newest version"),
        ),
        (
            "StatefulSet",
            {"replicas": 3},
            {**WHOLE, "updatedReplicas": 0},
            Rollout(3, 3, "0 of 3 pods are of the newest version"),
        ),
        ("Deployment", {"replicas": 3}, {**WHOLE, "conditions": [STUCK]}, Rollout(3, 3, "")),
        (
            "Deployment",
            {"replicas": 3},
            {**WHOLE, "availableReplicas": 2, "conditions": [PROGRESSES]},
            Rollout(3, 3, "2 of 3 pods are ready"),
        ),
        (
            "Deployment",
            {"replicas": 3},
            {**WHOLE, "availableReplicas": 2, "conditions": [STUCK]},
            Rollout(3, 3, "2 of 3 pods are ready; its update has failed: ProgressDeadlineExceeded"),
        ),
        (
            "Deployment",
            {"replicas": 3},
            {**WHOLE, "replicas": 4},
            Rollout(3, 4, "1 pod of an older version is still there"),
        ),
        (
            "Deployment",
            {"replicas": 3},
            {**WHOLE, "replicas": 5},
            Rollout(3, 5, "2 pods of an older version are still there"),
        ),
    ],
)
def test_what_is_left_out_is_nothing(kind: str, spec: dict[str, Any], status: dict[str, Any], found: Rollout) -> None:
    assert rollout_of(kind, {"metadata": {}, "spec": spec, "status": status}) == found


def test_a_change_that_was_not_taken_up_is_told_first() -> None:
    live = {"metadata": {"generation": 1}, "spec": {"replicas": 3}, "status": WHOLE}
    assert rollout_of("Deployment", live).words == "its last change has not been taken up by the controller manager"
