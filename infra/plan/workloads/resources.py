"""What a container asks for and may use, in Kubernetes' words."""

from __future__ import annotations

from typing import Any

from infra.spec.workloads.parts import ResourcesSpec


def container_resources(resources: ResourcesSpec) -> dict[str, Any]:
    """Return requests and limits."""
    held = {"memory": resources.memory, "ephemeral-storage": resources.ephemeral_storage}
    # Of a device there is no more than what was asked for, and the API server wants both to say so.
    held |= {device: str(count) for device, count in resources.devices.items()}
    limits = held if resources.cpu_limit is None else {**held, "cpu": resources.cpu_limit}
    return {"requests": {"cpu": resources.cpu, **held}, "limits": dict(limits)}
