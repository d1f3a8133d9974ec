"""``slipway validate``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from infra.commands.common import Env, console, errors
from infra.commands.recorded import Seen, environment_or_record
from infra.commands.roll_output import span
from infra.spec.scalars import duration_seconds

if TYPE_CHECKING:
    from infra.ops.validate.run import Report

EXIT = {"valid": 0, "invalid": 4, "unknown": 1}
"""Exit status by verdict."""


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"


def validate(
    env: Env,
    group: Annotated[
        list[str] | None, typer.Option("--group", "-g", help="Only this group and the control plane; may be repeated.")
    ] = None,
    workload: Annotated[
        list[str] | None, typer.Option("--workload", "-w", help="Only this workload; may be repeated.")
    ] = None,
    wait: Annotated[
        str, typer.Option("--wait", help="Look again until it is valid, at most this long, as 10m.")
    ] = "0s",
    poll: Annotated[float, typer.Option("--poll", min=0.05, help="Seconds between two looks.")] = 10.0,
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Say whether the cluster is as it should be: nodes, control plane, etcd and its backups, critical pods,
    certificates, DNS, edge, workloads.

    Files with problems are told, and the cluster is then held against what its last update recorded.

    Exit status: 0 valid, 4 not valid, 1 cannot tell, 2 files with problems.
    """
    from infra.ops.clock import SystemClock
    from infra.ops.errors import OpsError
    from infra.ops.roll.order import groups_to_roll
    from infra.ops.validate.run import connected, wait_until_valid
    from infra.ops.validate.workloads import workloads_named

    seen = environment_or_record(env)
    spec = seen.spec
    chosen = groups_to_roll(spec, group) if group else ()
    named = workloads_named(spec, workload or ())
    try:
        seconds = duration_seconds(wait)
    except ValueError:
        raise typer.BadParameter("write a whole number and a unit, as 10m", param_hint="--wait") from None
    clock = SystemClock()
    try:
        validation = connected(spec, clock)
        report = wait_until_valid(
            lambda: validation.report(chosen, named), clock, wait=seconds, poll=poll, tell=_waiting()
        )
    except OpsError as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(seen.status(1)) from None
    _tell(seen, report, form)
    raise typer.Exit(seen.status(EXIT[report.verdict]))


def _waiting() -> Callable[[Report, float], None]:
    """Return what says, on standard error, what is waited for: once, and again where it became another thing."""
    said: list[str] = []

    def tell(report: Report, left: float) -> None:
        nonlocal said
        subjects = [f"{each.check}: {each.subject}" for each in report.between]
        if said != subjects:
            said = subjects
            first, more = report.between[0], len(subjects) - 1
            others = f" (and {more} more)" if more else ""
            line = f"waiting, {span(left)} more at most: {first.check}: {first.subject}: {first.problem}{others}"
            errors.print(line, markup=False, highlight=False)

    return tell


def _tell(seen: Seen, report: Report, form: Format) -> None:
    cluster = seen.spec.cluster.name
    if form is Format.JSON:
        findings = [finding.as_json() for finding in report.findings]
        checks = {"checks": list(report.checks), "skipped": list(report.skipped)}
        files = {"recorded": seen.recorded, "problems": list(seen.problems)} if seen.problems else {}
        document = {"cluster": cluster, "verdict": report.verdict, **checks, "findings": findings, **files}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    if report.findings:
        # One line each: what a kubelet says is longer than a table's column may be.
        styles = {"invalid": "red", "unknown": "yellow", "warning": "dim"}
        for each in report.findings:
            line = f"{each.severity}: {each.check}: {each}"
            console.print(line, markup=False, highlight=False, style=styles[each.severity])
    words = {"valid": "is valid", "invalid": "is not valid", "unknown": "could not be looked at whole"}
    checked = ", ".join(report.checks)
    blind = f" Nothing can be seen of: {', '.join(report.skipped)}." if report.skipped else ""
    console.print(f"{cluster} {words[report.verdict]}. Checked: {checked}.{blind}", markup=False, highlight=False)
