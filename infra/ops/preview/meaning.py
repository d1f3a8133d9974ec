"""What a run of the engine means for production. A pure function of its steps, the price table and the waivers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from infra.ops.preview.api_effect import ApiEffect, access_sentences, api_effect
from infra.ops.preview.certificates import certificate_sentences
from infra.ops.preview.changes import DELETE, KEEP, OPERATIONS, REPLACE, Change, changes_of
from infra.ops.preview.cost import Cost, cost_of
from infra.ops.preview.cross_zone import CrossZone, cross_zone
from infra.ops.preview.dangers import Danger, dangers_of
from infra.ops.preview.edge_rules import edge_openings
from infra.ops.preview.engine_words import in_our_words
from infra.ops.preview.events import Diagnostic, Run, Violation
from infra.ops.preview.groups import Group, Roll, groups_of, renames_of, rolls_of
from infra.ops.preview.hosts import HostEffect, host_effect
from infra.ops.preview.network import NetworkEffect, network_effect
from infra.ops.preview.openings import Opening, gravest_first, openings_of
from infra.ops.preview.permission import Permission
from infra.ops.preview.permissions import permissions_of
from infra.ops.preview.pods import sentences_of, workloads_of
from infra.ops.preview.prices import Prices
from infra.ops.preview.refusals import refusals_of
from infra.ops.preview.resizes import Resize, resizes_of
from infra.ops.preview.service_openings import service_openings
from infra.ops.preview.spot import spot_sentences
from infra.ops.preview.ways_out import ways_out
from infra.ops.preview.words import TOLD, groups_named

Verdict = Literal["failed", "stop", "attention", "fine", "nothing"]
EXIT_CODES: Mapping[Verdict, int] = {"failed": 1, "stop": 3, "attention": 0, "fine": 0, "nothing": 0}


@dataclass(frozen=True)
class Report:
    """Everything that a report says, before it has a form."""

    environment: str
    verdict: Verdict
    headline: str
    sentences: tuple[str, ...]
    """What will happen, in the order of importance."""
    dangers: tuple[Danger, ...]
    rolls: tuple[Roll, ...]
    resizes: tuple[Resize, ...]
    api: ApiEffect
    openings: tuple[Opening, ...]
    permissions: tuple[Permission, ...]
    kubernetes: tuple[Change, ...]
    cost: Cost
    cross_zone: CrossZone | None
    """What traffic between zones costs; None where no Service is made or routes otherwise, or there is one zone."""
    changes: tuple[Change, ...]
    counts: Mapping[str, int]
    """Operation -> number of resources."""
    diagnostics: tuple[Diagnostic, ...]
    violations: tuple[Violation, ...]
    unknown_waivers: tuple[str, ...]
    """Words of waiver that fit nothing."""
    ways_out: tuple[str, ...] = ()
    """What comes first where the change is refused: the reason and what to write instead, before the engine's words."""
    complete: bool = True
    """Whether the engine came to its end, so that the report is of the whole change."""

    @property
    def exit_code(self) -> int:
        """Return the exit status of the command."""
        return EXIT_CODES[self.verdict]


def interpret(run: Run, *, environment: str, region: str, prices: Prices, waivers: Collection[str] = ()) -> Report:
    """Return what a run means for production."""
    changes = changes_of(run)
    told, refusals = in_our_words(run, environment)
    run = replace(run, diagnostics=(*told, *refusals_of(changes)))
    groups = groups_of(run)
    dangers, unknown = dangers_of(changes, groups, waivers)
    rolls = rolls_of(groups, changes)
    openings = gravest_first((*openings_of(run, changes), *edge_openings(changes), *service_openings(changes)))
    api = api_effect(groups, rolls, openings, changes)
    permissions = permissions_of(changes)
    counted = Counter(change.op for change in changes)
    network, resizes = network_effect(run, changes), resizes_of(groups, changes)
    spot = tuple(spot_sentences(groups, changes))
    unsecured, hosts = tuple(certificate_sentences(run)), host_effect(run)
    noticed = (
        bool(rolls or spot or unsecured)
        or api.level != "none"
        or network.noticed
        or hosts.noticed
        or any(each.fewer for each in resizes)
    )
    verdict = _verdict(run, dangers, openings, permissions, changes, noticed=noticed)
    cost = cost_of(run, groups, prices, region)
    crossing = cross_zone(run, prices)
    return Report(
        environment=environment,
        verdict=verdict,
        headline=_headline(verdict, environment, dangers, run, changes),
        sentences=_sentences(
            dangers,
            groups,
            rolls,
            resizes,
            spot,
            hosts,
            unsecured,
            api,
            openings,
            permissions,
            cost,
            changes,
            network,
            run,
        ),
        dangers=dangers,
        rolls=rolls,
        resizes=resizes,
        api=api,
        openings=openings,
        permissions=permissions,
        kubernetes=tuple(change for change in changes if change.type.startswith("kubernetes:")),
        cost=cost,
        cross_zone=crossing,
        changes=changes,
        counts={op: counted[op] for op in OPERATIONS if counted[op]},
        diagnostics=run.diagnostics,
        violations=run.violations,
        unknown_waivers=unknown,
        ways_out=ways_out(dangers, changes, refusals),
        complete=run.finished,
    )


