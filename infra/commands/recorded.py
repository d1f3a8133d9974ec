"""What a command that only looks does while the environment's files have problems: it goes by the last update."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from infra.commands.common import errors, load_environment, stack_file
from infra.spec import EnvironmentSpec, SpecError

BAD_SPEC = 2
"""Exit status where the files have problems, whatever else was seen."""


@dataclass(frozen=True)
class Seen:
    """An environment to be looked at."""

    spec: EnvironmentSpec
    problems: tuple[str, ...] = ()
    """What is wrong with its files; ``spec`` is then what the last update recorded."""
    recorded: str | None = None
    """Since when it is recorded so; None where ``spec`` is what the files say."""

    def status(self, status: int) -> int:
        """Return the exit status of a command that would end with ``status``."""
        return BAD_SPEC if self.problems else status


def environment_or_record(env: str) -> Seen:
    """Return an environment, given by name or path: as its files declare it, or as recorded where they have problems.

    The problems are said.

    Raises:
        SpecError: the files have problems, and do not say where the environment is.
        typer.Exit: they have problems, and nothing recorded can be read; both have been said.
    """
    try:
        return Seen(load_environment(env))
    except SpecError as error:
        bad = error
    from infra.ops.errors import OpsError
    from infra.ops.recorded import recorded_environment
    from infra.ops.state.versions import instant
    from infra.spec.place import place_in

    path, name = stack_file(env, Path.cwd())
    place = place_in(path, name)
    if place is None:
        raise bad
    _say(str(bad))
    try:
        found = recorded_environment(place)
    except OpsError as error:
        _say(f"error: what was recorded of {name} cannot stand in for its files: {error}")
        raise typer.Exit(BAD_SPEC) from None
    time = instant(found.time)
    _say(
        f"The files of {name} have the problems above and were left aside: what follows is held against {name} as its "
        f"last update recorded it (unchanged since {time})."
    )
    return Seen(found.spec, tuple(str(each) for each in bad.problems), time)


def _say(text: str) -> None:
    errors.print(text, markup=False, highlight=False)
