"""Which images an environment's pods ask for, by the plan: each by its exact reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.spec import EnvironmentSpec

_CONTAINERS = ("containers", "initContainers")


def declared_images(spec: EnvironmentSpec) -> list[str]:
    """Return the images of all that the environment has in its cluster, sorted."""
    from infra.plan.environment import plan_environment

    plan = plan_environment(spec)
    parts = [*plan.addons]
    for each in (plan.edge, plan.logging, plan.monitoring):
        parts += each.in_cluster if each is not None else ()
    bodies: list[Any] = [declared.body for part in parts for declared in part.objects]
    bodies += [declared.body for workload in plan.workloads for declared in workload.objects]
    return sorted({image for body in bodies for image in _images(body)})


def _images(body: Any) -> Iterator[str]:
    if isinstance(body, Mapping):
        for name, value in body.items():
            if name in _CONTAINERS and isinstance(value, list):
                yield from (str(each["image"]) for each in value if isinstance(each, Mapping) and "image" in each)
            else:
                yield from _images(value)
    elif isinstance(body, list | tuple):
        for value in body:
            yield from _images(value)


def repository(image: str) -> str:
    """Return an image's name without tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"
