"""What one pod of a workload asks for: its container's share and its sidecars'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infra.spec.workloads.parts import ResourcesSpec
from infra.spec.workloads.scalars import cpu_millicores, memory_bytes
from infra.spec.workloads.workload import WorkloadSpec


@dataclass(frozen=True)
class Share:
    """What one container asks for, in Kubernetes' words."""

    cpu: str
    memory: str
    disk: str


SIDECARS: dict[Literal["stream", "agent"], Share] = {
    "stream": Share("10m", "32Mi", "16Mi"),
    "agent": Share("20m", "64Mi", "128Mi"),
}
"""What a container of each type of sidecar asks for; a ``stream`` has one for each of its files."""


@dataclass(frozen=True)
class PodSize:
    """What a pod asks for in all: millicores, and bytes of memory and of the node's disk."""

    cpu: int
    memory: int
    disk: int


def pod_size(workload: WorkloadSpec) -> PodSize:
    """Return what the scheduler and a quota count for one pod.

    That is what its containers ask for together, or what one that runs before the others asks for with those that are
    beside it by then, if that is more (Kubernetes, "Sidecar Containers", "Resource sharing within containers").
    """
    beside: list[Share] = []
    for sidecar in workload.sidecars:
        beside += [SIDECARS[sidecar.type]] * (len(sidecar.files) if sidecar.type == "stream" else 1)
    together: list[list[Share]] = []
    for helper in workload.helpers:
        share = _share(helper.resources)
        if helper.runs == "before":
            together.append([*beside, share])
        else:
            beside.append(share)
    together.append([*beside, _share(workload.resources)])
    return PodSize(
        cpu=max(sum(cpu_millicores(each.cpu) for each in shares) for shares in together),
        memory=max(sum(memory_bytes(each.memory) for each in shares) for shares in together),
        disk=max(sum(memory_bytes(each.disk) for each in shares) for shares in together),
    )


def _share(resources: ResourcesSpec) -> Share:
    return Share(resources.cpu, resources.memory, resources.ephemeral_storage)
