from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from rehearsal.environment.orphans import await_end, orphaned_plugins
from rehearsal.journal import JOURNAL_VARIABLE


@contextmanager
def _plugin(journal: Path, seconds: float, mark: str = "pulumi-resource-aws") -> Iterator[psutil.Process]:
    command = [sys.executable, "-c", f"import time; print(flush=True); time.sleep({seconds})", mark]
    with subprocess.Popen(
        command, env={**os.environ, JOURNAL_VARIABLE: str(journal)}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield psutil.Process(process.pid)
        process.kill()


def test_only_plugins_of_the_environment_are_found(tmp_path: Path) -> None:
    mine, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    with _plugin(mine, 60) as plugin, _plugin(other, 60), _plugin(mine, 60, mark="something"):
        assert orphaned_plugins(mine) == [plugin]
    assert orphaned_plugins(mine) == []


def test_a_plugin_that_finishes_is_left_to_and_one_that_does_not_is_ended(tmp_path: Path) -> None:
    journal = tmp_path / "a.jsonl"
    with _plugin(journal, 0.3) as brief:
        assert await_end([brief], patience=10) == 0
    with _plugin(journal, 60) as endless:
        began = time.monotonic()
        assert await_end([endless], patience=0.1) == 1
        assert time.monotonic() - began < 5
    assert await_end([], patience=10) == 0
