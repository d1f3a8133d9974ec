"""What a report says first: what will happen, in sentences, in the order of importance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.ops.preview.api_effect import ApiEffect, access_sentences
from infra.ops.preview.changes import KEEP, Change
from infra.ops.preview.cost import Cost
from infra.ops.preview.dangers import Danger
from infra.ops.preview.disks import disk_sentences
from infra.ops.preview.encryption import encryption_sentences
from infra.ops.preview.events import Run
from infra.ops.preview.groups import Group, Roll, renames_of
from infra.ops.preview.hosts import HostEffect
from infra.ops.preview.network import NetworkEffect
from infra.ops.preview.openings import Opening
from infra.ops.preview.permission import Permission, holder_of
from infra.ops.preview.pods import sentences_of, workloads_of
from infra.ops.preview.remade_services import port_sentences, remade_sentences
from infra.ops.preview.resizes import Resize
from infra.ops.preview.unasked import unasked_sentence
from infra.ops.preview.words import TOLD, count, groups_named, money


@dataclass(frozen=True)
class Found:
    """What the parts of the report have found in a run."""

    run: Run
    changes: Sequence[Change]
    groups: Mapping[str, Group]
    dangers: Sequence[Danger]
    rolls: Sequence[Roll]
    resizes: Sequence[Resize]
    spot: Sequence[str]
    """What becomes of Spot, in sentences."""
    hosts: HostEffect
    unsecured: Sequence[str]
    """Hosts that wait for a certificate, in sentences."""
    api: ApiEffect
    openings: Sequence[Opening]
    permissions: Sequence[Permission]
    cost: Cost
    network: NetworkEffect
    awaited: Sequence[str]
    """Pods that wait for machines of a group that was not rolled yet, in sentences."""
    boundaries: Sequence[str]
    """What becomes of permissions boundaries, in sentences."""
    unfinished: Sequence[str]
    """Objects whose last update has not finished, in sentences."""


def summary(found: Found) -> tuple[str, ...]:
    """Return what will happen."""
    if not found.changes:
        return ()
    told = [danger.words() for danger in found.dangers]
    told += [f"The API: {reason}." for reason in found.api.reasons] or ["The Kubernetes API is not interrupted."]
    told += sorted(
        {f"{reason}." for roll in found.rolls for reason in roll.reasons if reason.startswith("Kubernetes ")}
    )
    renamed = renames_of(found.groups)
    told += [f"Group {old} is called {new} from now on, and keeps its machines." for old, new in renamed]
    told.append(_roll_sentence(found.rolls, leaving=any(each.leaves for each in found.resizes)))
    alarming = [f"Everyone on the internet: {each.words()}." for each in found.openings if each.alarming]
    told += _some(alarming, "rules open to everyone")
    told += access_sentences(found.openings)
    told += found.network.sentences
    told += [*found.hosts.sentences, *found.unsecured]
    told += _resize_sentences(found.resizes)
    told += [*found.spot, *disk_sentences(found.changes)]
    told += found.unfinished
    told += sentences_of(workloads_of(found.changes, found.run.steps))
    told += [*found.awaited, *remade_sentences(found.changes), *port_sentences(found.changes)]
    told += [*encryption_sentences(found.changes, found.openings)]
    told += [unknown] if (unknown := unasked_sentence(found.run)) else []
    told += [_rules_sentence(quiet)] if (quiet := [each for each in found.openings if not each.alarming]) else []
    grave = [each for each in found.permissions if each.alarming]
    told += _some([f"Permission to do anything, or for anybody: {each.words()}." for each in grave], "such permissions")
    told += found.boundaries
    told += [_permissions_sentence(rest)] if (rest := [each for each in found.permissions if not each.alarming]) else []
    if kept := sum(change.op == KEEP for change in found.changes):
        told.append(_kept_sentence(kept))
    if found.cost.lines or found.cost.not_priced:
        told.append(_cost_sentence(found.cost))
    return tuple(told)


def _roll_sentence(rolls: Sequence[Roll], *, leaving: bool) -> str:
    if not rolls:
        return "Nothing has to be rolled." if leaving else "No machine is replaced: nothing has to be rolled."
    total = sum(roll.machines for roll in rolls)
    order = ", then ".join(f"{roll.group} ({count(roll.machines, 'machine')})" for roll in rolls[:TOLD])
    if left := rolls[TOLD:]:
        order += f", then {count(len(left), 'more group')} ({sum(roll.machines for roll in left):,} machines)"
    return (
        f"{count(total, 'machine')} must be drained and replaced, by `slipway roll` after the update, in this order: "
        f"{order}. The update itself replaces none."
    )


def _some(sentences: Sequence[str], what: str) -> list[str]:
    """Return the first of many sentences and how many more there are: all of them would push out the rest."""
    left = len(sentences) - TOLD
    return [*sentences[:TOLD], *([f"And {left:,} more {what}, named below."] if left > 0 else [])]


def _resize_sentences(resizes: Sequence[Resize]) -> list[str]:
    alike: dict[str, list[Resize]] = {}
    for each in resizes:
        alike.setdefault(f"{each.words}{_machines(each)}", []).append(each)
    named = ((words, [each.group for each in of]) for words, of in list(alike.items())[:TOLD])
    told = [f"{groups_named(names, TOLD)}: {words}; that needs no roll." for words, names in named]
    if left := [each for of in list(alike.values())[TOLD:] for each in of]:
        started, ended = sum(each.more for each in left), sum(each.fewer for each in left)
        told.append(
            f"And {len(left):,} more groups change their size: {started:,} machines more to start, {ended:,} to end, "
            "each after its drain."
        )
    return told


def _machines(resize: Resize) -> str:
    if resize.fewer:
        return f" ({count(resize.fewer, 'machine')} to end, each after its drain)"
    return f" ({count(resize.more, 'machine')} more to start)" if resize.more else ""


def _rules_sentence(openings: Sequence[Opening]) -> str:
    opened = sum(each.opened for each in openings)
    inward = any(each.opened and each.rule.inward for each in openings)
    word = "opened, none of these to everyone" if inward else "opened"
    parts = [f"{number} {verb}" for number, verb in ((len(openings) - opened, "closed"), (opened, word)) if number]
    return f"Security rules: {' and '.join(parts)}; each is named below."


def _permissions_sentence(permissions: Sequence[Permission]) -> str:
    added = sum(each.number for each in permissions if each.added == (each.effect == "Allow"))
    taken = sum(each.number for each in permissions) - added
    parts = [f"{number} {verb}" for number, verb in ((added, "granted"), (taken, "taken back")) if number]
    holders = sorted({holder_of(each) for each in permissions})
    whose = ", ".join(holders[:4]) + (f" and {len(holders) - 4} more" if len(holders) > 4 else "")
    return f"Permissions: {' and '.join(parts)}, of {whose}; each is named below."


def _kept_sentence(kept: int) -> str:
    stay, them = ("stays", "it") if kept == 1 else ("stay", "them")
    return f"Kept: {count(kept, 'resource')} {stay} in the cloud, and the program manages {them} no more."


def _cost_sentence(cost: Cost) -> str:
    verb = "is" if len(cost.not_priced) == 1 else "are"
    unpriced = f", and {count(len(cost.not_priced), 'thing')} that {verb} not priced" if cost.not_priced else ""
    return f"Monthly cost: {money(cost.change)} ({cost.basis}){unpriced}."
