"""What it means that the edge gets another load balancer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.ops.preview.changes import REPLACE, Change
from infra.ops.preview.remedies import BALANCER, ROUTER


def balancer_sentences(changes: Sequence[Change]) -> Iterator[str]:
    """Yield what its clients notice, where the engine does not refuse it."""
    for change in changes:
        old, new = change.step.old, change.step.new
        if change.type != BALANCER or change.op != REPLACE or not change.component.startswith(ROUTER):
            continue
        if old is None or new is None or (old.protect and new.protect):
            continue
        yield (
            "The edge's load balancer is made anew, with another name and other addresses: nobody reaches its hosts "
            "and ports from when the old one is deleted until the new one answers, some minutes later. Records of "
            "edge.dns follow it; names that others keep do not."
        )
        if old.inputs.get("internal") != new.inputs.get("internal"):
            inside = "inside the VPC, and what is connected to it, alone"
            whom = inside if new.inputs.get("internal") else "the internet"
            yield f"The edge is reached from {whom} from then on."
