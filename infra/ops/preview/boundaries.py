"""Permissions boundaries of roles: what a role's policies allow counts only where its boundary allows it, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.ops.preview.changes import UPDATE, Change
from infra.ops.preview.words import count, listed

ROLE = "aws:iam/role:Role"
_NAMED = 4
"""Roles that are named; the list of all changes has the others."""


def boundary_sentences(changes: Sequence[Change]) -> Iterator[str]:
    """Yield which roles that are in use get another boundary, or none: IAM holds them to it from then on."""
    roles: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        if change.type != ROLE or change.op != UPDATE or change.step.old is None or change.step.new is None:
            continue
        old, new = (str(side.inputs.get("permissionsBoundary") or "") for side in (change.step.old, change.step.new))
        if old != new:
            roles.setdefault((old, new), []).append(str(change.step.new.inputs.get("name") or change.name))
    for (old, new), names in sorted(roles.items()):
        whose = f"{count(len(names), 'role')} ({listed(sorted(names), _NAMED)})"
        if new:
            place = f" in place of {old}" if old else ""
            yield (
                f"Permissions boundary {new}{place}: {whose} may do no more what it does not allow. It holds for "
                "machines and pods that run, too, as soon as it is set."
            )
        else:
            yield f"Permissions boundary {old} is taken off {whose}: their own policies alone decide from then on."
