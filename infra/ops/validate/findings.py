"""What a check finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from infra.ops.errors import OpsError

Severity = Literal["invalid", "unknown", "warning"]
"""``invalid``: not as it should be. ``unknown``: it could not be looked at. ``warning``: still as it should be."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    check: str
    """The check that found it, as ``nodes``."""
    severity: Severity
    subject: str
    """What it is about: a node, a pod, a group."""
    problem: str
    fix: str = ""

    def __str__(self) -> str:
        """Return it as a sentence."""
        told = f"{self.subject}: {self.problem}"
        # What Kubernetes says often ends in a full stop of its own.
        return f"{told.rstrip('.')}. Fix: {self.fix}" if self.fix else told

    def as_json(self) -> dict[str, str]:
        """Return it for a machine to read."""
        return asdict(self)


Check = Callable[[], Sequence[Finding]]


def guarded(name: str, check: Check) -> tuple[Finding, ...]:
    """Run a check; where AWS or the cluster cannot be asked, that is its finding."""
    try:
        return tuple(check())
    except OpsError as error:
        return (Finding(name, "unknown", error.what, error.value, error.fix),)
