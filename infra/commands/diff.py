"""``slipway diff``."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from infra.commands.common import Env, say
from infra.commands.stacks import Format, open_stack

if TYPE_CHECKING:
    from infra.ops.diff.records import RecordChange
    from infra.ops.diff.resources import Comparison

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_POINT = "a version that `slipway history` shows, its beginning, a time as 2026-11-24T09:30:00Z, or now"


def diff(
    env: Env,
    before: Annotated[str, typer.Argument(metavar="V1", help=f"From: {_POINT}.")],
    after: Annotated[str, typer.Argument(metavar="V2", help="To: named likewise.")] = "now",
    format_: Format = "text",
) -> None:
    """Show what differs between two versions of an environment's state. Secrets are never shown."""
    with open_stack(env) as stack:
        from infra.ops.diff.records import compare_records
        from infra.ops.diff.resources import compare
        from infra.ops.state.points import LATEST, NOW, find_point, state_at
        from infra.ops.state.versions import instant

        s3, bucket = stack.s3, stack.spec.state.bucket
        points = [find_point(s3, bucket, stack.keys, text, env=env) for text in (before, after)]
        old, new = (state_at(s3, bucket, point, env=env) for point in points)
        found = compare(old, new)
        times = [LATEST if text == NOW else each.time for text, each in zip((before, after), points, strict=True)]
        records = compare_records(s3, stack.spec, times[0], times[1])
    if format_ == "json":
        document = {
            "before": {"version": points[0].version_id, "time": instant(points[0].time)},
            "after": {"version": points[1].version_id, "time": instant(points[1].time)},
            "resources": [dataclasses.asdict(each) for each in found.changes],
            "records": [dataclasses.asdict(each) for each in records],
            "secretsEncryptedAnew": list(found.veiled),
        }
        json.dump(document, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    left, right = (f"{point.version_id} ({instant(point.time)})" for point in points)
    say(f"From {left} to {right}:")
    tell(found, records)


_ANEW = "encrypted anew, as by each update: whether changed is not known"


def tell(found: Comparison, records: list[RecordChange]) -> None:
    """Print what differs."""
    from infra.ops.diff.resources import SECRET

    for change in found.changes:
        say(f"{_SIGNS[change.kind]} {change.type} {change.name}")
        for each in change.properties:
            left, right = (value if value is not None else "(not set)" for value in (each.before, each.after))
            alike = f"{left} ({_ANEW if left == SECRET else 'changed'})"
            changed = f"{left} -> {right}" if left != right else alike
            say(f"    {each.path}: {changed}")
    for record in records:
        say(f"{_SIGNS[record.kind]} record {record.name}{'' if record.lines else ' (its content is not shown)'}")
        for line in record.lines[2:]:
            say(f"    {line}")
    secrets = found.veiled
    if not found.changes and not records:
        say("Nothing differs." if not secrets else "Nothing else differs.")
    if secrets:
        count = f"{len(secrets)} resource{'s' if len(secrets) != 1 else ''}"
        say(f"Secrets of {count} are {_ANEW}: {', '.join(urn.rpartition('::')[2] for urn in secrets)}")
