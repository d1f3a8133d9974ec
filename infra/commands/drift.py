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
    """Say what was changed outside of the program. Neither the cloud nor the stack's state is written.

    Rules added to the program's security groups and policies put on its IAM roles are found, too; with --from, which
    asks nobody, they are not.
    """
    from infra.ops.aws import require_account, session_for
    from infra.ops.drift.beside import Beside, find_beside, groups_of
    from infra.ops.drift.render import render_json, render_markdown, render_text
    from infra.ops.drift.report import drift_of
    from infra.ops.drift.role_policies import BesidePolicy, find_policies, roles_of
    from infra.ops.errors import OpsError
    from infra.ops.preview import engine
    from infra.ops.preview.errors import PreviewError
    from infra.ops.preview.events import read_events

    spec = load_environment(env)
    beside: tuple[Beside, ...] = ()
    policies: tuple[BesidePolicy, ...] = ()
    try:
        if source is None:
            run = engine.refresh_preview(spec.name, engine_options(env), tell_dim)
            # Of a run that stopped on its way, what it did not come to would seem to be nobody's.
            if run.finished and (groups_of(run) or roles_of(run)):
                session = session_for(spec)
                require_account(spec, session)
                beside, policies = find_beside(session, run), find_policies(session, run)
        else:
            run = read_events(read_source(source), "standard input" if source == "-" else source)
    except (PreviewError, OpsError) as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    report = drift_of(run, spec.name, beside, policies)
    put({"markdown": render_markdown, "json": render_json, "text": render_text}[output](report), write)
    if write is not None:
        console.print(report.headline, markup=False, highlight=False)
    raise typer.Exit(report.exit_code)
