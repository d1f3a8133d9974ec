"""``slipway recover``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from infra.commands.common import Env, errors, say
from infra.commands.stacks import Stack, open_stack

if TYPE_CHECKING:
    from infra.ops.recover.journal import Journal
    from infra.ops.recover.plan import RecoveryStep
    from infra.ops.recover.run import Recovering
    from infra.ops.state.checkpoint import Checkpoint
    from infra.ops.state.versions import ObjectVersion

_NAMED = 20
"""Resources that are named one by one."""


def recover(
    env: Env,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="VERSION|TIME", help="As `slipway history` shows it, or 2026-11-24T09:30:00Z."),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it. Without this, only show what would be done.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Undo a recovery that was interrupted.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="End an interrupted recovery; leave every object as it is now.")
    ] = False,
) -> None:
    """Bring Pulumi's state and the cluster's records back to an earlier time, as new versions. Shows it first.

    No version is ever deleted. A run that was interrupted is finished by the same command, or undone by --undo.
    """
    if undo and forget:
        raise typer.BadParameter("--undo and --forget exclude each other", param_hint="--forget")
    with open_stack(env) as stack:
        from infra.ops.recover.journal import JournalError, load
        from infra.ops.recover.run import Recovering

        recovering = Recovering(stack.s3, stack.spec, stack.keys, env)
        try:
            journal = load(stack.s3, stack.spec.state.bucket, stack.keys, env=env)
        except JournalError:
            if not (forget and apply):
                raise
            recovering.forget(None)
            return say("Forgot the recovery; every object is as it was found.")
        if journal is not None:
            return _interrupted(recovering, journal, to, apply=apply, undo=undo, forget=forget)
        if undo or forget:
            return _refuse(f"there is no interrupted recovery of {stack.spec.name}")
        if to is None:
            raise typer.BadParameter("name the version or time to go back to", param_hint="--to")
        return _recover(stack, recovering, to, apply=apply)


def _recover(stack: Stack, recovering: Recovering, to: str, *, apply: bool) -> None:
    from infra.ops.state.points import find_point, state_at
    from infra.ops.state.versions import instant

    bucket, env = stack.spec.state.bucket, stack.env
    target = find_point(stack.s3, bucket, stack.keys, to, env=env)
    steps = recovering.plan(target)
    if not steps:
        return say(f"State and records are those of version {target.version_id} already. Nothing to do.")
    say(f"Back to version {target.version_id}, written {instant(target.time)}:")
    for step in steps:
        say(f"  {_line(step)}")
    _compare(stack, state_at(stack.s3, bucket, target, env=env))
    if not apply:
        return say(f"Nothing was changed. To do it: slipway recover {env} --to {target.version_id} --apply")
    journal = recovering.begin(target, lambda step: say(f"done: {step.key}"))
    return _finished(stack.env, journal, target)


def _finished(env: str, journal: Journal, target: ObjectVersion | None = None) -> None:
    state = next((step for step in reversed(journal.steps) if ".pulumi/stacks/" in step.key and step.before), None)
    back = f"\n  slipway recover {env} --to {state.before} --apply    (to return to where you were)" if state else ""
    what = f"Recovered version {target.version_id if target else journal.version}"
    say(
        f"{what}. Compare it with what exists before any update:\n"
        f"  pulumi refresh --stack {env} --preview-only\n"
        f"  pulumi preview --stack {env}{back}"
    )


def _interrupted(
    recovering: Recovering, journal: Journal, to: str | None, *, apply: bool, undo: bool, forget: bool
) -> None:
    from infra.ops.state.points import find_point

    env, undoing = recovering.env, journal.direction == "undo"
    if to is not None:
        target = find_point(recovering.s3, recovering.bucket, recovering.keys, to, env=env)
        if target.version_id != journal.version and not (undo or forget):
            finish = "" if undoing else f"finish it with slipway recover {env} --to {journal.version} --apply, or "
            undo_it = f"undo it with slipway recover {env} --undo --apply"
            return _refuse(f"{journal.unfinished}. Fix: {finish}{undo_it}, then run this again")
    say(f"A{journal.unfinished[1:]}{', and was being undone' if undoing else ''}.")
    for step in journal.steps:
        say(f"  {_line(step)}")
    if not apply:
        # What is undone in part can only be undone to the end, or left.
        finish = "" if undoing else f"To finish it: slipway recover {env} --to {journal.version} --apply\n"
        return say(
            f"Nothing was changed. {finish}To undo it: slipway recover {env} --undo --apply\n"
            f"To leave every object as it is now: slipway recover {env} --forget --apply"
        )
    if forget:
        recovering.forget(journal)
        return say("The recovery is forgotten; every object is as it was found.")
    ended = recovering.resume(journal, lambda step: say(f"done: {step.key}"), undo=undo)
    return _finished(env, ended) if ended.direction == "forward" else say("The recovery is undone.")


def _line(step: RecoveryStep) -> str:
    from infra.ops.state.versions import instant

    now = f"now {step.before}" if step.before else "now absent"
    if step.source is None:
        return f"{step.key}: hidden, for it was not there then ({now})"
    written = f" of {instant(step.time)}" if step.time else ""
    return f"{step.key}: version {step.source}{written} ({now})"


def _compare(stack: Stack, target: Checkpoint) -> None:
    """Tell what the older state does not know, which the engine would make a second time."""
    from infra.ops.diff.resources import compare
    from infra.ops.errors import OpsError
    from infra.ops.state.points import find_point, state_at

    bucket = stack.spec.state.bucket
    try:
        now = state_at(stack.s3, bucket, find_point(stack.s3, bucket, stack.keys, "now", env=stack.env), env=stack.env)
    except OpsError as error:
        return say(f"The present state cannot be compared with it: {error}")
    changes = compare(now, target).changes
    for kind, told in (
        ("removed", "exist now by the present state and are unknown to that one; an update would make them again"),
        ("added", "are in that state and no longer in the present one; a refresh shows which still exist"),
        ("changed", "differ in their properties"),
    ):
        names = [f"{each.type} {each.name}" for each in changes if each.kind == kind]
        if names:
            more = f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            say(f"  {len(names)} resources {told}: {', '.join(names[:_NAMED])}{more}")
    if now.secrets != target.secrets:
        say(
            "  Secrets of that state are encrypted by other settings than now: bring secretsprovider, encryptedkey and "
            "encryptionsalt of the stack file back too"
        )
    return None


def _refuse(text: str) -> None:
    errors.print(f"error: {text}.", markup=False, highlight=False)
    raise typer.Exit(1)
