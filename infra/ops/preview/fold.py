"""Makes a report fit a comment: the least important is folded first, and the report says what was."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

COMMENT_LIMIT = 65_536
"""Greatest length of a comment on GitHub ("Body is too long (maximum is 65536 characters)")."""

NOTE_ROOM = 1_200
"""Characters kept free for the note that says what was folded."""

NEVER = 0
"""Rank of what is never folded."""

GRAVE = 10
"""Greatest rank of what is folded only after all that is of a higher rank."""


@dataclass
class Block:
    """A piece of a report. The higher its rank, the sooner it is folded."""

    rank: int
    text: str
    short: str = ""
    """What stays of it when it is folded once. Folded twice, nothing stays."""
    label: str = ""
    """What it is, for the note: ``property diffs of resources to create``."""


@dataclass
class Section:
    """Blocks under one heading, which goes when they all do."""

    head: str
    blocks: list[Block] = field(default_factory=list)
    tail: str = ""

    def text(self) -> str:
        """Return the section as it stands."""
        body = "".join(block.text for block in self.blocks)
        return f"{self.head}{body}{self.tail}" if body else ""


def length(text: str) -> int:
    """Return a text's length as GitHub counts it: UTF-16 units, so that an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def folded(sections: Sequence[Section], limit: int = COMMENT_LIMIT, *, where: str = "") -> str:
    """Return the sections as one text of at most ``limit`` characters.

    ``where`` says where the whole report can be found; it is part of the note.
    """
    whole = "".join(section.text() for section in sections)
    if length(whole) <= limit:
        return whole
    pairs = [(block, section) for section in sections for block in section.blocks if block.rank > NEVER]
    pairs.sort(key=lambda pair: -pair[0].rank)
    standing = {id(section): sum(bool(block.text) for block in section.blocks) for section in sections}
    excess = length(whole) - (limit - NOTE_ROOM)
    shortened: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    # What would be lost is whole until nothing else is left to fold.
    for grave, use_short in itertools.product((False, True), (True, False)):
        for block, section in pairs:
            if excess <= 0:
                break
            left = block.short if use_short else ""
            if (block.rank <= GRAVE) is not grave or length(left) >= length(block.text) or (use_short and not left):
                continue
            excess -= length(block.text) - length(left)
            block.text = left
            standing[id(section)] -= not left
            if not standing[id(section)]:  # the heading goes with the last block under it
                excess -= length(section.head) + length(section.tail)
            if left:
                shortened[block.label] += 1
            else:
                shortened[block.label] -= 1 if shortened[block.label] else 0
                dropped[block.label] += 1
    text = "".join(section.text() for section in sections)
    note = _note(shortened, dropped, limit, where)
    room = limit - length(note)
    return (text if length(text) <= room else _cut(text, room)) + note


def _note(shortened: Counter[str], dropped: Counter[str], limit: int, where: str) -> str:
    parts = [f"details of {label} ({number})" for label, number in shortened.items() if number > 0]
    parts += [f"{label} ({number}), altogether" for label, number in dropped.items() if number > 0]
    text = "; ".join(parts)
    if len(text) > NOTE_ROOM - 400:
        text = f"{text[: NOTE_ROOM - 420].rpartition('; ')[0]}; and more"
    what = text or "the end of the report"
    return f"\n---\n**Folded to fit {limit:,} characters:** {what}.{f' {where}' if where else ''}\n"


def _cut(text: str, room: int) -> str:
    """Return the beginning of a text, at the end of a line: the last resort."""
    mark = "\n… (cut)\n"
    kept = text.encode("utf-16-le")[: 2 * max(0, room - length(mark))].decode("utf-16-le", errors="ignore")
    head, newline, _ = kept.rpartition("\n")
    return (head if newline else kept) + mark
