"""Volumes that outlive machines and grow: AWS enlarges them while they are used; their file systems follow later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.ops.preview.changes import UPDATE, Change
from infra.ops.preview.cost import VOLUME
from infra.ops.preview.words import count, listed

_NAMED = 5
"""Volumes that are named; a control plane has no more."""


def disk_sentences(changes: Sequence[Change]) -> Iterator[str]:
    """Yield which volumes grow, and when there is room on them: a member grows the file system when it boots."""
    grown: dict[tuple[int, int], list[str]] = {}
    for change in changes:
        if change.type != VOLUME or change.op != UPDATE or change.step.old is None or change.step.new is None:
            continue
        old, new = (side.inputs.get("size") for side in (change.step.old, change.step.new))
        if isinstance(old, int | float) and isinstance(new, int | float) and old < new:
            grown.setdefault((int(old), int(new)), []).append(change.name)
    for (before, after), names in sorted(grown.items()):
        yield (
            f"{count(len(names), 'volume')} of etcd ({listed(sorted(names), _NAMED)}): {before} → {after} GiB, without "
            "a pause. The file system takes up the room when the member's machine boots next, as in `slipway roll`."
        )
