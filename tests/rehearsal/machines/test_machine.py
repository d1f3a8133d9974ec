from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.machines.machine import REBOOTS, Machine, limit_memory


@pytest.mark.parametrize("name", ["memory.max", "memory.limit_in_bytes"])
def test_memory_is_limited_in_either_version_of_control_groups(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("max")
    limit_memory(tmp_path, 2048)
    assert (tmp_path / name).read_text() == "2147483648"


def test_a_group_of_another_controller_is_left_alone(tmp_path: Path) -> None:
    limit_memory(tmp_path, 2048)
    assert list(tmp_path.iterdir()) == []


def test_a_reboot_is_told_from_a_death_by_what_the_machine_left(tmp_path: Path) -> None:
    machine = Machine("i-1", tmp_path, "namespace", tmp_path)
    assert not machine.wants_reboot()
    left = machine.disk.tree / REBOOTS.lstrip("/")
    left.parent.mkdir(parents=True)
    left.touch()
    assert machine.wants_reboot()
