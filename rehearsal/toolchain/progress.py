"""Shows a long command's progress: a live bar on a terminal, one plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

PLAIN_SECONDS: Final = 15.0


def duration(seconds: float) -> str:
    """Return a time span for people: `8 s`, `4 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


class BuildProgress:
    """One command's phases, each with a count of what is done.

    On a terminal it draws one live line; elsewhere it prints a line at most every 15 seconds, so that the log
    of a CI job shows that work goes on without drowning in it.
    """

    def __init__(self, console: Console, label: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._label = label
        self._clock = clock
        self._started = clock()
        self._last_line = self._started
        self._phase = ""
        self._unit = ""
        self._done = 0
        self._total: int | None = None
        self._live: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Start the clock and, on a terminal, the live line."""
        if self._console.is_terminal:
            self._live = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=30),
                TextColumn("{task.fields[count]}"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._live.start()
            self._task = self._live.add_task(self._label, total=None, count="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the live line away."""
        if self._live is not None:
            self._live.stop()

    @property
    def elapsed(self) -> float:
        """Seconds since this progress was made."""
        return self._clock() - self._started

    def note(self, text: str) -> None:
        """Print a sentence that stays."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def waiting(self, holder: str) -> None:
        """Tell that another process holds the lock, and go on waiting."""
        if not self._phase.startswith("waiting"):
            self.note(f"{self._label}: waiting for {holder}.")
        self.phase(f"waiting for {holder}")
        self.tick()

    def phase(self, name: str, unit: str = "", total: int | None = None) -> None:
        """Begin a phase: its name, what is counted in it, and how many there will be when that is known."""
        self._phase, self._unit, self._total, self._done = name, unit, total, 0
        self._draw()

    def advance(self) -> None:
        """Count one more."""
        self._done += 1
        self._draw()

    def tick(self) -> None:
        """Tell, when it is time, that work goes on; call it about once a second."""
        now = self._clock()
        if self._live is None and now - self._last_line >= PLAIN_SECONDS:
            self._last_line = now
            count = self._count()
            told = f"{self._phase}, {count}" if count else self._phase
            self.note(f"{self._label}: {told} ({duration(self.elapsed)})")

    def _count(self) -> str:
        if not self._unit:
            return ""
        of = "" if self._total is None else f" of {self._total}"
        return f"{self._done}{of} {self._unit}"

    def _draw(self) -> None:
        if self._live is not None and self._task is not None:
            self._live.update(
                self._task,
                description=f"{self._label}: {self._phase}",
                total=self._total,
                completed=self._done,
                count=self._count(),
            )
