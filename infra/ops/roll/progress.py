"""What a rolling update tells while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

Kind = Literal[
    "begin", "skip", "detach", "cordon", "evict", "blocked", "terminate", "complete", "warm", "forget", "wait",
    "invalid", "unreachable", "done", "paused", "finished",
]  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    kind: Kind
    group: str
    text: str
    """What happened, for a person."""
    instance: str = ""
    node: str = ""
    replaced: int = 0
    """Machines of the group that need no replacement any more."""
    total: int = 0
    """Machines of the group that are, or were, to be replaced."""

    def as_json(self, at: datetime) -> dict[str, object]:
        """Return it for a machine to read; empty fields are left out."""
        fields = {key: value for key, value in asdict(self).items() if value not in ("", 0)}
        return {"time": at.isoformat(timespec="milliseconds"), **fields}


Tell = Callable[[Event], None]
"""Called with each event."""
