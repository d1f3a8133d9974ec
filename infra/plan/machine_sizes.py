"""Sizes of EC2 instance types, told from their names."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GI = 1024
_NAME = re.compile(r"^(?P<kind>[cmr])[5-9](?P<more>[a-z]*)(-flex)?\.(?P<size>medium|large|(?P<times>[0-9]*)xlarge)$")
_BURSTABLE = re.compile(r"^(t3a?|t4g)\.(?P<size>[0-9a-z]+)$")
_GI_PER_CPU = {"c": 2, "m": 4, "r": 8}
_OF_BURSTABLE = {
    "nano": (2, _GI // 2),
    "micro": (2, _GI),
    "small": (2, 2 * _GI),
    "medium": (2, 4 * _GI),
    "large": (2, 8 * _GI),
    "xlarge": (4, 16 * _GI),
    "2xlarge": (8, 32 * _GI),
}
"""vCPUs and MiB (EC2 documentation, "Specifications for Amazon EC2 general purpose instances")."""


_RESERVED_MI = ((4096, 25), (4096, 20), (8192, 10), (114688, 6))
_RESERVED_REST_PERCENT = 2
_RESERVED_CPU = (600, 100, 50, 50)
_RESERVED_CPU_REST = 25


@dataclass(frozen=True)
class MachineSize:
    """What a machine has."""

    cpus: int
    memory_mi: int

    @property
    def reserved_mi(self) -> int:
        """MiB that the kubelet keeps from pods.

        This formula and the next run on machines (``machine_config.py``), where nothing of the plan is at hand; a test
        holds the two to each other.
        """
        if self.memory_mi < 1024:
            return min(255, self.memory_mi)
        total, rest = 0, self.memory_mi
        for size, percent in _RESERVED_MI:
            total += min(rest, size) * percent
            rest -= min(rest, size)
        return (total + rest * _RESERVED_REST_PERCENT) // 100

    @property
    def reserved_cpu_milli(self) -> int:
        """Millicores that the kubelet keeps from pods."""
        further = max(0, self.cpus - len(_RESERVED_CPU)) * _RESERVED_CPU_REST
        return (sum(_RESERVED_CPU[: self.cpus]) + further) // 10


def size_of(machine_type: str) -> MachineSize | None:
    """Return the size of an instance type of families C, M, R and T; None where its name does not tell.

    From generation 5 on, sizes double from ``large`` with 2 vCPUs, and the family says the memory of each ("Amazon EC2
    instance types by vCPUs and memory"). ``c5n`` has more than its family's; bare metal has what its family ends with.
    """
    burstable = _BURSTABLE.fullmatch(machine_type)
    if burstable is not None:
        known = _OF_BURSTABLE.get(burstable["size"])
        return MachineSize(*known) if known else None
    match = _NAME.fullmatch(machine_type)
    if match is None or machine_type.startswith("c5n."):
        return None
    cpus = {"medium": 1, "large": 2}.get(match["size"]) or 4 * int(match["times"] or 1)
    return MachineSize(cpus, cpus * _GI_PER_CPU[match["kind"]] * _GI)
