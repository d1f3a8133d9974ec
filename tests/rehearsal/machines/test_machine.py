from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.machines import machine
from rehearsal.machines.machine import REBOOTS, Machine, limit_memory


@pytest.mark.parametrize("name", ["memory.max", "memory.limit_in_bytes"])
def test_memory_is_limited_in_either_version_of_control_groups(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("max")
    limit_memory(tmp_path, 2048)
    assert (tmp_path / name).read_text() == "2147483648"


def test_a_group_of_another_controller_is_left_alone(tmp_path: Path) -> None:
    limit_memory(tmp_path, 2048)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("made", "unified"),
    [
        (("cgroup.procs", "cgroup.controllers"), True),
        (("memory/cgroup.procs", "unified/cgroup.procs", "unified/cgroup.controllers"), True),
        (("memory/cgroup.procs", "systemd/cgroup.procs"), False),
    ],
)
def test_the_second_version_of_control_groups_is_found_alone_or_beside_the_first(
    made: tuple[str, ...], unified: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in made:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(machine, "_CGROUPS", tmp_path)
    assert machine.has_unified_groups() is unified


def test_a_reboot_is_told_from_a_death_by_what_the_machine_left(tmp_path: Path) -> None:
    off = Machine("i-1", tmp_path, "namespace", tmp_path)
    assert not off.wants_reboot()
    left = off.disk.tree / REBOOTS.lstrip("/")
    left.parent.mkdir(parents=True)
    left.touch()
    assert off.wants_reboot()
