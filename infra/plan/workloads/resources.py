"""What a container asks for and may use, in Kubernetes' words."""

from __future__ import annotations

from typing import Any

from infra.spec.workloads.parts import ResourcesSpec


def container_resources(resources: ResourcesSpec) -> dict[str, Any]:
    """Return requests and limits."""
    held = {"memory": resources.memory, "ephemeral-storage": resources.ephemeral_storage}
    limits = held if resources.cpu_limit is None else {**held, "cpu": resources.cpu_limit}
    return {"requests": {"cpu": resources.cpu, **held}, "limits": dict(limits)}
