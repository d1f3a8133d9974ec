"""What would be lost: replacements and deletions of what cannot be made again, and who has waived which."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from infra.ops.preview.changes import DELETE, KEEP, REPLACE, UPDATE, Change
from infra.ops.preview.groups import Group
from infra.ops.preview.openings import GROUP as SECURITY_GROUP
from infra.ops.preview.remedies import (
    BALANCER,
    INTERFACE,
    KEEP_PROTECTION,
    VPC,
    moves_to_another_vpc,
    remedy_of,
    whole_environment,
)
from infra.ops.preview.stateful_sets import STATEFUL_SET, emptied_namespaces, of_claims, takes_up
from infra.plan.stateful import GROUP_TYPE, stateful

_SECRETS_OBJECT = "kubernetes:core/v1:Secret"
_LOST = (DELETE, KEEP, REPLACE)
_HOLDS_NO_DATA = frozenset({GROUP_TYPE, INTERFACE, VPC, BALANCER, SECURITY_GROUP, _SECRETS_OBJECT})
"""Types of which a new one is not empty, but is not the same either."""
_MADE_BY_CHANCE = "random:index/randomPassword:RandomPassword"
_VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"


@dataclass(frozen=True)
class Danger:
    """One resource that would be lost."""

    urn: str
    type: str
    name: str
    label: str
    op: str
    holds: str
    because: tuple[str, ...]
    """Properties that force the replacement, with what they were and will be."""
    protected: bool
    """Whether the engine itself refuses to delete or replace it."""
    retained: bool
    """Whether the resource stays in the cloud and is only forgotten."""
    waived: bool
    remedy: str = ""
    """The way out: what to write in the stack file instead; "" where none is known."""
    refilled: bool = False
    """Whether a new one has what the old one held."""
    component: str = ""
    """Name of the component that it belongs to."""

    def words(self) -> str:
        """Return the danger and the way out as sentences."""
        return f"{self.loss()}{self.way()}"

    def way(self) -> str:
        """Return what follows the loss: the way out, and whether the loss was agreed to."""
        remedy = f" {self.remedy}" if self.remedy else ""
        keep = f" {KEEP_PROTECTION}" if self.protected else ""
        return f"{remedy}{keep}{' Waived.' if self.waived else ''}"

    def loss(self) -> str:
        """Return what would be lost, and why."""
        anew = "another" if self.type in _HOLDS_NO_DATA or self.refilled else "an empty one"
        others = {REPLACE: f"REPLACED by {anew}", DELETE: "DELETED", KEEP: "FORGOTTEN"}
        verb = others.get(self.op, "CHANGED")
        after = []
        if self.retained:
            kept = "it" if self.op == KEEP else "the old one"
            after.append(f"{kept} stays in the cloud, but nothing manages it any more")
        if self.protected:
            after.append("it is protected, so the engine refuses")
        because = f", because of {'; '.join(self.because)}" if self.because else ""
        tail = f" ({'; '.join(after)})" if after else ""
        return f"{self.label} would be {verb}{because}. It holds {self.holds}{tail}."


def waiver_words(dangers: Sequence[Danger]) -> tuple[str, str] | None:
    """Return what is said of a waiver, and the waiver; None where there is nothing to waive."""
    open_ = [danger for danger in dangers if not danger.protected and not danger.waived]  # none gets past a protection
    if not open_:
        return None
    first = open_[0]
    if first.component and sum(danger.component == first.component for danger in open_) > 1:
        return f"If all that goes with {first.component} is meant, say so:", f"--waive {first.component}"
    return "If one is meant, say so:", f"--waive {first.urn}"


def dangers_of(
    changes: Sequence[Change], groups: Mapping[str, Group], waivers: Collection[str]
) -> tuple[tuple[Danger, ...], tuple[str, ...]]:
    """Return what would be lost, and the waivers that fit none of it.

    A waiver is a resource's URN, or the name of its instance group or component.
    """
    by_scaling = {group.scaling.urn: group for group in groups.values() if group.scaling}
    explained = bool(whole_environment(changes))
    emptied = emptied_namespaces(changes)
    unrepeatable = {change.component for change in changes if change.type == _MADE_BY_CHANCE and change.op in _LOST}
    used: set[str] = set()
    found = []
    for change in changes:
        group = by_scaling.get(change.urn)
        holds = _holds(change, group, emptied)
        if holds is None or (_is_filled_anew(change) and change.component not in unrepeatable):
            continue
        fitting = {word for word in waivers if word in _names(change, group)}
        used |= fitting
        role, protected = group.role if group else "", _protected(change)
        remedy = remedy_of(change, changes, explained=explained, role=role, protected=protected)
        found.append(_danger(change, holds, remedy, waived=bool(fitting)))
    # What is protected is what the update stops at; keys and logs that would follow come after it.
    found.sort(key=lambda danger: (danger.waived, not danger.protected))
    return tuple(found), tuple(word for word in waivers if word not in used)


def _holds(change: Change, group: Group | None, emptied: frozenset[str]) -> str | None:
    if change.op == UPDATE and change.type == _VERSIONING:
        status = _status(change)
        return "the versions that recovery goes back to; none are kept any more" if status == "Suspended" else None
    if change.op not in _LOST:
        return None
    old = change.step.old
    if change.type == GROUP_TYPE:
        machines = group.machines(new=False) if group else 0
        most = old.inputs.get("maxSize") if old else 0
        if machines and most:
            return f"{machines} running machines, which would all end at once instead of being rolled"
        # The program lifts the protection of a group that is retired: one that has it is lost by mistake, though empty.
        return "no machine now, and its name and settings" if _protected(change) else None
    entry = stateful(change.type, old.inputs if old else {})
    if entry is None:
        return _else(change)
    return entry.holds + (of_claims(change, emptied) if change.type == STATEFUL_SET else "")


def _else(change: Change) -> str | None:
    """Return what is lost with what can be made again, where its loss is grave all the same."""
    if change.type == VPC and change.op == REPLACE:
        return "the network that every machine stands in"
    if moves_to_another_vpc(change):
        return "the rules by which machines are reached: new ones are of another VPC, and the machines stay in this one"
    if not _protected(change):
        return None
    if change.type == BALANCER:
        return "the name and the addresses by which its clients find what is behind it"
    return "something that the program protects"


def _is_filled_anew(change: Change) -> bool:
    """Return whether the program gives a new Secret its values: the provider makes one anew for each change of them."""
    new = change.step.new
    given = new is not None and (new.inputs.get("data") or new.inputs.get("stringData"))
    return change.type == _SECRETS_OBJECT and change.op == REPLACE and bool(given)


def _protected(change: Change) -> bool:
    """Return whether the engine refuses: to delete what is protected, and to replace what is and stays so."""
    old, new = change.step.old, change.step.new
    return bool(old and old.protect) and (change.op in (DELETE, KEEP) or new is None or new.protect)


def _status(change: Change) -> str:
    settings = change.step.state.inputs.get("versioningConfiguration")
    return str(settings.get("status", "")) if isinstance(settings, Mapping) else ""


def _names(change: Change, group: Group | None) -> set[str]:
    component = change.component.partition(" ")[2]
    return {name for name in (change.urn, component, group.name if group else "") if name}


def _danger(change: Change, holds: str, remedy: str, *, waived: bool) -> Danger:
    old = change.step.old
    forced = [each for each in change.differences if each.replaces]
    because = tuple(f"{each.path} ({each.old} → {each.new})" if each.old else each.path for each in forced)
    return Danger(
        urn=change.urn,
        type=change.type,
        name=change.name,
        label=change.label,
        op=change.op,
        holds=holds,
        because=because if change.op == REPLACE else (),
        protected=_protected(change),
        retained=bool(old and old.retain_on_delete),
        waived=waived,
        remedy=remedy,
        refilled=takes_up(change),
        component=change.component.partition(" ")[2],
    )
