"""What the commands share: their consoles, the argument that names an environment, and how it is found."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import yaml
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from infra.spec import EnvironmentSpec, Problem, SpecError, load
from infra.spec.load import settings_in
from infra.spec.stack_file import config_in

if TYPE_CHECKING:
    from infra.plan.environment import EnvironmentPlan

console = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)

CONFIG_FILE_VARIABLE = "PULUMI_OPTION_CONFIG_FILE"
"""The engine's word, in its environment, for ``--config-file``."""

Env = Annotated[
    str, typer.Argument(metavar="ENV", help="Environment: stacks/Pulumi.ENV.yaml declares it. Or the path of a file.")
]
Write = Annotated[Path | None, typer.Option("--write", help="Write to this file instead of printing.")]


def stack_file(env: str, start: Path) -> tuple[Path, str]:
    """Return the stack file of an environment and the environment's name.

    ``env`` is a name, looked up in the ``stacks`` folder of the project that ``start`` lies in, or the path of a file.

    Raises:
        SpecError: no project is found from ``start`` upwards, or it has no such environment.
    """
    if env.endswith((".yaml", ".yml")):
        path = Path(env)
        return path, path.stem.removeprefix("Pulumi.")
    project = next((folder for folder in (start, *start.parents) if (folder / "Pulumi.yaml").is_file()), None)
    if project is None:
        problem = Problem((), f"no Pulumi.yaml in {start} or above it", "run the command inside the project")
        raise SpecError(env, [problem])
    path = project / "stacks" / f"Pulumi.{env}.yaml"
    if not path.is_file():
        known = [each.stem.removeprefix("Pulumi.") for each in sorted(path.parent.glob("Pulumi.*.yaml"))]
        fix = " or ".join([f"create {path}", *([f"name one of {', '.join(known)}"] if known else [])])
        raise SpecError(env, [Problem((), "there is no environment of this name", fix)])
    return path, env


def _load(path: Path, name: str) -> EnvironmentSpec:
    """Return a spec; its secrets may be set in the file that the engine is told to read, as in a rehearsal's shell."""
    other = Path(os.environ.get(CONFIG_FILE_VARIABLE, ""))
    if other.name != path.name or not other.is_file():
        return load(path, name)
    there = settings_in(config_in(other))
    return load(path, name, set_elsewhere=lambda key: there(key) == "secret")


def load_environment(env: str) -> EnvironmentSpec:
    """Return the spec of an environment, given by name or path.

    Raises:
        SpecError: it cannot be found or used.
    """
    path, name = stack_file(env, Path.cwd())
    return _load(path, name)


def planned_environment(env: str) -> EnvironmentPlan:
    """Return the plan of an environment, given by name or path.

    Raises:
        SpecError: its spec cannot be found or used, or does not fit; named by its file.
    """
    from infra.plan.environment import plan_environment

    path, name = stack_file(env, Path.cwd())
    spec = _load(path, name)
    try:
        return plan_environment(spec)
    except SpecError as error:
        raise SpecError(str(path), error.problems) from None


def engine_options(env: str) -> list[str]:
    """Return the engine's options for an environment given by name or path: a file that is named is what it reads."""
    return [f"--config-file={Path(env).absolute()}"] if env.endswith((".yaml", ".yml")) else []


def say(text: str) -> None:
    """Print a line as it is."""
    console.print(text, markup=False, highlight=False)


def tell_dim(line: str) -> None:
    """Say what goes on, beside the output that another program may read."""
    errors.print(line, markup=False, highlight=False, style="dim")


def put(text: str, write: Path | None) -> None:
    """Print a document, or write it to a file.

    Raises:
        typer.Exit: the file cannot be written; the reason has been said.
    """
    if write is None:
        sys.stdout.write(text)
        return
    try:
        write.write_text(text, encoding="utf-8")
    except OSError as error:
        errors.print(f"error: {write} cannot be written: {error.strerror}.", markup=False, highlight=False)
        raise typer.Exit(1) from None
    console.print(f"Wrote {write}.", markup=False, highlight=False)


def show(table: Table, at_most: int = 1_000) -> None:
    """Print a table whole: names cut to the width of a terminal, or of a log that has none, are of no use.

    A table with long cells is made no wider than ``at_most``: its widest columns are broken over lines, but for those
    that say ``no_wrap``. Broken columns say ``overflow="fold"``, so that a name longer than a line is not cut.
    """
    needed = Measurement.get(console, console.options.update(max_width=1_000), table).maximum
    Console(width=min(needed, at_most)).print(table, crop=False)


def project_name(env: str) -> str:
    """Return the name of the Pulumi project an environment belongs to: a part of the keys of its state.

    Raises:
        SpecError: there is no project around the stack file, or it has no name.
    """
    path, _ = stack_file(env, Path.cwd())
    places = [*path.resolve().parents, Path.cwd(), *Path.cwd().parents]
    project = next((each / "Pulumi.yaml" for each in places if (each / "Pulumi.yaml").is_file()), None)
    if project is None:
        problem = Problem((), f"no Pulumi.yaml in {Path.cwd()} or above it", "run the command inside the project")
        raise SpecError(env, [problem])
    settings = yaml.safe_load(project.read_text(encoding="utf-8"))
    name = settings.get("name") if isinstance(settings, dict) else None
    if not isinstance(name, str) or not name:
        raise SpecError(str(project), [Problem(("name",), "the project has no name", "give it one: `name: slipway`")])
    return name
