"""What the edge's firewall policy opens by host name.

Security groups know ports alone: that a name which was for an office is now for everyone shows in the router's own
objects, which nobody reads as a rule. The policy itself is in the cluster's record ``config``, before and after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from infra.ops.preview.changes import CREATE, DELETE, IMPORT, Change
from infra.ops.preview.openings import ANYWHERE, Opening, Rule, gravest_first
from infra.plan.stateful import OBJECT_TYPE
from infra.spec.hosts import ANYWHERE as EVERYONE

RECORD = "config"
"""Logical name of the cluster's record, which holds the environment's spec."""
_HTTP, _HTTPS = 80, 443

_Where = tuple[int, str]
"""Port, and the host name asked for there; "" where the port carries none."""


def edge_openings(changes: Sequence[Change]) -> tuple[Opening, ...]:
    """Return what the policy opens and closes."""
    found = [each for change in changes for each in _of_change(change)]
    return gravest_first(found)


def _of_change(change: Change) -> Iterator[Opening]:
    if change.type != OBJECT_TYPE or change.name != RECORD:
        return
    old = _policy(change.step.old.inputs if change.step.old and change.op not in (CREATE, IMPORT) else {})
    new = _policy(change.step.new.inputs if change.step.new and change.op != DELETE else {})
    for opened, one, other in ((True, new, old), (False, old, new)):
        for where in sorted(one):
            sources = one[where] - _covering(other.get(where, set()), one[where])
            if sources:
                until_now = old.get(where, set()) if opened else set()
                yield _opening(change, where, sources, until_now, opened=opened)


def _covering(other: set[str], sources: set[str]) -> set[str]:
    """Return which sources the other side lets in, too."""
    return sources if EVERYONE in other else sources & other


def _policy(inputs: Mapping[str, Any]) -> dict[_Where, set[str]]:
    """Return who may come, by port and host name. Port 80 only leads to 443, and is left out where that is open."""
    content = inputs.get("content")
    try:
        record = yaml.safe_load(content) if isinstance(content, str) else None
    except yaml.YAMLError:
        return {}
    spec = record.get("spec") if isinstance(record, Mapping) else None
    edge = (spec.get("edge") if isinstance(spec, Mapping) else None) or {}
    named = {each["name"]: each["port"] for each in edge.get("tcpPorts") or ()}
    found: dict[_Where, set[str]] = {}
    for rule in edge.get("firewall") or ():
        for port in rule.get("ports") or ():
            for host in rule.get("hosts") or ("",):
                found.setdefault((int(named.get(port, port)), host), set()).update(rule.get("sources") or ())
    return {where: who for where, who in found.items() if where[0] != _HTTP or (_HTTPS, where[1]) not in found}


def _opening(change: Change, where: _Where, sources: set[str], until_now: set[str], *, opened: bool) -> Opening:
    port, host = where
    peers = tuple(ANYWHERE[0] if each == EVERYONE else each for each in sorted(sources))
    why = "firewall policy of the edge" + (f"; until now from {' and '.join(sorted(until_now))}" if until_now else "")
    rule = Rule(True, "tcp", (port, port), host or "the edge", peers, why)
    return Opening(opened, rule, change.urn, opened and rule.to_everyone)
