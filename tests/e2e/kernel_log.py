"""A kernel's log that a test writes."""

from __future__ import annotations

import os
import time
from pathlib import Path


class KernelLog:
    """A pipe in place of /dev/kmsg: a line is read by one of those that have it open, so each is written until seen."""

    def __init__(self, path: Path) -> None:
        """Make the pipe, and keep it open, without which opening it to read would wait."""
        os.mkfifo(path)
        self._number, self._stream = 0, os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def write(self, text: str) -> None:
        """Write a record of now, as the kernel's documentation has it (ABI/testing/dev-kmsg)."""
        self._number += 1
        since_boot = round(time.clock_gettime(time.CLOCK_BOOTTIME) * 1e6)
        os.write(self._stream, f"3,{self._number},{since_boot},-;{text}\n".encode())

    def close(self) -> None:
        """Close it."""
        os.close(self._stream)
