"""``slipway destroy``."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Annotated

import typer

from infra.commands.common import Env, engine_options, errors, say
from infra.commands.stacks import Stack, open_stack
from infra.plan.state_layout import backups_prefix
from infra.plan.tags import CLUSTER_TAG

if TYPE_CHECKING:
    from infra.ops.destroy.plan import DestroyPlan

_ROUNDS = 3
"""Controllers that still run may make again what was deleted, until their machines are gone."""


def destroy(
    env: Env,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without this, only show what would be done.")] = False,
    delete_volumes: Annotated[
        bool, typer.Option("--delete-volumes", help="Delete the volumes of claims too, with their data.")
    ] = False,
) -> None:
    """Take an environment down, and what its controllers made. Shows it first. The state bucket and backups stay."""
    with open_stack(env) as stack:
        plan = _plan(stack, delete_volumes=delete_volumes)
        _show(stack, plan)
        if yes and (refusal := _refusal(stack, plan)):
            errors.print(f"error: {refusal}", markup=False, highlight=False)
            raise typer.Exit(1)
        if not yes:
            say(f"Nothing was deleted. To do it: {_again(env, delete_volumes)}")
            return
        _destroy(stack, plan, delete_volumes=delete_volumes)


def _refusal(stack: Stack, plan: DestroyPlan) -> str | None:
    """Return why nothing is deleted, and what to do; None where nothing stands in the way."""
    if plan.guarded:
        return (
            "AWS refuses to delete a load balancer above; nothing was deleted. Fix: set "
            f"edge.deletionProtection: false, run pulumi up --stack {stack.spec.name}, then the command again."
        )
    if plan.by_hand:
        return (
            "AWS refuses to delete a load balancer above; nothing was deleted. Fix: lift its protection as shown "
            "above, then run the command again."
        )
    if plan.protected:
        number = len(plan.protected)
        what = "1 resource is protected" if number == 1 else f"{number} resources are protected"
        return f"{what}; nothing was deleted. Fix: lift the protection as shown above, then run the command again."
    return None


def _destroy(stack: Stack, plan: DestroyPlan, *, delete_volumes: bool) -> None:
    from infra.ops.clock import SystemClock
    from infra.ops.destroy.sweep import sweep

    snapshots = len(plan.snapshots)
    for round_ in range(_ROUNDS):
        sweep(stack.session, plan.swept, SystemClock(), say)
        if _engine(stack) == 0:
            break
        plan = _plan(stack, delete_volumes=delete_volumes)
        if not plan.swept or round_ == _ROUNDS - 1:
            errors.print("error: pulumi destroy failed; it says above why.", markup=False, highlight=False)
            raise typer.Exit(1)
        say("pulumi destroy failed, and controllers have made more meanwhile: once again.")
    plan = _plan(stack, delete_volumes=delete_volumes)
    sweep(stack.session, plan.swept, SystemClock(), say)
    for each in plan.kept_volumes:
        say(f"kept: {each}")
    if snapshots:
        volumes = f"{snapshots} volume" if snapshots == 1 else f"each of {snapshots} volumes"
        say(f"kept: a last snapshot of {volumes}: {_snapshots(stack)}")
    say(f"Destroyed {stack.spec.name}. Kept: {_kept(stack)}.")


def _engine(stack: Stack) -> int:
    try:
        return subprocess.run(
            ["pulumi", "destroy", "--stack", stack.spec.name, "--yes", *engine_options(stack.env)], check=False
        ).returncode
    except FileNotFoundError:
        errors.print("error: `pulumi` is not on PATH. Install the engine and run the command again.")
        raise typer.Exit(1) from None


def _plan(stack: Stack, *, delete_volumes: bool) -> DestroyPlan:
    from infra.ops.destroy.guards import guarded_by_aws
    from infra.ops.destroy.leftovers import find_leftovers, managed
    from infra.ops.destroy.plan import balancers, plan_destroy
    from infra.ops.state.points import NOW, find_point, state_at

    bucket = stack.spec.state.bucket
    point = find_point(stack.s3, bucket, stack.keys, NOW, env=stack.env)
    state = state_at(stack.s3, bucket, point, env=stack.env)
    leftovers = find_leftovers(stack.session, stack.spec, managed(state))
    guarded = guarded_by_aws(stack.session, balancers(state, leftovers))
    return plan_destroy(state, leftovers, delete_volumes=delete_volumes, guarded=guarded)


def _show(stack: Stack, plan: DestroyPlan) -> None:
    from infra.ops.destroy.guards import release_command

    if plan.swept:
        say(f"Made by controllers in {stack.spec.cluster.name}, or left by a roll, to be deleted first:")
    for each in plan.swept:
        say(f"  {each}")
    if plan.kept_volumes:
        say("Volumes with data, kept unless --delete-volumes is given:")
    for each in plan.kept_volumes:
        say(f"  {each}")
    for urn in plan.guarded:
        say(f"Refused by AWS until edge.deletionProtection: false was applied by pulumi up: {urn}")
    for arn in plan.by_hand:
        say(f"Refused by AWS, which protects it from deletion: {arn}\n    {release_command(arn)}")
    if plan.protected:
        say("Protected, which pulumi destroy refuses to delete. Each is released by the command behind it, or all by")
        say(f"  pulumi state unprotect --all --stack {stack.spec.name}")
    for urn in plan.protected:
        say(f"  {urn}\n    pulumi state unprotect '{urn}' --stack {stack.spec.name}")
    inside = f", {plan.in_cluster} of them objects in the cluster, which go with it" if plan.in_cluster else ""
    say(f"Deleted by pulumi destroy: {plan.resources} resources{inside}.")
    for urn in plan.retained:
        say(f"Left in AWS by pulumi destroy: {urn}")
    for urn in plan.snapshots:
        say(f"Left in AWS by pulumi destroy: a last snapshot of {urn}")
    if plan.snapshots:
        say(f"  to see them afterwards: {_snapshots(stack)}")
    if plan.objects:
        say(f"Left in AWS by pulumi destroy: {plan.objects} objects in buckets that stay")
    say(f"Kept: {_kept(stack)}.")


def _kept(stack: Stack) -> str:
    bucket = stack.spec.state.bucket
    return (
        f"state bucket {bucket}, its key and its history, and backups under s3://{bucket}/{backups_prefix(stack.spec)}"
    )


def _snapshots(stack: Stack) -> str:
    cluster = stack.spec.cluster.name
    return f"aws ec2 describe-snapshots --owner-ids self --filters Name=tag:{CLUSTER_TAG},Values={cluster}"


def _again(env: str, delete_volumes: bool) -> str:
    return f"slipway destroy {env} --yes{' --delete-volumes' if delete_volumes else ''}"
