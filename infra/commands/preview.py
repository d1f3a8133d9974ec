"""``slipway preview``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from infra.commands.common import (
    CONFIG_FILE_VARIABLE,
    Env,
    Write,
    console,
    engine_options,
    errors,
    load_environment,
    planned_environment,
    put,
    stack_file,
    tell_dim,
)

if TYPE_CHECKING:
    from infra.ops.preview.meaning import Report

Format = Literal["text", "markdown", "json"]

EXIT_CODES = (
    "Exit status: 0 nothing changes or the changes are fine, 1 the engine failed (its errors are in the report), 2 a "
    "wrong call or a bad spec, 3 something that cannot be made again would be replaced or deleted and is not waived."
)


def preview(
    env: Env,
    output: Annotated[Format, typer.Option("--format", help="Form of the report.")] = "text",
    write: Write = None,
    comment: Annotated[
        Path | None, typer.Option("--comment", help="Write the report as Markdown for a comment here, too.")
    ] = None,
    save_plan: Annotated[
        Path | None, typer.Option("--save-plan", help="Let the engine write its plan here, for `pulumi up --plan`.")
    ] = None,
    waive: Annotated[
        list[str] | None,
        typer.Option("--waive", metavar="URN|GROUP", help="Accept the loss of this resource or group. Repeatable."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="Read recorded events instead of running the engine; - is stdin."),
    ] = None,
    policy_pack: Annotated[
        list[Path] | None, typer.Option("--policy-pack", help="Policy pack to check the change by. Repeatable.")
    ] = None,
    where: Annotated[
        str, typer.Option("--where", help="Where the whole report is, for the note of what was folded.")
    ] = "",
) -> None:
    """Say what an update would do to production, before it is made; change nothing."""
    from infra.ops.preview import engine
    from infra.ops.preview.errors import PreviewError
    from infra.ops.preview.events import read_events
    from infra.ops.preview.meaning import interpret
    from infra.ops.preview.prices import price_table
    from infra.ops.preview.render_markdown import render_markdown

    spec = load_environment(env)
    options = engine_options(env)
    if not options and source is None:
        _tell_other_file(env)
    options += [f"--save-plan={save_plan.absolute()}"] if save_plan else []
    options += [f"--policy-pack={each.absolute()}" for each in policy_pack or ()]
    try:
        if source is None:
            run = engine.preview(spec.name, options, tell_dim)
        else:
            run = read_events(read_source(source), "standard input" if source == "-" else source)
    except PreviewError as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    report = interpret(run, environment=spec.name, region=spec.region, prices=price_table(), waivers=tuple(waive or ()))
    if source is None and report.exit_code == 1:
        # Some mistakes of the files show only where their plan is made: the program told them among the engine's words.
        planned_environment(env)
    if comment is not None:
        put(render_markdown(report, where=where), comment)
    _show(report, output, write, where)
    raise typer.Exit(report.exit_code)


def _tell_other_file(env: str) -> None:
    """Say so where the engine is told to read another file than the environment's own, as in a rehearsal's shell."""
    read, own = os.environ.get(CONFIG_FILE_VARIABLE, ""), stack_file(env, Path.cwd())[0]
    if read and Path(read).resolve() != own.resolve():
        tell_dim(f"{CONFIG_FILE_VARIABLE} has the engine read {read}: what only {own} says is not in this preview.")


def read_source(source: str) -> str:
    """Return recorded events.

    Raises:
        typer.Exit: the file cannot be read; the reason has been said.
    """
    if source == "-":
        return sys.stdin.read()
    try:
        return Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        errors.print(f"error: {source} cannot be read: {error}.", markup=False, highlight=False)
        raise typer.Exit(2) from None


def _show(report: Report, output: Format, write: Path | None, where: str) -> None:
    from infra.ops.preview.render_json import render_json
    from infra.ops.preview.render_markdown import render_markdown
    from infra.ops.preview.render_text import render_text

    if output == "text" and write is None:
        console.print(render_text(report), end="")
        return
    text = {
        "markdown": lambda: render_markdown(report, where=where),
        "json": lambda: render_json(report),
        "text": lambda: render_text(report).plain,
    }[output]()
    put(text, write)
    if write is not None:
        console.print(report.headline, markup=False, highlight=False)
