"""What the code says to people: its texts, and the commands that they tell to run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.documents import ROOT

PLACEHOLDER = "X"
"""Stands where a text is filled in."""

OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][a-z-]*")
_ENDS = re.compile(r"[,;:.()\"'`\n]|\|\||&&")


def texts(folder: str) -> Iterator[tuple[str, str]]:
    """Yield each text in a folder's modules, docstrings too, with its file."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        if ".venv" not in path.parts:
            for text in texts_in(path):
                yield str(path.relative_to(ROOT)), text


def texts_in(path: Path) -> Iterator[str]:
    """Yield each text of a module; one that is filled in is yielded whole, and not its parts."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else PLACEHOLDER for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


def told(program: str, text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the words and the options of each command of ``program`` that a text tells to run.

    Words end at the first that is none of a command, as prose behind it is none: the caller takes as many as it knows.
    """
    for match in re.finditer(rf"(?<![\w/.:-]){program} (?=[a-z])", text):
        command = _ENDS.split(text[match.end() :], maxsplit=1)[0]
        yield command.split(), OPTION.findall(command)
