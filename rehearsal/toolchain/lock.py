"""One builder at a time for each release, over all processes of this machine's user."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_POLL_SECONDS: Final = 0.5


@contextmanager
def build_lock(path: Path, doing: str, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of this file, waiting for it as long as another process holds it.

    `on_wait` is called twice a second while waiting, with a sentence about the holder. The kernel drops the
    lock when its holder ends in whatever way, so a killed builder never blocks the next. Raises OSError when
    the file cannot be opened or its file system has no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                on_wait(path.read_text(encoding="utf-8").strip() or "another process")
                time.sleep(_POLL_SECONDS)
        os.ftruncate(descriptor, 0)
        since = time.strftime("%H:%M:%S")
        os.pwrite(descriptor, f"process {os.getpid()}, {doing} since {since}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
