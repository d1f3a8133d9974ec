"""What an engine that was killed had begun: creations that may or may not have happened.

Before it asks a plugin to create something, the engine writes a pending creation to its state. When it is killed, the
plugin finishes what it does; the engine no longer hears of it. The stand-in plugins note each creation in a journal, so
for every pending creation it is known whether it happened, and under which id: it is then adopted, not repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class PendingCreations:
    """The pending creations of a stack: those that happened, by URN with their id, and all others."""

    created: Mapping[str, str]
    unknown: tuple[str, ...]

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self.created or self.unknown)


def pending_creations(state: Mapping[str, Any], journal: Iterable[str]) -> PendingCreations:
    """Sort the pending creations of an exported stack (`pulumi stack export`) by what the journal's lines say.

    The last entry of a URN counts. An id that the state already holds for the URN is an older creation, such as the
    predecessor of a replacement, and is no answer.
    """
    deployment = state.get("deployment") or {}
    recorded = {(each["urn"], each.get("id")) for each in deployment.get("resources") or ()}
    entries = [json.loads(line) for line in journal if line.endswith("\n")]  # a line cut short was never acknowledged
    last = {entry["urn"]: str(entry["id"]) for entry in entries}
    urns = [
        operation["resource"]["urn"]
        for operation in deployment.get("pending_operations") or ()
        if operation["type"] == "creating"
    ]
    created = {urn: last[urn] for urn in urns if urn in last and (urn, last[urn]) not in recorded}
    return PendingCreations(created, tuple(urn for urn in urns if urn not in created))


def read_journal(path: Path) -> list[str]:
    """Return the journal's lines; none when nothing was created yet."""
    try:
        return path.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return []


def settled_state(state: Mapping[str, Any], pending: PendingCreations) -> dict[str, Any]:
    """Return the state with what was created among its resources, and no pending operations, for `pulumi stack import`.

    Its outputs are for a refresh to fill in. (`pulumi refresh --import-pending-creates` would be the engine's own way;
    v3.259.0 takes the ids and drops them.) Where the creation was half of a replacement, its predecessor becomes one
    that is still to be deleted, as the engine notes it when it gets that far.
    """
    deployment = dict(state["deployment"])
    begun = {operation["resource"]["urn"]: operation["resource"] for operation in deployment["pending_operations"]}
    resources = [
        {**each, "delete": True} if each["urn"] in pending.created else each
        for each in deployment.get("resources") or ()
    ]
    resources += [{**begun[urn], "id": identifier} for urn, identifier in pending.created.items()]
    del deployment["pending_operations"]
    return {**state, "deployment": {**deployment, "resources": resources}}
