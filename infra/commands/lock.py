"""``slipway lock``."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.commands.common import Env, console, errors
from infra.commands.stacks import open_stack


def lock(
    env: Env,
    release: Annotated[
        str | None,
        typer.Option("--release", metavar="ID", help="Release it. Never while its update runs."),
    ] = None,
) -> None:
    """Show who holds the lock on an environment's state, or release it by its ID."""
    with open_stack(env) as stack:
        from infra.ops.state import lock as locks

        held = locks.stack_locks(stack.s3, stack.spec.state.bucket, stack.keys)
        if release is None:
            for each in held:
                gone = " Its process has ended." if each.is_abandoned() else ""
                console.print(f"{each.id}: held by {each}.{gone}", markup=False, highlight=False)
            if not held:
                console.print(f"Nobody holds the lock of {stack.spec.name}.", highlight=False)
            return
        chosen = next((each for each in held if each.id == release), None)
        if chosen is None:
            known = f" Held: {', '.join(each.id for each in held)}." if held else " No lock is held."
            errors.print(f"error: there is no lock {release}.{known}", markup=False, highlight=False)
            raise typer.Exit(1)
        locks.release(stack.s3, stack.spec.state.bucket, chosen)
    console.print(f"Released the lock of {chosen}.", markup=False, highlight=False)
