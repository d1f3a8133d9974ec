"""``slipway history``."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from infra.commands.common import Env, console, show
from infra.commands.stacks import Format, open_stack

if TYPE_CHECKING:
    from infra.ops.history.timeline import Event

_SIGNS = {"create": "+", "update": "~", "replace": "+-", "delete": "-"}

_WIDTH = 160
"""Columns of text: an update may write hundreds of records, and one line of their names is not to be read."""


def history(
    env: Env,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many of the newest events.")] = 20,
    format_: Format = "text",
) -> None:
    """Show what happened to an environment: who, when, what changed. STATE is what `diff` and `recover --to` take."""
    with open_stack(env) as stack:
        from infra.ops.history.timeline import timeline

        events = timeline(stack.s3, stack.spec, stack.keys, limit=limit, now=datetime.now(UTC))
    if format_ == "json":
        json.dump([_as_json(event) for event in events], sys.stdout, indent=2)
        sys.stdout.write("\n")
    elif not events:
        console.print(
            f"Nothing happened to {stack.spec.name} yet: bucket {stack.spec.state.bucket} holds no state of it."
        )
    else:
        show(_table(events), _WIDTH)


def _as_json(event: Event) -> dict[str, object]:
    from infra.ops.state.versions import instant

    return {**dataclasses.asdict(event), "time": instant(event.time)}


def _table(events: list[Event]) -> Table:
    from infra.ops.state.versions import instant

    table = Table()
    for heading in ("When", "What", "Who", "Resources", "Records", "State"):
        # A time and a version are copied, so they stay in one piece.
        table.add_column(heading, no_wrap=heading in ("When", "State"), overflow="fold")
    for event in events:
        table.add_row(
            instant(event.time), _what(event), _who(event), _resources(event), ", ".join(event.records), event.state
        )
    return table


def _what(event: Event) -> str:
    if event.kind == "deleted":
        return "the state was deleted"
    if event.kind == "other":
        many = f" ({event.states} states)" if event.states > 1 else ""
        return f"written outside a completed update{many}"
    took = f" in {event.seconds} s" if event.seconds is not None else ""
    lines = [f"{event.kind} {event.result}{took}".replace("  ", " "), event.message]
    return "\n".join(line for line in lines if line)


def _who(event: Event) -> str:
    commit = f"commit {event.commit} of {event.author}" if event.commit else event.author
    return "\n".join(line for line in (event.who, commit, event.ci) if line)


def _resources(event: Event) -> str:
    return " ".join(f"{_SIGNS.get(operation, operation + ' ')}{count}" for operation, count in event.changes.items())
