"""A Kubernetes object as a plan holds it, and what all objects of a workload share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.plan.naming import kubernetes_token
from infra.spec import EnvironmentSpec
from infra.spec.workloads.image_reference import image_parts
from infra.spec.workloads.workload import WorkloadSpec

SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""pulumi-kubernetes then does not wait until the object is ready."""


@dataclass(frozen=True)
class SecretReference:
    """Stands in an object for the name of a Secret that Pulumi makes up: a changed Secret gets a new name."""

    logical_name: str


@dataclass(frozen=True)
class KubernetesObject:
    """One object to declare. ``body`` is everything but ``apiVersion`` and ``kind``."""

    api_version: str
    kind: str
    logical_name: str
    body: Mapping[str, Any]
    protect: bool = False
    left: tuple[str, ...] = ()
    """Paths of fields that somebody else writes once it is there, as an autoscaler does."""

    @property
    def name(self) -> str:
        """The name of the object in its namespace."""
        return str(self.body["metadata"]["name"])

    @property
    def token(self) -> str:
        """The type of the object as Pulumi's kubernetes package calls it."""
        return kubernetes_token(self.api_version, self.kind)

    def manifest(self) -> dict[str, Any]:
        """Return the object as YAML would hold it; a Secret's name reads ``<logical name>-*``."""
        return {"apiVersion": self.api_version, "kind": self.kind, **_written(self.body)}


def _written(value: Any) -> Any:
    if isinstance(value, SecretReference):
        return f"{value.logical_name}-x"
    if isinstance(value, Mapping):
        return {key: _written(item) for key, item in value.items()}
    return [_written(item) for item in value] if isinstance(value, list | tuple) else value


def selector(spec: EnvironmentSpec, name: str) -> dict[str, str]:
    """Return the labels that a workload's pods are selected by. They cannot change while the workload lives."""
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": f"{name}-{spec.name}"[:63].rstrip("-")}


def labels(spec: EnvironmentSpec, workload: WorkloadSpec) -> dict[str, str]:
    """Return the recommended labels (kubernetes.io, "Recommended Labels") and the workload's own."""
    return {
        **workload.labels,
        **selector(spec, workload.name),
        "app.kubernetes.io/part-of": spec.name[:63].rstrip("-"),
        "app.kubernetes.io/managed-by": "slipway",
    }


def versioned_labels(spec: EnvironmentSpec, workload: WorkloadSpec) -> dict[str, str]:
    """Return the labels of what runs the image; nothing else changes with a new version of it."""
    return {**labels(spec, workload), "app.kubernetes.io/version": version(workload.image)}


def version(image: str) -> str:
    """Return what a label can say of an image's version: the tag, else the first 12 digits of the digest."""
    _, tag, digest = image_parts(image)
    if tag is not None:
        # A tag may end in what a label's value may not.
        return tag[:63].strip("._-") or "unknown"
    return digest.removeprefix("sha256:")[:12] if digest else "unknown"


def metadata(
    spec: EnvironmentSpec, workload: WorkloadSpec, name: str, annotations: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the metadata of one of a workload's objects."""
    made: dict[str, Any] = {"name": name, "namespace": workload.namespace, "labels": labels(spec, workload)}
    if annotations:
        made["annotations"] = dict(annotations)
    return made


def digest_of(value: Any) -> str:
    """Return ten hexadecimal digits that change with ``value``."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:10]


def await_annotations(workload: WorkloadSpec) -> dict[str, str]:
    """Return the annotations by which Pulumi waits for an object of this workload, or does not."""
    return {} if workload.wait else dict(SKIP_AWAIT)
