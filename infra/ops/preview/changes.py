"""Steps folded into one change a resource, under the component it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from infra.ops.preview.differences import Difference, step_differences
from infra.ops.preview.events import PROVIDER_PREFIX, Run, Step
from infra.ops.preview.unasked import unasked
from infra.ops.urn import type_of

CREATE, UPDATE, REPLACE, DELETE, KEEP, IMPORT = "create", "update", "replace", "delete", "keep", "import"
OPERATIONS: Final = (DELETE, REPLACE, UPDATE, CREATE, IMPORT, KEEP)
"""What can become of a resource, gravest first. What is kept stays where it is, and the engine forgets it."""

_MEANING: Final[Mapping[str, str]] = {
    "create": CREATE,
    "update": UPDATE,
    "replace": REPLACE,
    "create-replacement": REPLACE,
    "delete-replaced": REPLACE,
    "import-replacement": REPLACE,
    "delete": DELETE,
    "import": IMPORT,
}
"""Engine's operation (``sdk/go/common/apitype/updates.go``) -> what becomes of the resource. Others change nothing."""

_RECORDS: Final = "ClusterRecords "
_PREFERRED: Final = ("replace", "create-replacement", "import-replacement")


@dataclass(frozen=True)
class Change:
    """What becomes of one resource."""

    op: str
    step: Step
    differences: tuple[Difference, ...]
    component: str
    """Type and name of the outermost component it belongs to, as ``InstanceGroup nodes``; "" for none."""

    @property
    def urn(self) -> str:
        """Return the resource's URN."""
        return self.step.urn

    @property
    def type(self) -> str:
        """Return the resource's type token."""
        return self.step.type

    @property
    def name(self) -> str:
        """Return the resource's logical name."""
        return self.step.name

    @property
    def label(self) -> str:
        """Return type and name in few words: ``launchTemplate nodes``."""
        return f"{short_type(self.type)} {self.name}"


def short_type(token: str) -> str:
    """Return a type token without what a reader can do without: ``aws:ec2/vpc:Vpc`` is ``ec2 Vpc``."""
    package, _, rest = token.partition(":")
    module, _, name = rest.partition(":")
    module = module.partition("/")[0]
    if package in ("slipway", "pulumi") or module == "index":
        return name if package in ("slipway", "pulumi") else f"{package} {name}"
    return f"{module} {name}"


def by_component(changes: Sequence[Change]) -> dict[str, list[Change]]:
    """Return changes under their components, in an order that is the same from run to run: the engine's is not.

    The records of what was declared come last, since they say again what the others do.
    """
    found: dict[str, list[Change]] = {}
    for change in sorted(changes, key=lambda each: (each.component.startswith(_RECORDS), each.component, each.label)):
        found.setdefault(change.component, []).append(change)
    return found


def changes_of(run: Run) -> tuple[Change, ...]:
    """Return what becomes of each resource that does not stay as it is, in the order of the run.

    Components, which are but names for others, and providers are left out: they are no part of production. So are
    objects that the engine could not compare.
    """
    by_urn: dict[str, list[Step]] = {}
    apart = unasked(run)
    for step in run.steps:
        ours = step.state.custom and not step.type.startswith(PROVIDER_PREFIX)
        if step.op in _MEANING and ours and step.urn not in apart:
            by_urn.setdefault(step.urn, []).append(step)
    components = _Components(run)
    made = {(step.type, step.old.id) for step in run.steps if step.op in _PREFERRED and step.old}
    return tuple(_change(steps, components) for steps in by_urn.values() if not _is_half(steps, made))


def _is_half(steps: Sequence[Step], made: Collection[tuple[str, str]]) -> bool:
    """Return whether it is only the end of what is made again under another URN, as where a workload's kind changes."""
    return all(step.op == "delete-replaced" for step in steps) and any(
        step.old is not None and (step.type, step.old.id) in made for step in steps
    )


def _change(steps: Sequence[Step], components: _Components) -> Change:
    ops = {_MEANING[step.op] for step in steps}
    if all(step.op == "delete-replaced" for step in steps):
        # An update that was cut off has made the new one, and this one waits for its end.
        ops = {DELETE}
    if REPLACE in ops or ops >= {CREATE, DELETE}:
        op = REPLACE
        step = _replacement(steps)
    else:
        op = next(each for each in OPERATIONS if each in ops)
        step = steps[0]
        if op == DELETE and step.old is not None and step.old.retain_on_delete:
            op = KEEP
    differences = step_differences(step) if op in (UPDATE, REPLACE) else ()
    return Change(op, step, differences, components.of(step))


def _replacement(steps: Sequence[Step]) -> Step:
    chosen = next((step for op in _PREFERRED for step in steps if step.op == op), steps[0])
    old = next((step.old for step in steps if step.old), None)
    new = chosen.new or next((step.new for step in steps if step.new), None)
    keys = next((step.keys for step in steps if step.keys), chosen.keys)
    diffs = next((step.diffs for step in steps if step.diffs), chosen.diffs)
    return Step("replace", chosen.urn, chosen.type, old, new, keys, diffs)


class _Components:
    """Finds the component that a resource belongs to by its chain of parents."""

    def __init__(self, run: Run) -> None:
        self._parents = {step.urn: step.state.parent for step in (*run.steps, *run.results)}

    def of(self, step: Step) -> str:
        """Return type and name of the outermost component of our own above a resource."""
        found, urn, seen = "", step.state.parent, set[str]()
        while urn and urn not in seen:
            seen.add(urn)
            kind = type_of(urn)
            if kind.startswith("slipway:"):
                found = f"{short_type(kind)} {urn.rpartition('::')[2]}"
            urn = self._parents.get(urn, "")
        return found
