"""What the control plane survives: etcd writes for as long as more than half of its members can speak to each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from infra.plan.control_plane.members import MemberPlan


def fatal_zones(members: Sequence[MemberPlan]) -> dict[str, tuple[str, ...]]:
    """Return zone -> its members, of the zones without which the others are no quorum.

    A majority of n is n // 2 + 1 (etcd FAQ, "What is failure tolerance?"). A single member is left out: nobody who
    declares one expects it to survive its zone.
    """
    if len(members) == 1:
        return {}
    by_zone: dict[str, list[str]] = defaultdict(list)
    for member in members:
        by_zone[member.zone].append(member.name)
    quorum = len(members) // 2 + 1
    return {zone: tuple(names) for zone, names in by_zone.items() if len(members) - len(names) < quorum}
