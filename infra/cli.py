"""The ``slipway`` command. Exit codes: 0 done, 1 failed against a live environment, 2 a bad spec or a wrong call."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table

from infra.plan.diagram import diagram
from infra.plan.environment import EnvironmentPlan, plan_environment
from infra.plan.inventory import STATE_BUCKET_TYPES, inventory
from infra.plan.naming import state_key_alias
from infra.spec import EnvironmentSpec, Problem, SpecError, load
from infra.spec.schema import json_schema, options_table

EXIT_CODES = "Exit status: 0 done, 1 failed against a live environment, 2 a bad spec or a wrong call."

app = typer.Typer(
    name="slipway",
    help="Self-managed, kops-style Kubernetes on AWS from Pulumi.",
    epilog=EXIT_CODES,
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
        SpecError: no project is found from ``start`` upwards, or it has no such environment.
    """
    if env.endswith((".yaml", ".yml")):
        path = Path(env)
        return path, path.stem.removeprefix("Pulumi.")
    project = next((folder for folder in (start, *start.parents) if (folder / "Pulumi.yaml").is_file()), None)
    if project is None:
        problem = Problem((), f"no Pulumi.yaml in {start} or above it", "run the command inside the project")
        raise SpecError(env, [problem])
    path = project / "stacks" / f"Pulumi.{env}.yaml"
    if not path.is_file():
        known = [each.stem.removeprefix("Pulumi.") for each in sorted(path.parent.glob("Pulumi.*.yaml"))]
        fix = " or ".join([f"create {path}", *([f"name one of {', '.join(known)}"] if known else [])])
        raise SpecError(env, [Problem((), "there is no environment of this name", fix)])
    return path, env


def _load(env: str) -> EnvironmentSpec:
    path, name = stack_file(env, Path.cwd())
    return load(path, name)


def _put(text: str, write: Path | None) -> None:
    if write is None:
        sys.stdout.write(text)
        return
    try:
        write.write_text(text, encoding="utf-8")
    except OSError as error:
        errors.print(f"error: {write} cannot be written: {error.strerror}.", markup=False, highlight=False)
        raise typer.Exit(1) from None
    console.print(f"Wrote {write}.", markup=False, highlight=False)


@spec_app.command()
def check(
    env: Env,
    resources: Annotated[bool, typer.Option("--resources", help="List the number of resources by type, too.")] = False,
) -> None:
    """Check an environment's spec whole, and say what a first preview will show."""
    plan = plan_environment(_load(env))
    _summarise(plan)
    counts = inventory(plan)
    if resources:
        by_type = Table("type", Column("resources", justify="right"))
        for token, count in counts.items():
            by_type.add_row(token, str(count))
        _show(by_type)
    total, adopted = sum(counts.values()), sum(counts[token] for token in STATE_BUCKET_TYPES)
    console.print(
        f"A first `pulumi preview` shows {total} resources: {total - adopted} to create and {adopted} to import.",
        markup=False,
        highlight=False,
    )


def _show(table: Table) -> None:
    """Print a table whole: names cut to the width of a terminal, or of a log that has none, are of no use."""
    needed = Measurement.get(console, console.options.update(max_width=1_000), table).maximum
    Console(width=needed).print(table, crop=False)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _summarise(plan: EnvironmentPlan) -> None:
    spec = plan.spec
    console.print(
        f"{spec.name}: cluster {spec.cluster.name}, Kubernetes {spec.cluster.kubernetes_version}, account "
        f"{spec.account_id}, {spec.region}, {_count(len(plan.network.zones), 'zone')}, "
        f"{_count(len(plan.network.nat_gateways), 'NAT gateway')}",
        markup=False,
        highlight=False,
    )
    groups = Table("instance group", "role", "machines", "type", "zones", "user-data")
    for planned, group in zip(plan.groups, spec.instance_groups, strict=True):
        scaling = planned.scaling
        machines = (
            f"{scaling.min_size} to {scaling.max_size}"
            if scaling.min_size < scaling.max_size
            else str(scaling.max_size)
        )
        groups.add_row(
            planned.name,
            planned.role,
            machines,
            planned.launch_template.instance_type or "mixed",
            ", ".join(zone[-1] for zone in scaling.zones),
            f"{len(planned.launch_template.user_data) * 3 // 4:,} bytes",
            style="dim" if group.retire else None,
        )
    _show(groups)


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
    """Draw an environment from its plan, as an SVG picture."""
    _put(diagram(plan_environment(_load(env))), write)


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
        app(prog_name="slipway")
    except SpecError as error:
        errors.print(str(error), markup=False, highlight=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
