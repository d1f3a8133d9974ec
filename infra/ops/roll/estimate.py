"""What a roll would do and about how long it would take, told before it is begun."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from infra.ops.roll.pace import Pace
from infra.ops.roll.view import Group, Member

BOOT_SECONDS = 180.0
"""From a machine's launch to its ready node, where the group has no node to measure it by."""

DRAIN_SECONDS = 60.0
"""For a drain: the default grace period of 30 s, twice, since what is evicted must often start elsewhere first."""


@dataclass(frozen=True)
class Estimate:
    """One group's part of a roll."""

    group: str
    role: str
    members: tuple[Member, ...]
    """The machines that would be replaced."""
    size: int
    pace: Pace
    waves: int
    """Times that a machine is waited for."""
    boot_seconds: float
    measured: bool
    """Whether the boot time is that of the group's own nodes."""
    seconds: float
    blink: bool
    """Whether the API would not answer for a while: the only control-plane member is replaced."""


def estimate(group: Group, members: Sequence[Member], pace: Pace, *, name: str, role: str, blink: bool) -> Estimate:
    """Return what replacing the outdated among ``members`` would take.

    The first machine is replaced alone; the others ``pace.concurrency`` at a time. Each wave takes a drain and a boot.
    The machines taken out of the group at first need a drain of their own at the end.
    """
    outdated = tuple(m for m in members if m.outdated and not m.instance.leaving)
    boots = [
        (m.node.created - m.instance.launched).total_seconds()
        for m in members
        if m.node is not None and m.node.created is not None and m.instance.launched is not None
    ]
    boot = statistics.median(boots) if boots else BOOT_SECONDS
    count = len(outdated)
    waves = 0 if count == 0 else 1 + -(-(count - 1) // pace.concurrency)
    seconds = waves * (boot + DRAIN_SECONDS) + (DRAIN_SECONDS if count and pace.surge else 0.0)
    return Estimate(name, role, outdated, group.desired, pace, waves, boot, bool(boots), seconds, blink and count > 0)
