"""Encryption of pods' traffic that is switched off: its port is closed before every agent knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.ops.preview.changes import UPDATE, Change
from infra.ops.preview.openings import Opening
from infra.plan.security import WIREGUARD_PORT

_AGENTS = "kubernetes:apps/v1:DaemonSet"


def encryption_sentences(changes: Sequence[Change], openings: Sequence[Opening]) -> Iterator[str]:
    """Yield what becomes of pods on machines whose agent is not exchanged yet, where a cluster encrypts no more."""
    closed = any(not each.opened and each.rule.ports == (WIREGUARD_PORT, WIREGUARD_PORT) for each in openings)
    exchanged = any(
        change.op == UPDATE and change.type == _AGENTS and change.name.startswith("cilium/") for change in changes
    )
    if closed and exchanged:
        yield (
            "Encryption of pods' traffic goes off: its port is closed at once, and until cilium is exchanged on each "
            "machine, pods of those that still encrypt do not reach each other. Exchange cilium first "
            "(docs/addons.md, Switch encryption off)."
        )
