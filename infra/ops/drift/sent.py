"""What a refresh finds of an object whose last update has not finished, in the shape of what that update sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from infra.ops.preview.events import Step


def as_sent(step: Step) -> Step:
    """Return the result of a refresh with what was found in the shape of what was sent, where that has not finished.

    pulumi-kubernetes finds what is in the shape of the inputs that the engine keeps (``pkg/provider/util.go``,
    ``pruneMap``), which are those of before the update: what it has added would seem to lack.
    """
    if step.old is None or step.new is None or not step.old.unfinished or not step.new.outputs:
        return step
    return replace(step, new=replace(step.new, inputs=_pruned(step.new.outputs, step.old.inputs)))


def _pruned(live: Any, shape: Any) -> Any:
    """Return of a live value what its shape has, too. As the plugin does, lists are gone through entry by entry."""
    if isinstance(live, Mapping) and isinstance(shape, Mapping):
        return {key: _pruned(value, shape[key]) for key, value in live.items() if key in shape}
    if isinstance(live, list) and isinstance(shape, list):
        return [_pruned(*each) for each in zip(live, shape, strict=False)]
    return live
