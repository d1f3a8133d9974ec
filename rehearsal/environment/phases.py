"""Tells the user what happens now and how long each part took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Phases:
    """Announces the parts of a command, in order, and keeps their durations in seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self.durations: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Announce a part and time it."""
        self._console.print(f"[bold]{name}[/bold]", highlight=False)
        began = time.monotonic()
        try:
            yield
        finally:
            self.durations[name] = time.monotonic() - began

    def summary(self) -> str:
        """Return one line with each part's seconds and their total."""
        parts = ", ".join(f"{name.lower()} {seconds:.1f} s" for name, seconds in self.durations.items())
        return f"{time.monotonic() - self._began:.1f} s in all: {parts}"
