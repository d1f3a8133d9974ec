"""Objects in the cluster whose last update was sent and did not come to its end, as where pods did not become ready."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

from infra.ops.preview.changes import REPLACE, UPDATE, Change
from infra.ops.preview.events import State, Step
from infra.ops.preview.inputs import mapping_in
from infra.ops.preview.pods import JOB
from infra.ops.preview.words import TOLD, object_named
from infra.ops.urn import type_of
from infra.spec.workloads.workload import Kind

_REASONS = 4
"""Reasons that are told of one object."""
_LONGEST = 200
"""Characters of a reason that are told: it may hold the end of a container's log."""
_GENERAL = re.compile(r"failed to (?:fully )?initialize")
"""What pulumi-kubernetes says first of every object, among it of a refreshed one that it was created."""
_FAILED = re.compile(r"^\[(?:\w+Exceeded|PodFailurePolicy|FailedIndexes)\]")
"""Reasons of a Job that is not tried any more (Kubernetes, ``batch/v1``, ``JobReason...``)."""
_WORKLOADS = tuple(f"slipway:index:{kind}" for kind in get_args(Kind))
"""Types of the components that are workloads."""


def unfinished_sentences(changes: Sequence[Change], environment: str) -> tuple[str, ...]:
    """Return what to know of such objects that the update touches, as it does all of them that stay."""
    told = [
        _sentence(change, change.step.old, environment)
        for change in changes
        if change.op in (UPDATE, REPLACE) and change.step.old and change.step.old.unfinished
    ]
    left = len(told) - TOLD
    return (*told[:TOLD], *([f"And {left:,} more objects whose last update has not finished."] if left > 0 else []))


def reasons(state: State) -> str:
    """Return in one line why the last update of a resource has not finished; empty where it has."""
    all_said = list(dict.fromkeys(" ".join(each.split()).rstrip(".") for each in state.unfinished))
    said = [each for each in all_said if not _GENERAL.search(each)] or all_said
    more = [f"and {len(said) - _REASONS} more"] if len(said) > _REASONS else []
    return "; ".join([*map(_cut, said[:_REASONS]), *more])


def _cut(reason: str) -> str:
    return reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST].rstrip()}…"


def called(step: Step) -> str:
    """Return how an object is called, by its kind, namespace and name."""
    return object_named(step.type, step.name, step.state.inputs)


def where_to_look(step: Step, environment: str) -> str:
    """Return the command that names what is wrong with an object: with a workload's pods, or with the cluster."""
    parent = step.state.parent
    named = f" --workload {parent.rpartition('::')[2]}" if type_of(parent) in _WORKLOADS else ""
    return f"slipway validate {environment}{named}"


def run_again(step: Step, environment: str) -> str:
    """Return what runs a failed Job again, which an update that changes nothing of it does not; empty for others."""
    old, place = step.old, mapping_in(step.state.inputs.get("metadata"))
    if step.type != JOB or old is None or not any(_FAILED.match(each) for each in old.unfinished):
        return ""
    return (
        f"`kubectl delete job -n {place.get('namespace')} {place.get('name')}` and "
        f"`pulumi up --refresh --stack {environment}` run it again"
    )


def _sentence(change: Change, old: State, environment: str) -> str:
    look = where_to_look(change.step, environment)
    again = "" if change.differences else run_again(change.step, environment)
    ahead = (
        f"This one does not run it again: `{look}` says what is wrong; after that, {again}."
        if again
        else f"This one sends what is shown below; `{look}` says what is wrong until then."
        if change.differences
        else f"This one sends nothing new and waits for it again: `{look}` says what is wrong, if it is not well yet."
    )
    return f"The last update of {called(change.step)} was sent and has not finished: {reasons(old)}. {ahead}"
