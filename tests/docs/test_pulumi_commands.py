"""Every `pulumi` command that the documentation shows is one that the engine's own help knows, options included."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal.toolchain import resolve
from tests.docs.documents import documents

pytestmark = pytest.mark.e2e

_REHEARSED = re.compile(r"^\./rehearse pulumi \S+ -- ")
_OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][a-z-]*")


def pulumi_commands(line: str) -> list[list[str]]:
    """Return the words of each `pulumi` command in a line, `./rehearse pulumi <env> --` taken for one."""
    found = []
    for part in re.split(r"&&|\|\||[;|]", line):
        bare = _REHEARSED.sub("pulumi ", " ".join(part.split()))
        if bare.startswith("pulumi "):
            found.append(shlex.split(bare, comments=True)[1:])
    return found


def shown() -> dict[str, list[str]]:
    """Return every command of all documents, decision records aside, with the documents that show it."""
    places: dict[str, list[str]] = {}
    for document in documents():
        if "adr" not in document.path.parts:
            for line in (*document.shell_lines(), *document.inline_code()):
                for words in pulumi_commands(line):
                    places.setdefault(shlex.join(words), []).append(document.name)
    return places


@cache
def pulumi() -> Path:
    return resolve(["pulumi"], Console(stderr=True))["pulumi"]


@cache
def manual(verbs: tuple[str, ...]) -> str:
    # Options that are experimental, as those of update plans, are shown with the experiments alone.
    environment = {**os.environ, "PULUMI_EXPERIMENTAL": "true"}
    command = [str(pulumi()), *verbs, "--help"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return finished.stdout if finished.returncode == 0 else ""


def refusal(command: str) -> str | None:
    """Return why the engine would not know a command; None when it does."""
    words = shlex.split(command)
    verbs: tuple[str, ...] = ()
    while words and is_command(verbs, words[0]):
        verbs = (*verbs, words.pop(0))
    if not verbs:
        return f"no command {words[0]}"
    if "[command]" in manual(verbs) and words and not words[0].startswith("-"):
        return f"no command {words[0]} of {' '.join(verbs)}"
    known = set(_OPTION.findall(manual(verbs)))
    unknown = [word for word in words if word.startswith("-") and word.partition("=")[0] not in known]
    return f"no option {unknown[0]} of {' '.join(verbs)}" if unknown else None


def is_command(verbs: tuple[str, ...], word: str) -> bool:
    """Return whether a word is a command, or an alias: of what is none, the help is that of the command above it."""
    return not word.startswith("-") and manual((*verbs, word)) not in ("", manual(verbs))


def test_the_engine_knows_every_command_shown() -> None:
    commands = shown()
    assert len(commands) > 10
    assert {command: why for command in commands if (why := refusal(command)) is not None} == {}


@pytest.mark.parametrize(
    ("command", "part"),
    [("rise", "rise"), ("stack rise", "rise of stack"), ("up --stackk dev", "--stackk"), ("up --yes", None)],
)
def test_a_command_that_does_not_exist_is_found(command: str, part: str | None) -> None:
    why = refusal(command)
    assert (part is None) is (why is None)
    assert part is None or part in str(why)
