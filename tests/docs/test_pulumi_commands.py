"""Every `pulumi` command that the documentation shows is one that the engine's own help knows, options included."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal.toolchain import resolve
from tests.docs.documents import documents
from tests.docs.messages import OPTION, texts, told

pytestmark = pytest.mark.e2e

_REHEARSED = re.compile(r"^\./rehearse pulumi \S+ -- ")


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
    known = set(OPTION.findall(manual(verbs)))
    unknown = [word for word in words if word.startswith("-") and word.partition("=")[0] not in known]
    return f"no option {unknown[0]} of {' '.join(verbs)}" if unknown else None


def is_command(verbs: tuple[str, ...], word: str) -> bool:
    """Return whether a word is a command, or an alias: of what is none, the help is that of the command above it."""
    return not word.startswith("-") and manual((*verbs, word)) not in ("", manual(verbs))


def test_the_engine_knows_every_command_shown() -> None:
    commands = shown()
    assert len(commands) > 10
    assert {command: why for command in commands if (why := refusal(command)) is not None} == {}


def test_the_engine_knows_what_messages_tell_to_run() -> None:
    found: dict[str, str | None] = {}
    for file, text in (*texts("infra"), *texts("rehearsal")):
        for words, options in told("pulumi", text):
            if verbs := verbs_of(words):  # "the pulumi command", "the pulumi package" are none
                found[f"{file}: {' '.join(words)}"] = refusal(shlex.join((*verbs, *options)))
    assert len(found) > 20
    assert {command: why for command, why in found.items() if why is not None} == {}


def verbs_of(words: Sequence[str]) -> list[str]:
    """Return the words at the beginning that are commands: behind them a text goes on."""
    verbs: list[str] = []
    for word in words:
        listed = re.findall(r"^  ([a-z-]+) {2,}", manual(tuple(verbs)), re.MULTILINE)
        # Of the commands of a command the lists leave some out, as `stack init`.
        if word not in listed and not (verbs and listed and is_command(tuple(verbs), word)):
            break
        verbs.append(word)
    return verbs


PROVIDERS = ("PULUMI_K8S_", "PULUMI_OPTION_")
"""What the Kubernetes provider reads, and the engine's word for any of its options."""
NO_VARIABLES = {"PULUMI_FOLDERS", "PULUMI_CONFIG_SECRET_KEYS"}
"""A constant of ours, and what the engine tells the program and no user sets."""


def test_the_engine_knows_every_variable_named() -> None:
    everywhere = [
        *(text for _, text in (*texts("infra"), *texts("rehearsal"))),
        *(d.path.read_text() for d in documents()),
    ]
    named = {name for text in everywhere for name in re.findall(r"PULUMI_[A-Z_]*[A-Z]", text)}
    program = pulumi().read_bytes()
    asked = {name for name in named if not name.startswith(PROVIDERS)} - NO_VARIABLES
    assert len(asked) > 10
    # The engine writes most of them without what they all begin with.
    assert {name for name in asked if name.removeprefix("PULUMI_").encode() not in program} == set()
    assert b"DIY_BACKEND_COMPRESSION" not in program  # it was advised once


@pytest.mark.parametrize(
    ("command", "part"),
    [("rise", "rise"), ("stack rise", "rise of stack"), ("up --stackk dev", "--stackk"), ("up --yes", None)],
)
def test_a_command_that_does_not_exist_is_found(command: str, part: str | None) -> None:
    why = refusal(command)
    assert (part is None) is (why is None)
    assert part is None or part in str(why)
