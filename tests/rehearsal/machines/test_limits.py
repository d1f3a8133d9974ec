from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.machines.errors import MachineError
from rehearsal.machines.limits import asked_for, raise_shared_limits


def kernel(tmp_path: Path, instances: int, watches: int) -> Path:
    folder = tmp_path / "fs" / "inotify"
    folder.mkdir(parents=True)
    (folder / "max_user_instances").write_text(f"{instances}\n")
    (folder / "max_user_watches").write_text(f"{watches}\n")
    return folder


def test_nodes_ask_for_what_their_sysctl_file_says() -> None:
    assert asked_for() == {"fs.inotify.max_user_instances": 8192, "fs.inotify.max_user_watches": 524288}


def test_a_limit_that_is_too_low_is_raised_and_told(tmp_path: Path) -> None:
    folder = kernel(tmp_path, 128, 600000)
    told = [*raise_shared_limits(tmp_path)]
    assert told == ["Raised fs.inotify.max_user_instances of this computer from 128 to 8192, which machines share."]
    assert (folder / "max_user_instances").read_text() == "8192\n"
    assert (folder / "max_user_watches").read_text() == "600000\n"
    assert [*raise_shared_limits(tmp_path)] == []


def test_a_limit_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"instances, which machines share, cannot be raised to 8192: No such"):
        [*raise_shared_limits(tmp_path)]
