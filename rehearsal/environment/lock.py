"""Keeps two commands from changing one environment at a time."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from rehearsal.environment.errors import RehearsalError


class EnvironmentBusy(RehearsalError):  # noqa: N818  named for the state, as BlockingIOError is
    """Another command holds the environment's lock."""


@contextmanager
def locked(path: Path, command: str) -> Iterator[None]:
    """Hold the lock at `path`; the kernel lets go of it when this process ends, however it ends.

    Raises EnvironmentBusy, naming who holds it, what it runs and since when, and RehearsalError where the environment's
    folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RehearsalError(
            f"{error.filename} cannot be written: {error.strerror}. Fix: name a folder by SLIPWAY_STATE_HOME in which "
            "you may write"
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EnvironmentBusy(f"{path.parent.name} is in use by {_holder(path)}. Wait for it, or end it.") from None
        note = json.dumps({"pid": os.getpid(), "command": command, "since": time.time()})
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note.encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _holder(path: Path) -> str:
    try:
        note = json.loads(path.read_text())
        since = datetime.fromtimestamp(note["since"]).astimezone().isoformat(" ", "seconds")
        return f"`{note['command']}` (process {note['pid']}, since {since})"
    except (ValueError, KeyError, TypeError):
        return "a command that has just begun"  # it holds the lock and has not yet written who it is
