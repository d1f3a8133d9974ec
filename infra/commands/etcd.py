"""``slipway etcd``."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Annotated

import typer
from rich.table import Table

from infra.commands.common import Env, console, say, show
from infra.commands.stacks import Format, open_stack

etcd_app = typer.Typer(help="Backups of etcd.", no_args_is_help=True)


@etcd_app.command("backups")
def backups(env: Env, format_: Format = "text") -> None:
    """List the snapshots of etcd in the state bucket, the newest first."""
    with open_stack(env) as stack:
        from infra.ops.etcd.snapshots import snapshots
        from infra.ops.state.versions import instant

        found = snapshots(stack.s3, stack.spec)
    if format_ == "json":
        document = [{**dataclasses.asdict(each), "time": instant(each.time)} for each in found]
        json.dump(document, sys.stdout, indent=2)
        sys.stdout.write("\n")
    elif not found:
        console.print(f"There is no snapshot of {stack.spec.cluster.name}'s etcd yet.", markup=False, highlight=False)
    else:
        table = Table("Snapshot", "Uploaded", "MiB", "State")
        for each in found:
            whole = "complete" if each.complete else "not uploaded whole"
            table.add_row(each.name, instant(each.time), f"{each.size / 2**20:.1f}", whole)
        show(table)


@etcd_app.command("restore")
def restore(
    env: Env,
    from_: Annotated[str, typer.Option("--from", metavar="SNAPSHOT", help="As `slipway etcd backups` lists it.")],
) -> None:
    """Check a snapshot and say what is run on which machine to restore it. Changes nothing itself.

    Everything that the API acknowledged after the snapshot is lost by it: docs/restore-etcd.md says when to do it.
    """
    with open_stack(env) as stack:
        from infra.ops.etcd.snapshots import never_ran, record_of, restore_commands

        record = record_of(stack.s3, stack.spec, from_, env)
        commands = restore_commands(stack.spec, from_)
        unmarked = never_ran(stack.s3, stack.spec)
    half = len(commands) // 2
    say(f"{from_}: {record['size']} bytes, revision {record['revision']}, {record['keys']} keys.")
    say("The restored etcd has the members that the file names, whichever it had at the snapshot.")
    if unmarked:
        say(
            f"The bucket does not say that {', '.join(unmarked)} ever had data. A member whose machine is not there "
            "counts against the majority: take its group out of the file, and ask again."
        )
    say("1. On every member of the control plane, one after the other:")
    tell(commands[:half])
    say("2. Once each of them has said that it restored, on every member:")
    tell(commands[half:])
    say(f"3. slipway validate {env} --wait 10m")
    say("Workers that joined after the snapshot have no node then: docs/restore-etcd.md says what to do with them.")


def tell(commands: list[tuple[str, list[str]]]) -> None:
    """Print what is run on which machine."""
    for machine, lines in commands:
        say(f"   {machine}:")
        for line in lines:
            say(f"     {line}")
