"""``slipway image``: which image runs where."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from infra.commands.common import errors, load_environment, show
from infra.commands.recorded import Seen, environment_or_record

if TYPE_CHECKING:
    from infra.ops.images import ImageInUse


def image(
    env: Annotated[list[str], typer.Argument(metavar="ENV...", help="Environments, to see them side by side.")],
    live: Annotated[
        bool, typer.Option("--live/--declared", help="Ask the cluster as well, or say what the files declare alone.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show which image each workload is declared with and which digest its pods run, and why a pod does not serve.

    Files with problems are told, and what runs is then shown beside what the last update recorded.
    """
    from infra.ops.errors import OpsError
    from infra.ops.images import declared_images, images_in_use
    from infra.ops.kube import connect

    rows, status = [], 0
    for name in env:
        seen = environment_or_record(name) if live else Seen(load_environment(name))
        spec, status = seen.spec, max(status, seen.status(0))
        try:
            found = images_in_use(spec, connect(spec)) if live and spec.declared_workloads else declared_images(spec)
        except OpsError as error:
            errors.print(f"error: {name}: {error}", markup=False, highlight=False)
            raise typer.Exit(seen.status(1)) from None
        rows += [(spec.name, each) for each in found]
    _tell(rows, as_json)
    raise typer.Exit(status)


def _tell(rows: Sequence[tuple[str, ImageInUse]], as_json: bool) -> None:
    if as_json:
        data = [
            {
                "environment": environment,
                "namespace": each.namespace,
                "workload": each.workload,
                "declared": each.declared,
                "running": None if each.running is None else dict(each.running),
                "verdict": each.verdict,
                "troubles": list(each.troubles),
            }
            for environment, each in rows
        ]
        sys.stdout.write(json.dumps(data, indent=2) + "\n")
        return
    table = Table("environment", "namespace", "workload", "declared", "running", "verdict")
    for environment, each in rows:
        running = "\n".join(f"{count} x {image}" for image, count in (each.running or {}).items())
        table.add_row(environment, each.namespace, each.workload, each.declared, running, each.verdict)
    show(table)
    for environment, each in rows:
        for trouble in each.troubles:
            errors.print(f"{environment}: {each.namespace}/{trouble}", markup=False, highlight=False)
