"""``slipway roll``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from infra.commands.common import Env, console, errors, load_environment
from infra.commands.roll_output import Output, output_for, show_estimates
from infra.spec import EnvironmentSpec, InstanceGroupSpec

if TYPE_CHECKING:
    from infra.ops.roll.drain import DrainOptions
    from infra.ops.roll.estimate import Estimate
    from infra.ops.roll.live import Live
    from infra.ops.roll.run import Limits

Groups = Annotated[list[str] | None, typer.Argument(metavar="[GROUP]...", help="Instance groups; all when left out.")]


def roll(
    env: Env,
    groups: Groups = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be replaced, and about how long.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout, one an event.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace machines that need it not, too.")] = False,
    take_lock: Annotated[bool, typer.Option("--take-lock", help="Take the lock of a roll that was killed.")] = False,
    delete_unmanaged: Annotated[
        bool, typer.Option("--delete-unmanaged", help="Evict pods that no controller starts again.")
    ] = False,
    delete_empty_dir: Annotated[
        bool, typer.Option("--delete-emptydir-data/--keep-emptydir-data", help="Evict pods that use an emptyDir.")
    ] = True,
    poll: Annotated[float, typer.Option("--poll", min=0.05, help="Seconds between two looks.")] = 5.0,
    node_timeout: Annotated[
        float, typer.Option("--node-timeout", min=1, help="Seconds for a machine to join.")
    ] = 900.0,
    validation_timeout: Annotated[
        float, typer.Option("--validation-timeout", min=1, help="Seconds for the cluster to be valid.")
    ] = 900.0,
    validate_count: Annotated[
        int, typer.Option("--validate-count", min=1, help="Looks in a row that must find it valid.")
    ] = 2,
) -> None:
    """Replace the machines that differ from their launch template: drained, a few at a time, validated in between.

    Ended anywhere, run it again: it goes on from there. Exit status 4: paused, with the reason.
    """
    from infra.ops.errors import OpsError
    from infra.ops.roll.drain import DrainOptions
    from infra.ops.roll.live import live
    from infra.ops.roll.order import groups_to_roll
    from infra.ops.roll.run import Limits, PausedError

    spec = load_environment(env)
    chosen = groups_to_roll(spec, groups or ())
    limits = Limits(poll, node_timeout, validation_timeout, validate_count)
    output = output_for(as_json=as_json, terminal=console.is_terminal)
    try:
        means = live(spec)
        if dry_run:
            _tell(means.estimates(chosen, force=force), means.budgets(), as_json=as_json)
            return
        _run(means, spec, chosen, output, limits, DrainOptions(delete_empty_dir, delete_unmanaged), take_lock, force)
    except OpsError as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(4 if isinstance(error, PausedError) else 1) from None


def _run(
    means: Live,
    spec: EnvironmentSpec,
    groups: tuple[InstanceGroupSpec, ...],
    output: Output,
    limits: Limits,
    drain: DrainOptions,
    take: bool,
    force: bool,
) -> None:
    from infra.ops.roll.run import roll as run

    lock = means.lock()
    with output:
        run(spec, groups, means.means(output.tell, limits, drain, lock.renew), lock=lock, take=take, force=force)


def _tell(estimates: list[Estimate], budgets: list[str], *, as_json: bool) -> None:
    if not as_json:
        show_estimates(estimates, budgets)
        return
    for each in estimates:
        replaced = {m.instance.id: list(m.reasons) for m in each.members}
        line = {
            "group": each.group,
            "role": each.role,
            "size": each.size,
            "replace": replaced,
            "maxSurge": each.pace.surge,
            "maxUnavailable": each.pace.unavailable,
            "seconds": round(each.seconds),
            "bootSeconds": round(each.boot_seconds),
            "bootMeasured": each.measured,
            "apiUnavailable": each.blink,
        }
        sys.stdout.write(json.dumps(line) + "\n")
