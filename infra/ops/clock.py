"""Time as operations see it, so that tests can drive it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A clock that can be waited by."""

    def seconds(self) -> float:
        """Return a count of seconds that never goes back."""

    def now(self) -> datetime:
        """Return the time of day, with its zone."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""


class SystemClock:
    """The machine's own :class:`Clock`."""

    def __init__(self) -> None:
        self.waited = 0.0
        """Seconds spent waiting so far."""

    def seconds(self) -> float:
        """Return the monotonic clock's reading."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        """Sleep."""
        began = time.monotonic()
        time.sleep(seconds)
        self.waited += time.monotonic() - began
