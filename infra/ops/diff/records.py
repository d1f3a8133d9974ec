"""The cluster's records that differ between two times."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from infra.ops.state.records import is_shown, record_name, record_prefixes
from infra.ops.state.versions import ObjectVersion, as_of, read, versions
from infra.spec import EnvironmentSpec


@dataclass(frozen=True)
class RecordChange:
    """One record that is not the same at both times."""

    kind: Literal["added", "removed", "changed"]
    name: str
    lines: tuple[str, ...] = ()
    """The difference as a unified diff; empty for what machines read, which may hold keys and tokens."""


def compare_records(s3: Any, spec: EnvironmentSpec, before: datetime, after: datetime) -> list[RecordChange]:
    """Return the records that differ.

    Raises:
        OpsError: the bucket cannot be read.
    """
    bucket = spec.state.bucket
    found = [each for prefix in record_prefixes(spec) for each in versions(s3, bucket, prefix)]
    old, new = ({key: each for key, each in as_of(found, time).items() if not each.deleted} for time in (before, after))
    changes = []
    for key in sorted({*old, *new}):
        left, right = old.get(key), new.get(key)
        if (left and left.version_id) == (right and right.version_id):
            continue
        texts = [_text(s3, bucket, each) for each in (left, right)]
        if left is not None and right is not None and texts[0] == texts[1]:
            continue
        kind: Literal["added", "removed", "changed"] = "added" if not left else "changed" if right else "removed"
        lines: tuple[str, ...] = ()
        if is_shown(spec, key):
            lines = tuple(difflib.unified_diff(texts[0], texts[1], "before", "after", lineterm="", n=2))
        changes.append(RecordChange(kind, record_name(spec, key), lines))
    return changes


def _text(s3: Any, bucket: str, version: ObjectVersion | None) -> list[str]:
    content = read(s3, bucket, version.key, version.version_id) if version is not None else None
    return (content or b"").decode(errors="replace").splitlines()
