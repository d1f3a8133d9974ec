"""How far a controller has come: the judgement of ``kubectl rollout status``, from one look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rollout:
    """How many pods a controller should have, and how it stands."""

    wanted: int
    pods: int
    """Pods that exist, ready or not."""
    words: str
    """What is left to happen; empty: nothing."""

    @property
    def done(self) -> bool:
        """Whether all its pods are ready and of the newest version."""
        return not self.words


def rollout_of(kind: str, live: Mapping[str, Any]) -> Rollout:
    """Return how a Deployment, StatefulSet or DaemonSet stands."""
    spec, status = live.get("spec", {}), live.get("status", {})
    if kind == "DaemonSet":
        wanted, pods = status.get("desiredNumberScheduled", 0), status.get("currentNumberScheduled", 0)
        ready, updated = status.get("numberAvailable", 0), status.get("updatedNumberScheduled", 0)
    else:
        wanted, pods = spec.get("replicas", 1), status.get("replicas", 0)
        ready, updated = status.get("availableReplicas", 0), status.get("updatedReplicas", 0)
    needed = wanted - _held_back(kind, spec)
    if status.get("observedGeneration", 0) < live.get("metadata", {}).get("generation", 0):
        words = "its last change has not been taken up by the controller manager"
    elif ready < wanted:
        words = f"{ready} of {wanted} pods are ready"
    elif updated < needed:
        words = f"{updated} of {needed} pods are of the newest version"
    elif kind == "Deployment" and pods > updated:
        older = pods - updated
        words = f"{older} pod{' of an older version is' if older == 1 else 's of an older version are'} still there"
    else:
        words = ""
    stuck = _stuck(status)
    return Rollout(wanted, pods, f"{words}; {stuck}" if words and stuck else words)


def _held_back(kind: str, spec: Mapping[str, Any]) -> int:
    """Return how many pods keep the old version on purpose (``partition``)."""
    if kind != "StatefulSet":
        return 0
    partition = (spec.get("updateStrategy", {}).get("rollingUpdate") or {}).get("partition") or 0
    return min(int(partition), int(spec.get("replicas", 1)))


def _stuck(status: Mapping[str, Any]) -> str:
    """Return what a Deployment says of an update that does not get on."""
    for condition in status.get("conditions") or []:
        if condition.get("type") == "Progressing" and condition.get("status") == "False":
            return f"its update has failed: {condition.get('reason')}"
    return ""
