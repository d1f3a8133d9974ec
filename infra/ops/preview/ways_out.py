"""The beginning of a report on a change that is refused: the reason and the way out, before the engine's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from infra.ops.preview.changes import DELETE, Change
from infra.ops.preview.dangers import Danger
from infra.ops.preview.engine_words import Refusal
from infra.ops.preview.remedies import UNKNOWN, group_remedy, whole_environment
from infra.ops.preview.words import listed
from infra.plan.stateful import GROUP_TYPE

_NAMED = 6
"""Resources that are named one by one before a way out; more are counted."""


def ways_out(dangers: Sequence[Danger], changes: Sequence[Change], refusals: Sequence[Refusal]) -> tuple[str, ...]:
    """Return what a reader should know first; nothing where nothing is refused."""
    reasons = whole_environment(changes)
    refused = {each.urn for each in refusals} | {each.urn for each in dangers if each.protected}
    if not refused and not reasons:
        return ()
    warning = [_warning(len(refused))] if refused else []
    return (*warning, *reasons, *_remedies(dangers, refusals, explained=bool(reasons)))


def _warning(number: int) -> str:
    what, them = ("a resource", "it") if number == 1 else (f"{number:,} resources", "them")
    return (
        f"The engine refuses to delete or replace {what}, because the program protects {them}. Do not lift the "
        "protection (`pulumi state unprotect`, or `protect` taken out of the program), although the engine advises "
        f"it: the next update would then lose {them}. Change the stack file instead:"
    )


def _remedies(dangers: Sequence[Danger], refusals: Sequence[Refusal], *, explained: bool) -> list[str]:
    """Return each way out once, with what it is for. ``explained``: a greater reason stands above them."""
    seen = {danger.urn for danger in dangers}
    labels: dict[str, list[str]] = {}
    groups: dict[str, str] = {}
    for danger in dangers:
        if danger.waived and not danger.protected:
            continue
        if _is_group(danger):
            groups[danger.name] = danger.remedy
        elif danger.remedy:
            labels.setdefault(danger.remedy, []).append(danger.label)
    for refusal in refusals:
        if _is_group(refusal):
            groups.setdefault(refusal.name, group_remedy(refusal.name))
        elif refusal.urn not in seen and not explained:
            labels.setdefault(UNKNOWN, []).append(refusal.label)
    # What is said of anything comes after what is said of one.
    ordered = sorted(labels.items(), key=lambda entry: entry[0] == UNKNOWN)
    return [*_of_groups(groups), *(f"{_listed(of)}: {remedy}" for remedy, of in ordered)]


def _is_group(lost: Danger | Refusal) -> bool:
    return lost.type == GROUP_TYPE and lost.op == DELETE


def _of_groups(remedies: Mapping[str, str]) -> Iterator[str]:
    names = list(remedies)
    if len(names) == 1:
        yield f"Group {names[0]}: {remedies[names[0]]}"
    elif names:
        yield (
            f"Groups {_listed(names)}: where one has another name now, write `renamedFrom` with the former name there; "
            "to remove one, `retire: true` comes first. A control-plane member is not removed "
            "(docs/change-a-group.md)."
        )


def _listed(names: Sequence[str]) -> str:
    return listed(sorted(names), _NAMED)
