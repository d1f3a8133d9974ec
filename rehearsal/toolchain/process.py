"""Runs a long command: every line goes to a log and to a listener, and a tick comes while it is silent."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, TextIO

_TICK_SECONDS: Final = 1.0
_END_SECONDS: Final = 10.0


def run_logged(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    log: TextIO,
    on_line: Callable[[str], None],
    on_tick: Callable[[], None],
) -> int:
    """Run a command to its end and return its exit code; stdout and stderr come as one stream of lines.

    The stream is a pipe, not the log file itself: when this process is killed, the command dies of the broken
    pipe at its next line instead of working on unseen. When the caller is interrupted the command is ended
    too. Raises OSError when the command cannot be started or the log cannot be written.
    """
    log.write(f"$ {' '.join(command)}\n")
    process = subprocess.Popen(
        list(command),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        _follow(process, log, on_line, on_tick)
        return process.wait()
    finally:
        _end(process)


def _follow(
    process: subprocess.Popen[str],
    log: TextIO,
    on_line: Callable[[str], None],
    on_tick: Callable[[], None],
) -> None:
    lines: queue.Queue[str | None] = queue.Queue()
    stream = process.stdout
    if stream is None:  # pragma: no cover - Popen was asked for a pipe
        raise ValueError("the command has no output pipe")
    threading.Thread(target=_pump, args=(stream, lines), daemon=True).start()
    while True:
        on_tick()
        try:
            line = lines.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            continue
        if line is None:
            return
        log.write(line)
        log.flush()
        on_line(line.rstrip("\n"))


def _pump(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    with stream:
        for line in stream:
            lines.put(line)
    lines.put(None)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
