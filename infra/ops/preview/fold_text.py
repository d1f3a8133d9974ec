"""Makes a report on a refused change short enough to be read in a terminal: what matters first, the rest counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

LINES = 200
"""A report of more lines is folded, to fewer, where its change is refused: nobody reads what will not happen."""

Line = tuple[str, str]
"""Text and its Rich style."""


@dataclass(frozen=True)
class Part:
    """Entries under one heading."""

    head: tuple[Line, ...]
    entries: Sequence[tuple[Line, ...]]
    """Each is kept or folded as a whole."""
    most: int
    """Lines that stay of the entries, if anything has to be folded."""
    short: Sequence[tuple[Line, ...]] | None = None
    """What stands in place of the entries then."""

    def lines(self) -> list[Line]:
        """Return all of it; nothing where there is no entry."""
        return [*self.head, *(line for entry in self.entries for line in entry)] if self.entries else []

    def folded(self) -> list[Line]:
        """Return what stays of it, and how much more there is."""
        entries = self.entries if self.short is None else self.short
        kept = sum(lines <= self.most for lines in accumulate(map(len, entries)))
        shown = [line for entry in entries[:kept] for line in entry]
        if not kept:  # one that is too long by itself begins all the same
            shown = [line for entry in entries[:1] for line in entry][: self.most]
        left = len(entries) - kept
        more = [(f"  … and {left:,} more", "dim")] if left else []
        return [*self.head, *shown, *more] if entries else []


def fitted(parts: Sequence[Part], *, fold: bool) -> list[Line]:
    """Return the lines of a report, no more than :data:`LINES` where it may be folded."""
    whole = [line for part in parts for line in part.lines()]
    if not fold or len(whole) <= LINES:
        return whole
    note = f"Folded: the whole report has {len(whole):,} lines. `--format json` has all of it."
    return [*(line for part in parts for line in part.folded()), ("", ""), (note, "dim")]
