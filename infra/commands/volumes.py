"""``slipway volumes``."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from infra.commands.common import Env, say, show
from infra.commands.stacks import Format, Stack, open_stack

if TYPE_CHECKING:
    from infra.ops.kube import Kube
    from infra.ops.volumes.view import Claim, Key, Snapshot

volumes_app = typer.Typer(help="Volumes of workloads' claims, and their snapshots.", no_args_is_help=True)

ClaimName = Annotated[str, typer.Argument(metavar="NAMESPACE/CLAIM", help="As `slipway volumes list` shows it.")]


@volumes_app.command("list")
def list_(
    env: Env,
    claim: Annotated[
        str | None, typer.Argument(metavar="NAMESPACE/CLAIM", help="One claim, with all its snapshots.")
    ] = None,
    format_: Format = "text",
) -> None:
    """List the claims of the cluster with their EBS volumes, what uses them, and their snapshots."""
    with open_stack(env) as stack:
        known, snapshots = _look(stack, _kube(stack))
        key = _key(claim) if claim is not None else None
    if format_ == "json":
        json.dump(_document(known, snapshots, key), sys.stdout, indent=2)
        sys.stdout.write("\n")
    elif key is None:
        _show_claims(known, snapshots)
    else:
        _show_snapshots(key, [each for each in snapshots if each.key == key])


@volumes_app.command("snapshot")
def snapshot(env: Env, claim: ClaimName) -> None:
    """Take a snapshot of a claim's volume, as it is at this moment. What uses it goes on."""
    with open_stack(env) as stack:
        from infra.ops.volumes.take import take_snapshot
        from infra.ops.volumes.view import claims

        found = _named(claims(_kube(stack)), _key(claim))
        made = take_snapshot(stack.session.client("ec2"), stack.spec, found)
    say(f"{made}: begun. It can be restored once `slipway volumes list {env} {claim}` calls it completed.")


@volumes_app.command("restore")
def restore(
    env: Env,
    claim: ClaimName,
    from_: Annotated[str, typer.Option("--from", metavar="SNAPSHOT", help="ID of the snapshot.")],
    zone: Annotated[
        str | None,
        typer.Option("--zone", help="Zone of the new volume. Left out: that of the volume that the claim has."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without this, only show what would be done.")] = False,
) -> None:
    """Bring a claim that no pod uses back to a snapshot, on a new volume. Shows it first. The old volume stays."""
    with open_stack(env) as stack:
        from infra.ops.clock import SystemClock
        from infra.ops.volumes.restoration import plan_restoration
        from infra.ops.volumes.restore import restore as carry_out
        from infra.ops.volumes.view import claims, default_class, snapshot_named

        kube, ec2, key = _kube(stack), stack.session.client("ec2"), _key(claim)
        plan = plan_restoration(
            stack.spec,
            key,
            snapshot_named(ec2, from_),
            claims(kube),
            zone=zone,
            default_class=default_class(kube),
        )
        if not yes:
            for number, step in enumerate(plan.steps(), start=1):
                say(f"{number}. {step}")
            say("Nothing was changed. To do it, run the command again with --yes.")
            return
        carry_out(plan, stack.spec.cluster.name, kube, ec2, SystemClock(), say)
    say(
        f"The next claim {key} is bound to it. A StatefulSet makes it when its pods start; that of a Deployment is "
        f"made by: pulumi up --refresh --stack {stack.spec.name}"
    )


def _kube(stack: Stack) -> Kube:
    from infra.ops.kube import connect

    return connect(stack.spec)


def _look(stack: Stack, kube: Kube) -> tuple[list[Claim], list[Snapshot]]:
    from infra.ops.volumes.view import claims, snapshots

    known = claims(kube)
    return known, snapshots(stack.session.client("ec2"), stack.spec.cluster.name, known)


def _key(claim: str) -> Key:
    from infra.ops.volumes.view import Key

    namespace, slash, name = claim.partition("/")
    if not (namespace and slash and name) or "/" in name:
        raise typer.BadParameter(f"{claim!r} names no claim: write NAMESPACE/CLAIM", param_hint="NAMESPACE/CLAIM")
    return Key(namespace, name)


def _named(known: Sequence[Claim], key: Key) -> Claim:
    from infra.ops.errors import OpsError

    found = next((each for each in known if each.key == key), None)
    if found is None:
        there = ", ".join(str(each.key) for each in known)
        fix = f"name one of {there}" if there else "wait until its workload is deployed: the cluster has no claim"
        raise OpsError("there is no such claim", str(key), fix)
    return found


def _show_claims(known: Sequence[Claim], snapshots: Sequence[Snapshot]) -> None:
    from infra.ops.state.versions import instant

    keys = {each.key for each in known}
    gone = sorted({each.key for each in snapshots if each.key is not None} - keys)
    if not known and not gone:
        say("There is no claim in the cluster, and no snapshot of one.")
        return
    table = Table("Claim", "Volume", "Zone", "Size", "Used by", "Snapshots", "Newest")
    for claim in known:
        own = [each for each in snapshots if each.key == claim.key]
        volume = (claim.disk.handle or claim.disk.name) if claim.disk is not None else claim.phase
        zone = claim.disk.zone if claim.disk is not None else ""
        newest = instant(own[0].begun) if own else "never"
        users = ", ".join(claim.users) or "nothing"
        table.add_row(str(claim.key), volume, zone, claim.size, users, str(len(own)), newest)
    for key in gone:
        own = [each for each in snapshots if each.key == key]
        table.add_row(str(key), "gone", "", f"{own[0].size_gi}Gi", "nothing", str(len(own)), instant(own[0].begun))
    show(table)


def _show_snapshots(key: Key, own: Sequence[Snapshot]) -> None:
    from infra.ops.state.versions import instant

    if not own:
        say(f"There is no snapshot of {key}.")
        return
    table = Table("Snapshot", "Taken", "GiB", "Volume", "State")
    for each in own:
        table.add_row(each.id, instant(each.begun), str(each.size_gi), each.volume, each.state)
    show(table)


def _document(known: Sequence[Claim], snapshots: Sequence[Snapshot], key: Key | None) -> dict[str, Any]:
    from infra.ops.state.versions import instant

    chosen = [each for each in known if key in (None, each.key)]
    kept = [each for each in snapshots if each.key is not None and key in (None, each.key)]
    return {
        "claims": [{**dataclasses.asdict(each), "key": str(each.key)} for each in chosen],
        "snapshots": [
            {**dataclasses.asdict(each), "key": str(each.key), "begun": instant(each.begun)} for each in kept
        ],
    }
