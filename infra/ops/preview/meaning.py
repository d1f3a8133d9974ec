"""What a run of the engine means for production. A pure function of its steps, the price table and the waivers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from infra.ops.preview.api_effect import ApiEffect, api_effect
from infra.ops.preview.awaited_machines import awaited_sentences
from infra.ops.preview.boundaries import boundary_sentences
from infra.ops.preview.certificates import certificate_sentences
from infra.ops.preview.changes import DELETE, OPERATIONS, REPLACE, Change, changes_of
from infra.ops.preview.cost import Cost, cost_of
from infra.ops.preview.cross_zone import CrossZone, cross_zone
from infra.ops.preview.dangers import Danger, dangers_of
from infra.ops.preview.edge_balancer import balancer_sentences
from infra.ops.preview.edge_rules import edge_openings
from infra.ops.preview.engine_words import in_our_words
from infra.ops.preview.events import Diagnostic, Run, Violation
from infra.ops.preview.group_zones import zones_by_subnet
from infra.ops.preview.groups import Roll, groups_of, rolls_of
from infra.ops.preview.hosts import HostEffect, host_effect
from infra.ops.preview.network import network_effect
from infra.ops.preview.openings import Opening, gravest_first, openings_of
from infra.ops.preview.permission import Permission
from infra.ops.preview.permissions import permissions_of
from infra.ops.preview.pods import workloads_of
from infra.ops.preview.prices import Prices
from infra.ops.preview.refusals import refusals_of
from infra.ops.preview.remade_services import port_sentences
from infra.ops.preview.resizes import Resize, resizes_of
from infra.ops.preview.service_openings import service_openings
from infra.ops.preview.spot import spot_sentences
from infra.ops.preview.summary import Found, summary
from infra.ops.preview.unfinished import unfinished_sentences
from infra.ops.preview.ways_out import ways_out
from infra.ops.preview.words import count

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
    network, resizes = network_effect(run, changes), resizes_of(groups, changes, zones_by_subnet(run))
    spot = tuple(spot_sentences(groups, changes))
    unsecured, hosts = tuple(certificate_sentences(run)), _hosts(run, changes)
    awaited, boundaries = tuple(awaited_sentences(groups, changes)), tuple(boundary_sentences(changes))
    noticed = (
        bool(rolls or spot or unsecured or awaited or boundaries)
        or api.level != "none"
        or network.noticed
        or hosts.noticed
        or any(each.fewer or each.leaves for each in resizes)
        or any(each.fate == "gap" for each in workloads_of(changes))
        or any(port_sentences(changes))
    )
    verdict = _verdict(run, dangers, openings, permissions, changes, noticed=noticed)
    cost = cost_of(run, groups, prices, region)
    crossing = cross_zone(run, prices)
    found = Found(
        run=run,
        changes=changes,
        groups=groups,
        dangers=dangers,
        rolls=rolls,
        resizes=resizes,
        spot=spot,
        hosts=hosts,
        unsecured=unsecured,
        api=api,
        openings=openings,
        permissions=permissions,
        cost=cost,
        network=network,
        awaited=awaited,
        boundaries=boundaries,
        unfinished=unfinished_sentences(changes, environment),
    )
    return Report(
        environment=environment,
        verdict=verdict,
        headline=_headline(verdict, environment, dangers, run, changes),
        sentences=summary(found),
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


def _hosts(run: Run, changes: Sequence[Change]) -> HostEffect:
    """Return what becomes of hosts of the edge, with what becomes of its load balancer before it."""
    hosts, moved = host_effect(run), tuple(balancer_sentences(changes))
    return replace(hosts, sentences=(*moved, *hosts.sentences), noticed=bool(moved) or hosts.noticed)


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
    gone = any(change.op in (DELETE, REPLACE) and not _is_another_version(change) for change in changes)
    return "attention" if dangers or noticed or alarming or gone else "fine"


def _is_another_version(change: Change) -> bool:
    """Return whether files that pods mount are made under another name, beside those that old pods go on with."""
    if change.op != REPLACE or change.type not in ("kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:Secret"):
        return False
    old, new = (side.inputs.get("metadata") if side else None for side in (change.step.old, change.step.new))
    names = [each.get("name") if isinstance(each, Mapping) else None for each in (old, new)]
    # One without a name gets another each time that it is made.
    return names == [None, None] or names[0] != names[1]


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
