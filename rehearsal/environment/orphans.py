"""Plugins whose engine was killed: they may still be creating what the engine asked for."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

from rehearsal.journal import JOURNAL_VARIABLE

_MARKS = ("pulumi-resource-", "rehearsal.providers")


def orphaned_plugins(journal: Path) -> list[psutil.Process]:
    """Return the plugins of the environment with that journal whose engine is gone."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if not any(mark in part for part in process.cmdline() for mark in _MARKS):
                continue
            parent = process.parent()
            if process.environ().get(JOURNAL_VARIABLE) == str(journal) and (
                parent is None or "pulumi" not in parent.name()
            ):
                found.append(process)
    return found


def await_end(processes: list[psutil.Process], patience: float) -> int:
    """Wait `patience` seconds for processes to end by themselves, then end them; return how many had to be ended."""
    _, remaining = psutil.wait_procs(processes, timeout=patience)
    stubborn = len(remaining)
    for ask in (psutil.Process.terminate, psutil.Process.kill):
        for process in remaining:
            with contextlib.suppress(psutil.NoSuchProcess):
                ask(process)
        _, remaining = psutil.wait_procs(remaining, timeout=5)
    return stubborn
