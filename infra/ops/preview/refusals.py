"""What the engine previews and AWS refuses: better said in the pull request than by an update that stops half-way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.ops.preview.changes import UPDATE, Change
from infra.ops.preview.cost import VOLUME
from infra.ops.preview.events import Diagnostic


def refusals_of(changes: Sequence[Change]) -> tuple[Diagnostic, ...]:
    """Return an error for each change that AWS would refuse."""
    return tuple(Diagnostic("error", words, change.urn) for change in changes for words in _refusals(change))


def _refusals(change: Change) -> Iterator[str]:
    if change.type != VOLUME or change.op != UPDATE or change.step.old is None or change.step.new is None:
        return
    old, new = change.step.old.inputs.get("size"), change.step.new.inputs.get("size")
    # EBS User Guide, "Requirements for EBS volume modifications": a size can only be increased.
    if isinstance(old, int | float) and isinstance(new, int | float) and new < old:
        yield (
            f"{change.label}: AWS makes no volume smaller ({old:g} → {new:g} GiB), so the update would fail here. "
            "Leave the size as it is."
        )
