"""What the name of an instance type says of its size, and what of that pods get."""

from __future__ import annotations

import pytest

from infra.plan.machine_sizes import MachineSize, size_of
from infra.templates.node.machine_config import reserved_cpu_milli, reserved_memory_mi


@pytest.mark.parametrize(
    ("name", "cpus", "gib"),
    [
        ("m7i.large", 2, 8),
        ("m7i-flex.xlarge", 4, 16),
        ("c6gn.medium", 1, 2),
        ("c7a.12xlarge", 48, 96),
        ("r8g.2xlarge", 8, 64),
        ("m5zn.3xlarge", 12, 48),
        ("t3.medium", 2, 4),
        ("t4g.2xlarge", 8, 32),
    ],
)
def test_the_name_says_it(name: str, cpus: int, gib: int) -> None:
    assert size_of(name) == MachineSize(cpus, gib * 1024)


@pytest.mark.parametrize(
    "name", ["c5n.large", "m7i.metal-24xl", "x2idn.16xlarge", "c4.large", "t3.4xlarge", "mac2.metal"]
)
def test_of_others_nothing_is_said(name: str) -> None:
    assert size_of(name) is None


@pytest.mark.parametrize("cpus", [*range(1, 10), 64, 192])
@pytest.mark.parametrize("memory_mi", [512, 1023, 1024, 4096, 7900, 16384, 131072, 786432])
def test_as_much_is_reserved_as_machines_reserve(cpus: int, memory_mi: int) -> None:
    size = MachineSize(cpus, memory_mi)
    assert (size.reserved_cpu_milli, size.reserved_mi) == (reserved_cpu_milli(cpus), reserved_memory_mi(memory_mi))
