"""``slipway bootstrap``."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.commands.common import Env, console, errors, planned_environment
from infra.plan.naming import state_key_alias


def bootstrap(
    env: Env,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look and report; change nothing.")] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take over a bucket in use, or a key, that Slipway did not make.")
    ] = False,
) -> None:
    """Make the state bucket and its key, or bring them back to what they should be. Safe to run again."""
    # boto3 takes half a second to import: only this command pays for it.
    from infra.ops.aws import session_for
    from infra.ops.bootstrap import bootstrap as run
    from infra.ops.errors import OpsError
    from infra.ops.steps import Step

    spec = planned_environment(env).spec

    def tell(step: Step) -> None:
        console.print(str(step), markup=False, highlight=False)

    try:
        result = run(spec, session_for(spec), tell, adopt=adopt, dry_run=dry_run)
    except OpsError as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    if dry_run:
        console.print("Nothing was changed." if result.changed else "Nothing to change.")
        return
    key = state_key_alias(spec.name)
    console.print(
        f"\nNext:\n"
        f"  pulumi login 's3://{result.bucket}?region={spec.region}'\n"
        f"  pulumi stack init {spec.name} --secrets-provider 'awskms://{key}?region={spec.region}'\n"
        f"  pulumi preview --stack {spec.name}",
        markup=False,
        highlight=False,
    )
