"""Text put into Markdown so that it stays text: no mention, no tag, no table cell of its own."""

from __future__ import annotations

import re

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", "|": "&#124;", "`": "&#96;", "*": "&#42;"}
_ENTITIES |= {"[": "&#91;", "]": "&#93;", "~": "&#126;", "!": "&#33;"}


def escaped(text: str) -> str:
    """Return ``text`` in one line as it is to be read."""
    return _entities(" ".join(text.split()))


def _entities(text: str) -> str:
    return "".join(_ENTITIES.get(char, char) for char in text)


def prose(text: str) -> str:
    """Return a sentence of ours: what it has between backticks is code, the rest stays text."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(code(part) if at % 2 else _entities(part) for at, part in enumerate(parts))


def code(text: str) -> str:
    """Return ``text`` as inline code."""
    line = " ".join(text.split()) or " "
    ticks = "`" * (_longest_ticks(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """Return ``text`` as a block of code, with a fence longer than any in it."""
    fence = "`" * max(3, _longest_ticks(text) + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
