"""``slipway spec``: check an environment's spec, and what may stand in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from infra.commands.common import Env, Write, console, errors, planned_environment, put, show, stack_file
from infra.plan.control_plane.quorum import fatal_zones
from infra.plan.environment import EnvironmentPlan
from infra.plan.inventory import STATE_BUCKET_TYPES, inventory
from infra.plan.workloads.reach import reached_by
from infra.spec.schema import json_schema, options_table, workload_options_table, workload_schema
from infra.spec.workloads.load import APPS, apps_folder
from infra.spec.workloads.workload import WorkloadSpec

spec_app = typer.Typer(help="The environment's spec: check it, and what may stand in it.", no_args_is_help=True)


@spec_app.command()
def check(
    env: Env,
    resources: Annotated[bool, typer.Option("--resources", help="List the number of resources by type, too.")] = False,
    account: Annotated[
        bool, typer.Option("--account", help="Ask the AWS account for what the spec needs of it, too.")
    ] = False,
) -> None:
    """Check an environment's spec whole, and say what a first preview will show.

    With --account AWS is asked, too: for zones, instance types in them, what is named by ID or ARN, and room in quotas.
    """
    plan = planned_environment(env)
    _summarise(plan)
    _quorum(plan)
    _workloads(plan, apps_folder(stack_file(env, Path.cwd())[0]))
    counts = inventory(plan)
    if resources:
        by_type = Table("type", Column("resources", justify="right"))
        for token, count in counts.items():
            by_type.add_row(token, str(count))
        show(by_type)
    total, adopted = sum(counts.values()), len(STATE_BUCKET_TYPES)
    console.print(
        f"A first `pulumi preview` shows {total} resources: {total - adopted} to create and {adopted} to import.",
        markup=False,
        highlight=False,
    )
    if account:
        _hold_to_account(plan)


def _hold_to_account(plan: EnvironmentPlan) -> None:
    # boto3 takes half a second to import: only who asks AWS pays for it.
    from infra.ops.account.read import account_facts
    from infra.ops.aws import require_account, session_for
    from infra.ops.errors import OpsError
    from infra.plan.account.check import check_account

    spec = plan.spec
    try:
        session = session_for(spec)
        require_account(spec, session)
        facts = account_facts(session, plan)
    except OpsError as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    check_account(plan, facts)
    console.print(
        f"Account {spec.account_id} has what this takes in {spec.region}: zones, instance types, what the spec names, "
        "and room in its quotas.",
        markup=False,
        highlight=False,
    )
    if untold := [quota.name for quota in facts.quotas.values() if quota.allowed is None]:
        console.print(f"Service Quotas does not tell how many it may have: {', '.join(untold)}.", highlight=False)


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
    show(groups)


def _quorum(plan: EnvironmentPlan) -> None:
    for zone, names in fatal_zones(plan.members).items():
        console.print(
            f"Note: {', '.join(names)} are all in {zone}. Without this zone etcd has no quorum, and the API takes no "
            "writes.",
            markup=False,
            highlight=False,
        )


def _workloads(plan: EnvironmentPlan, folder: Path) -> None:
    """Show what became of the workloads' files, and name files that this environment does not use."""
    declared = plan.spec.declared_workloads
    if declared:
        table = Table("workload", "namespace", "kind", "pods", "reached by")
        for each in declared:
            reached = ", ".join(reached_by(plan.spec, each)) or "nobody"
            table.add_row(each.name, each.namespace, each.kind, _pods(each), reached)
        show(table)
    unused = sorted({path.stem for path in folder.glob("*.yaml")} - {each.name for each in declared})
    if unused:
        files = ", ".join(f"{APPS}/{name}.yaml" for name in unused)
        why = f"since no line under workloads names {'it' if len(unused) == 1 else 'them'}"
        console.print(f"Not in this environment, {why}: {files}.", markup=False, highlight=False)


def _pods(workload: WorkloadSpec) -> str:
    if workload.kind == "CronJob":
        return str(workload.schedule)
    if workload.kind == "DaemonSet":
        return "one a node"
    if workload.autoscaling is not None:
        return f"{workload.least_pods} to {workload.most_pods}"
    return str(workload.job.parallelism if workload.kind == "Job" else workload.replicas)


_Workload = Annotated[bool, typer.Option("--workload", help="Of a workload's file instead of the stack file.")]


@spec_app.command()
def schema(workload: _Workload = False, write: Write = None) -> None:
    """Print the JSON Schema of a stack file, for editors."""
    put(json.dumps(workload_schema() if workload else json_schema(), indent=2) + "\n", write)


@spec_app.command()
def options(workload: _Workload = False, write: Write = None) -> None:
    """Print the table of all options, made of the spec's own descriptions."""
    put(workload_options_table() if workload else options_table(), write)