def _verdict(
    run: Run,
    dangers: Sequence[Danger],
    openings: Sequence[Opening],
    permissions: Sequence[Permission],
    changes: Sequence[Change],
    *,
    noticed: bool,
) -> Verdict:
    mandatory = any(each.level == "mandatory" for each in run.violations)
    if any(not danger.waived for danger in dangers):
        return "failed" if not run.finished or run.errors else "stop"
    if not run.finished or run.errors or mandatory:
        return "failed"
    if not changes:
        return "nothing"
    alarming = any(each.alarming for each in openings) or any(each.alarming for each in permissions)
    gone = any(change.op in (DELETE, REPLACE) for change in changes)
    return "attention" if dangers or noticed or alarming or gone else "fine"


def _headline(
    verdict: Verdict, environment: str, dangers: Sequence[Danger], run: Run, changes: Sequence[Change]
) -> str:
    open_dangers = [danger for danger in dangers if not danger.waived]
    if verdict == "failed":
        errors = len(run.errors)
        broken = sum(each.level == "mandatory" for each in run.violations)
        why = [f"{count(errors, 'error')}"] if errors else []
        why += [f"{count(broken, 'broken rule')} of a policy pack"] if broken else []
        why += [] if why else ["the engine did not come to its end"]
        return f"{environment}: the preview FAILED ({', '.join(why)}). This change cannot be applied as it is."
    if verdict == "stop":
        return (
            f"{environment}: STOP. {count(len(open_dangers), 'resource')} that cannot be made again would be replaced "
            "or deleted."
        )
    if verdict == "attention":
        return f"{environment}: {count(len(changes), 'change')}, and production will notice."
    if verdict == "fine":
        return f"{environment}: {count(len(changes), 'change')}; nothing that runs is interrupted."
    return f"{environment}: nothing changes."


def _sentences(
    dangers: Sequence[Danger],
    groups: Mapping[str, Group],
    rolls: Sequence[Roll],
    resizes: Sequence[Resize],
    spot: Sequence[str],
    hosts: HostEffect,
    unsecured: Sequence[str],
    api: ApiEffect,
    openings: Sequence[Opening],
    permissions: Sequence[Permission],
    cost: Cost,
    changes: Sequence[Change],
    network: NetworkEffect,
    run: Run,
) -> tuple[str, ...]:
    if not changes:
        return ()
    told = [danger.words() for danger in dangers]
    told += [f"The API: {reason}." for reason in api.reasons] or ["The Kubernetes API is not interrupted."]
    told += sorted({f"{reason}." for roll in rolls for reason in roll.reasons if reason.startswith("Kubernetes ")})
    told += [f"Group {old} is called {new} from now on, and keeps its machines." for old, new in renames_of(groups)]
    told.append(_roll_sentence(rolls))
    alarming = [f"Everyone on the internet: {each.words()}." for each in openings if each.alarming]
    told += _some(alarming, "rules open to everyone")
    told += access_sentences(openings)
    told += network.sentences
    told += [*hosts.sentences, *unsecured]
    told += _resize_sentences(resizes)
    told += spot
    told += sentences_of(workloads_of(changes, run.steps))
    told += [_rules_sentence(quiet)] if (quiet := [each for each in openings if not each.alarming]) else []
    anything = [f"Permission to do anything, or for anybody: {each.words()}." for each in permissions if each.alarming]
    told += _some(anything, "such permissions")
    told += [_permissions_sentence(rest)] if (rest := [each for each in permissions if not each.alarming]) else []
    if kept := sum(change.op == KEEP for change in changes):
        told.append(_kept_sentence(kept))
    if cost.lines or cost.not_priced:
        told.append(_cost_sentence(cost))
    return tuple(told)


def _roll_sentence(rolls: Sequence[Roll]) -> str:
    if not rolls:
        return "No machine is replaced: nothing has to be rolled."
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
    added = sum(each.added == (each.effect == "Allow") for each in permissions)
    taken = len(permissions) - added
    parts = [f"{number} {verb}" for number, verb in ((added, "granted"), (taken, "taken back")) if number]
    holders = sorted({each.holder.partition(" (")[0] for each in permissions})
    whose = ", ".join(holders[:4]) + (f" and {len(holders) - 4} more" if len(holders) > 4 else "")
    return f"Permissions: {' and '.join(parts)}, of {whose}; each is named below."


def _kept_sentence(kept: int) -> str:
    stay, them = ("stays", "it") if kept == 1 else ("stay", "them")
    return f"Kept: {count(kept, 'resource')} {stay} in the cloud, and the program manages {them} no more."


def _cost_sentence(cost: Cost) -> str:
    verb = "is" if len(cost.not_priced) == 1 else "are"
    unpriced = f", and {count(len(cost.not_priced), 'thing')} that {verb} not priced" if cost.not_priced else ""
    return f"Monthly cost: {money(cost.change)} ({cost.basis}){unpriced}."


def money(amount: float) -> str:
    """Return USD with its sign."""
    sign = "+" if amount > 0.005 else "-" if amount < -0.005 else "±"
    return f"{sign}${abs(amount):,.2f}"


def count(number: int, noun: str) -> str:
    """Return a number and its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
