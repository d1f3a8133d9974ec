"""Every command of ours that a message tells to run is one that the command line has, options included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from infra.cli import app
from tests.docs.messages import texts, texts_in, told

COMMAND: Any = typer.main.get_command(app)


def refusal(words: list[str], options: list[str]) -> str | None:
    """Return why the command line has no such command or option; None where it has."""
    command, left = COMMAND, list(words)
    while hasattr(command, "commands") and left:  # a text may speak of a group of commands as a whole
        verb = left.pop(0)
        if verb not in command.commands:
            return f"no command {verb!r}"
        command = command.commands[verb]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    unknown = [option for option in options if option not in {*known, "--help"}]
    return f"no option {unknown[0]}" if unknown else None


def commands() -> dict[str, str | None]:
    """Return each command that the code's texts tell to run, and why it would be refused."""
    return {
        f"{file}: slipway {' '.join(words)}": refusal(words, options)
        for file, text in texts("infra")
        for words, options in told("slipway", text)
        if words[0] != "command"
    }


def test_commands_that_messages_tell_to_run_exist() -> None:
    found = commands()
    assert len(found) > 40
    assert {command: why for command, why in found.items() if why is not None} == {}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("run slipway doctr X", "doctr"),
        ("run slipway recover X --too Y --apply, and look", "--too"),
        ("run slipway etcd backup X", "backup"),
        ("run slipway recover X --to Y --apply, and --look", None),
        ("slipway etcd backups lists them", None),
    ],
)
def test_what_does_not_exist_is_found(text: str, part: str | None) -> None:
    ((words, options),) = told("slipway", text)
    why = refusal(words, options)
    assert why == part if part is None else part in str(why)


def test_texts_are_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('"""Doc."""\nname = "x"\nsaid = f"run slipway up {name} --yes" + "more"\n')
    assert sorted(texts_in(tmp_path / "a.py")) == ["Doc.", "more", "run slipway up X --yes", "x"]
