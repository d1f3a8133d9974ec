"""What one pod of a workload asks for: its container's share and its sidecars'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    """Return what the scheduler and a quota count for one pod."""
    own = workload.resources
    shares = [Share(own.cpu, own.memory, own.ephemeral_storage)]
    for sidecar in workload.sidecars:
        shares += [SIDECARS[sidecar.type]] * (len(sidecar.files) if sidecar.type == "stream" else 1)
    return PodSize(
        cpu=sum(cpu_millicores(each.cpu) for each in shares),
        memory=sum(memory_bytes(each.memory) for each in shares),
        disk=sum(memory_bytes(each.disk) for each in shares),
    )
