"""Host names, and paths of them, that begin or cease to be answered at the edge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.ops.preview.events import Run, State
from infra.ops.preview.inputs import list_in, mapping_in
from infra.ops.preview.words import TOLD, listed

_KINDS = ("HTTPRoute", "TLSRoute", "GRPCRoute", "Ingress")


@dataclass(frozen=True)
class HostEffect:
    """What callers of the edge notice."""

    sentences: tuple[str, ...]
    noticed: bool
    """Whether somebody who is answered now will be no more, or by another."""


def host_effect(run: Run) -> HostEffect:
    """Return what is answered no more, what from now on, and what by another. Several routes may answer one name."""
    routes = [step for step in run.steps if step.type.rpartition(":")[2] in _KINDS]
    before, after = _answered(step.old for step in routes), _answered(step.new for step in routes)
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    over = {each for each in gone if _below(each, after)} | {each for each in come if _below(each, before)}
    ended, begun = sorted(gone - over), sorted(come - over)
    moved = sorted(each for each in before.keys() & after.keys() if _moved(before[each], after[each]))
    told = (
        ("Answered at the edge no more", [_beside(each, after) for each in ended]),
        ("Answered at the edge from now on", [_beside(each, before) for each in begun]),
        ("Led to another workload at the edge, since paths of one host are shared", sorted(over)),
        (
            "Led to another Service at the edge",
            [f"{each} ({_services(before[each])} → {_services(after[each])})" for each in moved],
        ),
    )
    return HostEffect(
        tuple(f"{words}: {listed(places, TOLD)}." for words, places in told if places), bool(ended or over or moved)
    )


def _moved(before: set[str], after: set[str]) -> bool:
    """Tell whether other Services answer, where both sides say which: Ingress objects of a namespace do not."""
    return bool(before and after) and before != after


def _services(answering: set[str]) -> str:
    return " and ".join(sorted(answering))


def _below(place: str, others: Collection[str]) -> bool:
    """Tell whether a path of a host lies below another that is answered, by whole parts."""
    parts = place.split("/")
    return any("/".join(parts[:length]) in others for length in range(1, len(parts)))


def _beside(host: str, others: Collection[str]) -> str:
    """Return a name, with the paths of it that the other side has without it: they alone are no part of the change."""
    paths = sorted(each.removeprefix(host) for each in others if each.startswith(f"{host}/"))
    return f"{host} (beside {listed(paths, TOLD)})" if paths else host


def _answered(states: Iterable[State | None]) -> dict[str, set[str]]:
    """Return host and path -> the Services that routes lead it to, as ``namespace/name``; none where they say none."""
    found: dict[str, set[str]] = {}
    for state in states:
        for place, services in _places(state):
            found.setdefault(place, set()).update(services)
    return found


def _places(state: State | None) -> Iterator[tuple[str, set[str]]]:
    """Yield each name with each path of it. A slash at the end of a path says nothing (Gateway API, PathPrefix)."""
    inputs = state.inputs if state else {}
    spec = mapping_in(inputs.get("spec"))
    rules = [mapping_in(each) for each in spec.get("rules") or ()]
    space = str(mapping_in(inputs.get("metadata")).get("namespace") or "default")
    paths = list(_paths(rules, space)) if rules else [("/", set[str]())]
    yield from ((f"{name}{path.rstrip('/')}", to) for name in list_in(spec.get("hostnames")) for path, to in paths)
    yield from ((str(each["host"]), set[str]()) for each in rules if each.get("host"))


def _paths(rules: Sequence[Mapping[str, Any]], space: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the prefixes of paths that rules of an HTTPRoute answer, each with its Services; ``/`` is all of them.

    ``space`` is the route's own namespace. What only sends the client to another port or host is no answer.
    """
    for rule in rules:
        if any(mapping_in(each).get("type") == "RequestRedirect" for each in rule.get("filters") or ()):
            continue
        backends = [mapping_in(each) for each in rule.get("backendRefs") or ()]
        services = {f"{each.get('namespace') or space}/{each['name']}" for each in backends if "name" in each}
        matches: Sequence[Any] = rule.get("matches") or ({},)
        for match in matches:
            yield str(mapping_in(mapping_in(match).get("path")).get("value") or "/"), services
