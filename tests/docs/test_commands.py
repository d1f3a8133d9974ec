"""Every command of ours that the documentation shows is one that the command line accepts."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from benchmarks.__main__ import main as benchmark
from infra.cli import app as slipway
from rehearsal.cli import app as rehearse
from tests.docs.documents import ROOT, Document, documents

BENCHMARKS = "python -m benchmarks"
benchmarks = typer.Typer()
benchmarks.command()(benchmark)

PROGRAMS = {"slipway": slipway, "./rehearse": rehearse, BENCHMARKS: benchmarks}

USAGE_ERROR: Any = typer.BadParameter.__mro__[1]
"""What typer raises for every wrong call; of its subclasses it exports a few, and not itself."""

_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
_PYTHON = re.compile(r"^\S*python3? -m ")
_SEPARATORS = re.compile(r"&&|\|\||[;|]")


def commands_in(line: str) -> list[list[str]]:
    """Return the words of each command of ours in a line of shell; a program of several words is the first one."""
    parts = _SEPARATORS.split(_SUBSTITUTION.sub("", line))
    for inner in _SUBSTITUTION.findall(line):
        parts += _SEPARATORS.split(inner)
    found = []
    for part in parts:
        bare = " ".join(part.split())
        bare = _PYTHON.sub("python -m ", bare)
        found += [
            [program, *shlex.split(bare.removeprefix(program), comments=True)]
            for program in PROGRAMS
            if bare == program or bare.startswith(f"{program} ")
        ]
    return found


def refusal(words: list[str], *, whole: bool = True) -> str | None:
    """Return why the command line would refuse a command; None when it accepts it. Nothing is run.

    Unless the command is ``whole``, as where a text only speaks of it, it may lack arguments.
    """
    command: Any = typer.main.get_command(PROGRAMS[words[0]])
    arguments = words[1:]
    while hasattr(command, "commands") and arguments[:1] not in (["--help"], ["-h"]):
        verb = arguments.pop(0) if arguments else ""
        if verb not in command.commands:
            return f"no command {verb!r}; there are {', '.join(command.commands)}"
        command = command.commands[verb]
    if set(arguments[:1]) & {"--help", "-h"}:
        return None
    try:
        command.make_context(command.name, arguments)
    except USAGE_ERROR as error:
        missing = isinstance(error, typer.BadParameter) and error.format_message().startswith("Missing argument")
        return None if missing and not whole else str(error.format_message())
    return None


def shown_commands(document: Document) -> list[list[str]]:
    """Return the commands of a document's shell blocks."""
    return [words for line in document.shell_lines() for words in commands_in(line)]


def named_commands(document: Document) -> list[list[str]]:
    """Return the commands that a document's text names; a decision record may name what does not exist yet."""
    if "adr" in document.path.parts:
        return []
    return [words for code in document.inline_code() for words in commands_in(code) if len(words) > 1]


@pytest.mark.parametrize("document", documents(), ids=lambda document: document.name)
def test_commands_shown_are_accepted(document: Document) -> None:
    refused = {" ".join(words): refusal(words) for words in shown_commands(document)}
    refused |= {" ".join(words): refusal(words, whole=False) for words in named_commands(document)}
    assert {command: why for command, why in refused.items() if why is not None} == {}


@pytest.mark.parametrize("document", documents(), ids=lambda document: document.name)
def test_modules_that_are_run_exist(document: Document) -> None:
    texts = " ".join((*document.shell_lines(), *document.inline_code()))
    modules = re.findall(r"python3? -m ([a-z_.]+)", texts)
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


def test_the_readme_shows_the_commands_of_an_environments_life() -> None:
    shown = {tuple(words[:3]) for words in shown_commands(Document(ROOT / "README.md"))}
    assert shown >= {("./rehearse", "up"), ("slipway", "spec", "check"), ("slipway", "bootstrap", "dev")}


def test_commands_are_found_where_they_stand(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Write `./rehearse gone local`, not `slipway` or `stacks`.\n\n"
        '```sh\neval "$(./rehearse env local)"\nslipway diagram dev \\\n  --write x.md && ./rehearse stop\n```\n\n'
        "```yaml\nslipway up\n```\n"
    )
    assert shown_commands(Document(page)) == [
        ["./rehearse", "env", "local"],
        ["slipway", "diagram", "dev", "--write", "x.md"],
        ["./rehearse", "stop"],
    ]
    assert named_commands(Document(page)) == [["./rehearse", "gone", "local"]]


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("./rehearse gone local", "gone"),
        ("python -m benchmarks --size 10", "--size"),
        ("./rehearse up --fast", "--fast"),
        ("slipway spec verify dev", "verify"),
        ("slipway spec check", "ENV"),
        ("slipway spec check dev --write", "--write"),
        ("slipway bootstrap dev prod", "prod"),
    ],
)
def test_a_command_that_does_not_exist_is_found(command: str, part: str) -> None:
    (words,) = commands_in(command)
    why = refusal(words)
    assert why is not None
    assert part in why


@pytest.mark.parametrize(
    "command",
    [
        "./rehearse up",
        "./rehearse up prod --yes --diff",
        "python -m benchmarks --sizes 10,100",
        "./rehearse pulumi local -- stack export",
        "slipway spec schema --write x.json",
        "slipway spec check --help",
        "slipway --help",
    ],
)
def test_a_command_that_exists_is_accepted(command: str) -> None:
    (words,) = commands_in(command)
    assert refusal(words) is None


def test_a_text_may_leave_arguments_out_but_not_name_what_does_not_exist() -> None:
    assert refusal(["slipway", "bootstrap"], whole=False) is None
    assert "Missing argument" in str(refusal(["slipway", "bootstrap"]))
    assert "gone" in str(refusal(["slipway", "gone"], whole=False))
    assert "--gone" in str(refusal(["slipway", "bootstrap", "--gone"], whole=False))
