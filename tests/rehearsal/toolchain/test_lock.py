from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.toolchain.lock import build_lock

_HOLDER = """
import sys, time
from pathlib import Path
from rehearsal.toolchain.lock import build_lock
with build_lock(Path(sys.argv[1]), "building etcd-3.7.3", print):
    print("held", flush=True)
    time.sleep(60)
"""


def _refuse(holder: str) -> None:
    raise AssertionError(f"waited for {holder}")


def test_a_free_lock_is_taken_at_once_and_again(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "etcd.lock"
    for _ in range(2):
        with build_lock(path, "building etcd-3.7.3", _refuse):
            assert path.read_text(encoding="utf-8").startswith(f"process {os.getpid()}, building etcd-3.7.3 since ")


def test_a_waiter_is_told_the_holder_and_goes_on_when_the_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "etcd.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        told: list[str] = []

        def on_wait(who: str) -> None:
            told.append(who)
            holder.kill()
            holder.wait()

        with build_lock(path, "building etcd-3.7.3", on_wait):
            pass
    assert len(told) == 1
    assert told[0].startswith(f"process {holder.pid}, building etcd-3.7.3 since ")


def test_a_holder_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "etcd.lock"
    path.write_text("x" * 500, encoding="utf-8")
    with build_lock(path, "building", _refuse):
        assert "x" not in path.read_text(encoding="utf-8")


def test_the_lock_is_dropped_when_the_work_fails(tmp_path: Path) -> None:
    path = tmp_path / "etcd.lock"
    with pytest.raises(ValueError, match="half-way"), build_lock(path, "building", _refuse):
        raise ValueError("half-way")
    with build_lock(path, "building", _refuse):
        pass
