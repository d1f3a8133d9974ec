"""Wall time and peak memory of a command with all the processes it starts."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_SAMPLE_SECONDS = 0.05


class CommandFailedError(Exception):
    """A measured command failed: its figures would mean nothing."""


@dataclass(frozen=True)
class Figures:
    """What one run cost."""

    seconds: float
    peak_mib: float
    """Greatest sum of the resident sets of the command and its descendants, sampled each 50 ms."""


def measure(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> Figures:
    """Run a command to its end and return what it cost.

    Raises:
        CommandFailedError: it ended with a status other than 0; the message quotes the end of its output.
    """
    peak = 0
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        root = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, _resident(root))
            time.sleep(_SAMPLE_SECONDS)
    seconds = time.monotonic() - began
    if process.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise CommandFailedError(f"{' '.join(command)} ended with {process.returncode}:\n{tail}")
    return Figures(seconds, peak / 2**20)


def _resident(root: psutil.Process) -> int:
    total = 0
    try:
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
