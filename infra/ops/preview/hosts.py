"""Host names, and paths of them, that begin or cease to be answered at the edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.ops.preview.events import Run, State
from infra.ops.preview.inputs import mapping_in
from infra.ops.preview.words import TOLD, listed

_KINDS = ("HTTPRoute", "TLSRoute", "GRPCRoute", "Ingress")


def host_sentences(run: Run) -> Iterator[str]:
    """Yield what is answered no more, what from now on, and what by another. Several routes may answer one name."""
    routes = [step for step in run.steps if step.type.rpartition(":")[2] in _KINDS]
    before = {host for step in routes for host in _hosts(step.old)}
    after = {host for step in routes for host in _hosts(step.new)}
    gone, come = before - after, after - before
    over = {each for each in gone if _below(each, after)} | {each for each in come if _below(each, before)}
    if ended := sorted(gone - over):
        yield f"Answered at the edge no more: {listed([_beside(each, after) for each in ended], TOLD)}."
    if begun := sorted(come - over):
        yield f"Answered at the edge from now on: {listed([_beside(each, before) for each in begun], TOLD)}."
    if over:
        yield f"Led to another workload at the edge, since paths of one host are shared: {listed(sorted(over), TOLD)}."


def _below(place: str, others: set[str]) -> bool:
    """Tell whether a path of a host lies below another that is answered, by whole parts."""
    parts = place.split("/")
    return any("/".join(parts[:length]) in others for length in range(1, len(parts)))


def _beside(host: str, others: set[str]) -> str:
    """Return a name, with the paths of it that the other side has without it: they alone are no part of the change."""
    paths = sorted(each.removeprefix(host) for each in others if each.startswith(f"{host}/"))
    return f"{host} (beside {listed(paths, TOLD)})" if paths else host


def _hosts(state: State | None) -> Iterator[str]:
    """Yield each name with each path of it. A slash at the end of a path says nothing (Gateway API, PathPrefix)."""
    spec = mapping_in(state.inputs.get("spec")) if state else {}
    rules = [mapping_in(each) for each in spec.get("rules") or ()]
    paths = list(_paths(rules)) if rules else ["/"]
    yield from (f"{name}{path.rstrip('/')}" for name in spec.get("hostnames") or () for path in paths)
    yield from (str(each["host"]) for each in rules if each.get("host"))


def _paths(rules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the prefixes of paths that rules of an HTTPRoute answer; ``/`` is all of them.

    What only sends the client to another port or host is no answer.
    """
    for rule in rules:
        if any(mapping_in(each).get("type") == "RequestRedirect" for each in rule.get("filters") or ()):
            continue
        matches: Sequence[Any] = rule.get("matches") or ({},)
        for match in matches:
            yield str(mapping_in(mapping_in(match).get("path")).get("value") or "/")
