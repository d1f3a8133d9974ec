from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest

from rehearsal.toolchain.process import run_logged


def _run(body: str, log: io.StringIO, lines: list[str], folder: Path) -> int:
    return run_logged(
        ["sh", "-c", body],
        folder=folder,
        environment={"PATH": os.environ["PATH"], "WORD": "there"},
        log=log,
        on_line=lines.append,
        on_tick=lambda: None,
    )


def test_both_streams_reach_the_log_and_the_listener(tmp_path: Path) -> None:
    log, lines = io.StringIO(), list[str]()
    code = _run('echo out; echo "err $WORD" >&2; pwd; cat; exit 3', log, lines, tmp_path)
    assert code == 3
    assert lines == ["out", "err there", str(tmp_path)]
    assert log.getvalue().splitlines()[1:] == lines
    assert log.getvalue().startswith("$ sh -c echo out;")


def test_a_silent_command_ticks(tmp_path: Path) -> None:
    ticks: list[float] = []
    run_logged(
        ["sleep", "1.2"],
        folder=tmp_path,
        environment=os.environ,
        log=io.StringIO(),
        on_line=print,
        on_tick=lambda: ticks.append(time.monotonic()),
    )
    assert len(ticks) >= 2


def test_the_command_ends_with_the_one_who_started_it(tmp_path: Path) -> None:
    pids: list[int] = []

    def stop(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_logged(
            ["sh", "-c", "echo $$; exec sleep 60"],
            folder=tmp_path,
            environment=os.environ,
            log=io.StringIO(),
            on_line=stop,
            on_tick=lambda: None,
        )
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
