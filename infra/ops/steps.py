"""Steps of an operation: what each found, and what it did about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Action = Literal["create", "change", "keep"]


@dataclass(frozen=True)
class Step:
    """One thing that is to be in a certain state."""

    subject: str
    """What it is, as ``bucket acme-slipway-dev: versioning``."""
    action: Action
    """``create`` or ``change``: it was not so and was made so; ``keep``: it was so already."""
    detail: str = ""
    """What a reader should know about it, as a sentence; may be empty."""
    planned: bool = False
    """True in a dry run: what the action would be, and was not done."""

    def __str__(self) -> str:
        """Return the step as one line."""
        words = {
            "create": ("created", "would create"),
            "change": ("changed", "would change"),
            "keep": ("unchanged", "unchanged"),
        }
        line = f"{words[self.action][self.planned]}: {self.subject}"
        return f"{line} ({self.detail})" if self.detail else line


Report = Callable[[Step], None]
"""Called with each step once it is done (in a dry run: found)."""


class Progress:
    """Collects the steps of one operation and reports each as it happens."""

    def __init__(self, report: Report, *, dry_run: bool) -> None:
        self._report = report
        self.dry_run = dry_run
        self.steps: list[Step] = []

    def ensure(
        self, subject: str, *, wanted: object, found: object, act: Callable[[], object], detail: str = ""
    ) -> None:
        """Bring ``subject`` from ``found`` to ``wanted`` by ``act``, unless it is there or this is a dry run.

        ``found`` is None where there was nothing before. ``detail`` is said only where something is done.
        """
        if found == wanted:
            self._add(Step(subject, "keep"))
            return
        if not self.dry_run:
            act()
        self._add(Step(subject, "create" if found is None else "change", detail, planned=self.dry_run))

    def _add(self, step: Step) -> None:
        self.steps.append(step)
        self._report(step)
