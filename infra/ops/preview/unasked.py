"""Objects in the cluster that a preview cannot compare: the engine reaches the API by a name that the update makes.

Its provider is then not set up, and says neither what an object is like nor what a manifest means in full. The engine
calls every object updated whose manifest is written otherwise in the state, where it is filled in.
"""

from __future__ import annotations

from collections.abc import Set

from infra.ops.preview.differences import step_differences
from infra.ops.preview.events import PROVIDER_PREFIX, Run, Step
from infra.ops.preview.words import count

_PROVIDER = f"{PROVIDER_PREFIX}kubernetes"
_OBJECT = "kubernetes:"
_SECRET = f"{_OBJECT}core/v1:Secret"
_FILLED_IN = {"data", "stringData"}
"""Values of a Secret, which a program gives as ``stringData`` and the provider keeps as ``data``."""


def unasked(run: Run) -> Set[str]:
    """Return the URNs of objects that the engine says it updates and that are declared as they were."""
    if not any(step.type == _PROVIDER and step.op != "same" for step in run.steps):
        return frozenset()
    return {step.urn for step in run.steps if step.op == "update" and _as_it_was(step)}


def _as_it_was(step: Step) -> bool:
    if not step.type.startswith(_OBJECT):
        return False
    differing = {difference.path.partition(".")[0] for difference in step_differences(step)}
    return differing <= (_FILLED_IN if step.type == _SECRET else set())


def unasked_sentence(run: Run) -> str | None:
    """Return what to know of such objects; None where there are none."""
    objects = len(unasked(run))
    if not objects:
        return None
    are, stay = ("is", "it stays") if objects == 1 else ("are", "they stay")
    return (
        f"{count(objects, 'object')} in the cluster {are} compared during the update alone: it makes the name that the "
        f"API is reached by. As declared, {stay} as before."
    )
