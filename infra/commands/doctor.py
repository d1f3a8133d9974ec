"""``slipway doctor``."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import UTC, datetime

import typer

from infra.commands.common import Env, console
from infra.commands.stacks import Format, open_stack

FINDINGS = 4
"""Exit status when something is wrong; 1 means that it cannot be told."""


def doctor(env: Env, format_: Format = "text") -> None:
    """Examine an environment's state, its locks, its bucket and its backups. Changes nothing.

    Exit status: 0 healthy, 4 something is wrong (each finding names the command that mends it), 1 it cannot be told.
    """
    with open_stack(env) as stack:
        from infra.ops.doctor.examine import examine
        from infra.ops.state.versions import instant

        result = examine(stack.s3, stack.spec, stack.keys, env, datetime.now(UTC))
    backups = {name: instant(time) for name, time in result.backups.items()}
    if format_ == "json":
        findings = [dataclasses.asdict(each) for each in result.findings]
        json.dump({"healthy": not findings, "findings": findings, "newestBackups": backups}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        for finding in result.findings:
            console.print(f"{finding.severity}: {finding.problem}.", markup=False, highlight=False)
            console.print(f"  fix: {finding.fix}", markup=False, highlight=False)
        for name, time in backups.items():
            console.print(f"newest backup of {name}: {time}", markup=False, highlight=False)
        if not result.findings:
            console.print(f"{stack.spec.name} is healthy: state, locks, bucket and backups.", highlight=False)
    if result.findings:
        raise typer.Exit(FINDINGS)
