"""How many pods a Deployment has, by what they use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from infra.spec.base import SpecModel
from infra.spec.workloads import foreign
from infra.spec.workloads.scalars import Seconds

PodCount = Annotated[int, Field(ge=1, le=1000)]

CPU_PERCENT = 80
"""Percentage of the CPU request that a HorizontalPodAutoscaler without metrics goes by (Kubernetes' API,
``autoscaling/v2``, ``spec.metrics``)."""


class AutoscalingSpec(SpecModel):
    """Deployment: as many pods as their use asks for (a HorizontalPodAutoscaler), in place of `replicas`."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_AUTOSCALING

    min_replicas: PodCount = 2
    """Pods that there are at least, and to begin with."""

    max_replicas: Annotated[PodCount, Field(examples=[10])]
    """Pods that there are at most. The cluster-autoscaler adds machines for them, up to `maxSize` of a group."""

    cpu_percent: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Share of `resources.cpu` that the pods are held at, on average: above it some are added, below it taken away.
    Unset: 80, as in Kubernetes, or with `memoryPercent` none."""

    memory_percent: Annotated[int, Field(ge=1, le=95)] | None = None
    """Share of `resources.memory`, which is also the limit, likewise. Unset: memory does not count. It is of use
    to programs alone that give back what they no longer need. With both, the one that asks for more pods decides."""

    scale_down_after: Seconds = "5m"
    """How long fewer pods must have been enough before some are taken away, up to 1h. Kubernetes' default."""

    @property
    def cpu_target(self) -> int | None:
        """The percentage of the CPU request that counts; None where memory alone does."""
        return CPU_PERCENT if self.cpu_percent is None and self.memory_percent is None else self.cpu_percent
