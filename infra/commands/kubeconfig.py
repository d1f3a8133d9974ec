"""``slipway kubeconfig``."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from infra.commands.common import Env, console, errors, load_environment

LONGEST_HOURS = 24
"""A certificate cannot be called back, so that it must not outlive the day it was asked for."""


def kubeconfig(
    env: Env,
    hours: Annotated[int, typer.Option("--hours", min=1, max=LONGEST_HOURS, help="Hours for which it is good.")] = 8,
    write: Annotated[
        Path | None,
        typer.Option("--write", help="Write to this file, readable by its owner alone, instead of printing."),
    ] = None,
    by_login: Annotated[
        bool,
        typer.Option("--login", help="For people who log in at cluster.api.oidc: without a certificate, to hand out."),
    ] = False,
) -> None:
    """Make a kubeconfig for an administrator: your name in the audit log, and good for hours.

    It is signed with the cluster's CA, which only those can read who may read pki/ in the state bucket. With --login it
    holds no secret and does not expire: kubectl asks the issuer for tokens.
    """
    from infra.ops.aws import require_account, session_for
    from infra.ops.errors import OpsError
    from infra.ops.kubeconfig import admit, login

    spec = load_environment(env)
    try:
        session = session_for(spec)
        require_account(spec, session)
        if by_login:
            text, whose = login(session, spec), f"for whoever logs in to {spec.cluster.name}"
        else:
            admission = admit(session, spec, timedelta(hours=hours), datetime.now(UTC))
            text = admission.kubeconfig
            whose = f"{admission.user} in {spec.cluster.name} until {admission.expires:%Y-%m-%d %H:%M} UTC"
    except OpsError as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    if write is None:
        sys.stdout.write(text)
        return
    _write_private(write, text)
    console.print(f"Wrote {write}: {whose}.", markup=False, highlight=False)


def _write_private(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    try:
        # ~/.kube is made by the first kubectl, which nobody may have run yet.
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        new.replace(path)
    except OSError as error:
        errors.print(f"error: {path} cannot be written: {error.strerror}.", markup=False, highlight=False)
        raise typer.Exit(1) from None
