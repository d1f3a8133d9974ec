"""The engine's stack of an environment: made, freed of dead holders, and told what a killed engine had created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from infra.ops.state.lock import RECOVERY_LOCK, release, stack_locks
from infra.plan.stack_keys import StackKeys
from rehearsal.environment import orphans, pending
from rehearsal.environment.engine import Engine
from rehearsal.environment.errors import RehearsalError
from rehearsal.processes import write_private

if TYPE_CHECKING:
    from rehearsal.environment.environment import Environment

_PATIENCE_SECONDS: Final = 15


def create(environment: Environment) -> None:
    """Create the stack in the state bucket unless it is there.

    The engine writes a salt to the stack file of the project it creates a stack for, so that it is shown another
    project of the same name.
    """
    settings, name, bucket = environment.settings, environment.layout.name, environment.spec.state.bucket
    prefix = f".pulumi/stacks/{settings['name']}/{name}.json"
    s3 = environment.cloud.client("s3", environment.spec.region)
    if s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("KeyCount"):
        return
    scratch = environment.layout.root / "project"
    write_private(scratch / "Pulumi.yaml", yaml.safe_dump({"name": settings["name"], "runtime": settings["runtime"]}))
    engine = Engine(environment.tools["pulumi"], scratch, environment.layout, environment.variables())
    engine.output(["stack", "init", name, "--no-select", "--non-interactive"])
    environment.console.print(f"Created stack {name} in s3://{bucket}", highlight=False)


def release_abandoned_locks(environment: Environment) -> None:
    """Delete the engine's locks whose holders are dead. Raises RehearsalError for one that may live."""
    name, bucket = environment.layout.name, environment.spec.state.bucket
    s3 = environment.cloud.client("s3", environment.spec.region)
    for lock in stack_locks(s3, bucket, StackKeys(str(environment.settings["name"]), name)):
        if lock.id.startswith(RECOVERY_LOCK):
            raise RehearsalError(
                f"A recovery of {name}'s state was interrupted, or runs now: {lock}. `slipway recover {name}` shows "
                "how it is finished or undone."
            )
        if not lock.is_abandoned():
            raise RehearsalError(
                f"The stack {name} is locked by {lock}. Wait for that update to end. If it cannot be running any more, "
                f"`./rehearse pulumi {name} -- cancel --yes` releases the lock."
            )
        release(s3, bucket, lock)
        environment.console.print(f"Released the stack's lock of {lock}: that process is gone.", highlight=False)


def settle_pending(environment: Environment) -> None:
    """Adopt what a killed engine had created and not noted; drop from its list what was not created."""
    layout = environment.layout
    if not layout.unfinished.exists():
        return
    console = environment.console
    if waiting := orphans.orphaned_plugins(layout.created_journal):
        console.print("Waiting for the plugins of the update that was cut off to end what they do.")
        if ended := orphans.await_end(waiting, _PATIENCE_SECONDS):
            console.print(
                f"[yellow]{ended} of them did not end within {_PATIENCE_SECONDS} s and had to be stopped.[/yellow]"
            )
    engine = environment.engine()
    state = engine.state()
    found = pending.pending_creations(state, pending.read_journal(layout.created_journal))
    if not found:
        return
    console.print("The last update was cut off. Of what it was creating:")
    for urn, identifier in found.created.items():
        console.print(f"  {urn} was created as {identifier}: adopted", highlight=False)
    for urn in found.unknown:
        console.print(f"  {urn} was not created: it will be", highlight=False)
    engine.import_state(pending.settled_state(state, found))
    if found.created:
        targets = [argument for urn in found.created for argument in ("--target", urn)]
        engine.output(["refresh", "--yes", "--skip-preview", "--non-interactive", *targets])
