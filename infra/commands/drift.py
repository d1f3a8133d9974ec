"""``slipway drift``."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.commands.common import Env, Write, console, engine_options, errors, load_environment, put, tell_dim
from infra.commands.preview import Format, read_source

EXIT_CODES = "Exit status: 0 no drift, 1 looking for it failed, 2 a wrong call or a bad spec, 4 drift."


def drift(
    env: Env,
    output: Annotated[Format, typer.Option("--format", help="Form of the report.")] = "text",
    write: Write = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="Read recorded events instead of running the engine; - is stdin."),
    ] = None,
) -> None:
    """Say what was changed outside of the program. Neither the cloud nor the stack's state is written."""
    from infra.ops.drift.render import render_json, render_markdown, render_text
    from infra.ops.drift.report import drift_of
    from infra.ops.preview import engine
    from infra.ops.preview.errors import PreviewError
    from infra.ops.preview.events import read_events

    spec = load_environment(env)
    try:
        if source is None:
            run = engine.refresh_preview(spec.name, engine_options(env), tell_dim)
        else:
            run = read_events(read_source(source), "standard input" if source == "-" else source)
    except PreviewError as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    report = drift_of(run, spec.name)
    put({"markdown": render_markdown, "json": render_json, "text": render_text}[output](report), write)
    if write is not None:
        console.print(report.headline, markup=False, highlight=False)
    raise typer.Exit(report.exit_code)
