"""Labels and annotations that a workload may set, and those that are not its own to set."""

from __future__ import annotations

from typing import Annotated

from infra.spec.base import checked, refuse_entries
from infra.spec.labels import Trouble, key_trouble, value_trouble

_CONTROLLERS_LABELS = (
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "controller-uid",
    "job-name",
)
"""Labels without a domain by which controllers know their pods (Kubernetes reference, "Well-Known Labels")."""

_WRITTEN_ANNOTATIONS = (
    "deployment.kubernetes.io/",
    "deprecated.daemonset.template.generation",
    "kubectl.kubernetes.io/default-container",
    "kubectl.kubernetes.io/last-applied-configuration",
)
"""Annotations that controllers, kubectl and Slipway write, or beginnings of them."""


def _reserved_label(key: str) -> Trouble | None:
    """Return why a label is not a workload's to set: a selector or a controller goes by it."""
    if key.startswith("app.kubernetes.io/"):
        return (
            "is a label that Slipway sets itself: selectors rest on it",
            "use another key, or an annotation for what nothing selects by",
        )
    domain = key.rpartition("/")[0]
    kubernetes = any(domain == each or domain.endswith(f".{each}") for each in ("kubernetes.io", "k8s.io"))
    if kubernetes or key in _CONTROLLERS_LABELS:
        return (
            "is a label that Kubernetes keeps for itself: its controllers set it, or go by it",
            "use a key of your own, as example.com/team",
        )
    return None


def _labels(values: dict[str, str]) -> dict[str, str]:
    refuse_entries(
        [
            (key, *trouble)
            for key, value in values.items()
            if (trouble := _reserved_label(key) or key_trouble(key) or value_trouble(value))
        ]
    )
    return values


def _annotation_trouble(key: str) -> Trouble | None:
    if key.startswith(_WRITTEN_ANNOTATIONS):
        return "is an annotation that others write: both would change it for ever", "remove it"
    return key_trouble(key)


def _annotations(values: dict[str, str]) -> dict[str, str]:
    refuse_entries([(key, *trouble) for key in values if (trouble := _annotation_trouble(key))])
    return values


def _node_selector(values: dict[str, str]) -> dict[str, str]:
    refuse_entries(
        [(key, *trouble) for key, value in values.items() if (trouble := key_trouble(key) or value_trouble(value))]
    )
    return values


Annotations = Annotated[dict[str, str], checked(_annotations)]
PodLabels = Annotated[dict[str, str], checked(_labels)]
NodeSelector = Annotated[dict[str, str], checked(_node_selector)]
