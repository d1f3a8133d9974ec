"""What to do next with a group, from what is seen of it and nothing else.

Nothing is remembered from one step to the next: a roll that was ended anywhere goes on from what it finds, because all
it has done shows in AWS and in the cluster (tags of instances, a node's cordon and annotation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.ops.roll.need import warm_outdated
from infra.ops.roll.pace import Pace
from infra.ops.roll.view import Group, Instance, Member


@dataclass(frozen=True)
class Decision:
    """What is to be done now, in this order."""

    complete: tuple[Member, ...] = ()
    """Auto Scaling ends these and waits at a lifecycle hook for their drain."""
    warm: tuple[Instance, ...] = ()
    """Outdated machines of the warm pool: no pod runs there, so they simply go."""
    taint: tuple[Member, ...] = ()
    """To be made less attractive to the scheduler, since they will go."""
    untaint: tuple[Member, ...] = ()
    """To be made attractive again: they stay."""
    drain: tuple[Member, ...] = ()
    """Their drain has begun: go on with it."""
    finish_detach: tuple[Member, ...] = ()
    """Marked to be taken out of the group and still in it: a roll was ended in between."""
    outside: tuple[Member, ...] = ()
    """Taken out of the group, and serving until their turn comes."""
    begin: tuple[Member, ...] = ()
    """To be cordoned and drained from now on."""
    detach: tuple[Member, ...] = ()
    """To be taken out of the group, so that Auto Scaling starts a machine above the group's size."""
    waits_for: str = ""
    """What has to happen before more can be done; empty where nothing has."""
    done: bool = False

    @property
    def disrupts(self) -> bool:
        """Whether it begins anything new, before which the cluster must be found valid."""
        return bool(self.begin or self.detach)

    @property
    def acts(self) -> bool:
        """Whether it does anything at all."""
        return self.disrupts or bool(
            self.complete or self.warm or self.taint or self.untaint or self.drain or self.finish_detach
        )


def decide(group: Group, members: Sequence[Member], pace: Pace) -> Decision:
    """Return what to do next.

    Two bounds hold whatever was done before: at least ``desired - pace.unavailable`` machines stay available, and there
    are at most ``desired + pace.surge``. Until one machine of the newest template has proved that it becomes a ready
    node, only one machine is touched (kops's ``noneReady`` rule).
    """
    staying = [m for m in members if not m.instance.leaving]
    outdated = [m for m in staying if m.outdated]
    fresh = [m for m in staying if not m.outdated]
    draining = [m for m in outdated if m.draining]
    pending = [m for m in outdated if m.instance.attached and m.instance.mark == "detach" and not m.draining]
    outside = [m for m in outdated if not m.instance.attached]
    waits_for = _waits_for(group, staying, fresh)
    allowed = _allowed(group, members, pace, proven=any(_ready(m) for m in fresh))
    begin = _begin(outdated, allowed, budget=sum(m.available for m in members) - (group.desired - pace.unavailable))
    detach = _detach(outdated, begin, allowed - len(begin), room=pace.surge - len(outside) - len(pending))
    return Decision(
        complete=tuple(m for m in members if _is_ours(m)),
        warm=warm_outdated(group),
        taint=tuple(m for m in outdated if m.node is not None and not m.node.tainted),
        untaint=tuple(m for m in fresh if m.node is not None and m.node.tainted),
        drain=tuple(draining),
        finish_detach=tuple(pending),
        outside=tuple(m for m in outside if not m.draining and m not in begin),
        begin=tuple(begin),
        detach=tuple(detach),
        waits_for=waits_for,
        done=not outdated and not waits_for,
    )


def _is_ours(member: Member) -> bool:
    """Whether Auto Scaling waits for a drain that is ours, or that nobody needs. Others end their own."""
    waits = member.instance.lifecycle == "Terminating:Wait"
    return waits and (member.node is None or member.node.draining)


def _ready(member: Member) -> bool:
    return member.node is not None and member.node.ready


def _allowed(group: Group, members: Sequence[Member], pace: Pace, *, proven: bool) -> int:
    """Return how many machines more may be touched now."""
    going = sum(m.draining or m.instance.leaving for m in members)
    if proven or group.desired == 0:
        return max(0, pace.concurrency - going)
    missing = group.desired - sum(m.instance.attached and not m.instance.leaving for m in members)
    marked = any(m.instance.attached and m.instance.mark == "detach" for m in members)
    unproven = any(not m.outdated and not m.instance.leaving for m in members)
    # One was touched already, or its replacement is on its way: the proof that is waited for.
    return 0 if going or missing > 0 or marked or unproven else 1


def _begin(outdated: Sequence[Member], allowed: int, *, budget: int) -> list[Member]:
    waiting = [m for m in outdated if not m.draining and not (m.instance.attached and m.instance.mark == "detach")]
    # What is not available costs nothing to replace, and is replaced first.
    free = [m for m in waiting if not m.available][:allowed]
    inside = [m for m in waiting if m.available and m.instance.attached]
    outside = [m for m in waiting if m.available and not m.instance.attached]
    count = max(0, min(allowed - len(free), budget))
    # Those outside the group are the surge: they go when nothing inside is left to be replaced.
    return free + (inside or outside)[:count]


def _detach(outdated: Sequence[Member], begin: Sequence[Member], allowed: int, *, room: int) -> list[Member]:
    candidates = [
        m
        for m in outdated
        if m.available and m.instance.lifecycle == "InService" and m.instance.mark != "detach" and m not in begin
    ]
    return candidates[-max(0, min(room, allowed)) :] if min(room, allowed) > 0 else []


def _waits_for(group: Group, staying: Sequence[Member], fresh: Sequence[Member]) -> str:
    missing = group.desired - sum(m.instance.attached for m in staying)
    words = []
    if missing > 0:
        words.append(f"{missing} of {group.desired} machines to be started by Auto Scaling")
    absent = [m.instance.id for m in fresh if m.node is None]
    if absent:
        words.append(f"a node of {', '.join(absent)}")
    unready = [m.node.name for m in fresh if m.node is not None and not m.node.ready]
    if unready:
        words.append(f"{', '.join(unready)} to be ready")
    return " and ".join(words)
