"""The ``slipway`` command. Exit codes: 0 done, 1 failed against a live environment, 2 a bad spec or a wrong call."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.plan.diagram import diagram
from infra.plan.environment import EnvironmentPlan, plan_environment
from infra.plan.inventory import STATE_BUCKET_TYPES, inventory
from infra.plan.naming import state_key_alias
from infra.spec import EnvironmentSpec, Problem, SpecError, load
from infra.spec.schema import json_schema, options_table

app = typer.Typer(
    name="slipway",
    help="Self-managed, kops-style Kubernetes on AWS from Pulumi.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
spec_app = typer.Typer(help="The environment's spec: check it, and what may stand in it.", no_args_is_help=True)
app.add_typer(spec_app, name="spec")

console = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)

Env = Annotated[
    str, typer.Argument(metavar="ENV", help="Environment: stacks/Pulumi.ENV.yaml declares it. Or the path of a file.")
]
Write = Annotated[Path | None, typer.Option("--write", help="Write to this file instead of printing.")]


def stack_file(env: str, start: Path) -> tuple[Path, str]:
    """Return the stack file of an environment and the environment's name.

    ``env`` is a name, looked up in the ``stacks`` folder of the project that ``start`` lies in, or the path of a file.

    Raises:
        SpecError: no project is found from ``start`` upwards.
    """
    if env.endswith((".yaml", ".yml")):
        path = Path(env)
        name = path.stem.removeprefix("Pulumi.")
        return path, name
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder / "stacks" / f"Pulumi.{env}.yaml", env
    problem = Problem((), f"no Pulumi.yaml in {start} or above it", "run the command inside the project")
    raise SpecError(env, [problem])


def _load(env: str) -> EnvironmentSpec:
    path, name = stack_file(env, Path.cwd())
    return load(path, name)


def _put(text: str, write: Path | None) -> None:
    if write is None:
        sys.stdout.write(text)
    else:
        write.write_text(text, encoding="utf-8")
        console.print(f"Wrote {write}.", highlight=False)


@spec_app.command()
def check(env: Env) -> None:
    """Check an environment's spec whole, and say what a first preview will show."""
    plan = plan_environment(_load(env))
    _summarise(plan)


def _summarise(plan: EnvironmentPlan) -> None:
    spec = plan.spec
    console.print(
        f"{spec.name}: cluster {spec.cluster.name}, Kubernetes {spec.cluster.kubernetes_version}, account "
        f"{spec.account_id}, {spec.region}, {len(plan.network.zones)} zones, {len(plan.network.nat_gateways)} NAT "
        "gateways",
        highlight=False,
    )
    groups = Table("instance group", "role", "machines", "type", "zones", "user-data")
    for planned, group in zip(plan.groups, spec.instance_groups, strict=True):
        scaling = planned.scaling
        groups.add_row(
            planned.name,
            planned.role,
            f"{scaling.min_size} to {scaling.max_size}",
            planned.launch_template.instance_type or "mixed",
            ", ".join(zone[-1] for zone in scaling.zones),
            f"{len(planned.launch_template.user_data) * 3 // 4:,} bytes",
            style="dim" if group.retire else None,
        )
    console.print(groups)
    counts = Counter(inventory(plan))
    adopted = sum(counts[token] for token in STATE_BUCKET_TYPES)
    console.print(
        f"A first `pulumi preview` shows {counts.total()} resources: {counts.total() - adopted} to create and "
        f"{adopted} to import.",
        highlight=False,
    )


@spec_app.command()
def schema(write: Write = None) -> None:
    """Print the JSON Schema of a stack file, for editors."""
    _put(json.dumps(json_schema(), indent=2) + "\n", write)


@spec_app.command()
def options(write: Write = None) -> None:
    """Print the table of all options, made of the spec's own descriptions."""
    _put(options_table(), write)


@app.command("diagram")
def diagram_(env: Env, write: Write = None) -> None:
    """Draw an environment from its plan, as a Mermaid flowchart; in a Markdown block where the file is Markdown."""
    plan = plan_environment(_load(env))
    text = diagram(plan)
    if write is not None and write.suffix == ".md":
        text = (
            f"# The environment `{plan.spec.name}`\n\nDrawn from its plan by `slipway diagram {plan.spec.name}`; "
            f"do not edit.\n\n```mermaid\n{text}```\n"
        )
    _put(text, write)


@app.command()
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

    spec = _load(env)
    plan_environment(spec)

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


def main() -> None:
    """Run the command; what a user can act on is one message, without a traceback."""
    try:
        app()
    except SpecError as error:
        errors.print(str(error), markup=False, highlight=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
