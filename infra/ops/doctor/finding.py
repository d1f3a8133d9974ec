"""One thing that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """Something wrong, and how it is mended."""

    code: str
    """Stable name of the kind, for programs: ``state-damaged``."""
    severity: Literal["error", "warning"]
    """``error``: an update fails or does harm; ``warning``: a protection is missing."""
    problem: str
    """What is wrong, as a sentence without its full stop."""
    fix: str
    """The command that mends it, or what to do where no command can."""
