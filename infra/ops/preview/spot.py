"""Groups whose machines become Spot, which AWS can take back, or cease to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from infra.ops.preview.changes import UPDATE, Change
from infra.ops.preview.events import State
from infra.ops.preview.groups import Group
from infra.ops.preview.words import TOLD, groups_named

_Share = tuple[int, int]
"""Percentage of Spot above the base, and the base: machines that are On-Demand before any is Spot."""

_GRADUALLY: Final = "Auto Scaling exchanges machines that run until the shares are right, gradually and by itself"
"""CloudFormation reference, ``InstancesDistribution``: "an update to this setting means a gradual replacement of
instances", of the base and of the percentage."""
_INTERRUPTED: Final = f"AWS can take a Spot machine back with two minutes' notice. {_GRADUALLY}"
"""EC2 User Guide, "Spot Instance interruptions"."""


def spot_sentences(groups: Mapping[str, Group], changes: Sequence[Change]) -> Iterator[str]:
    """Yield what becomes of On-Demand and Spot, with groups that change alike in one sentence."""
    by_urn = {change.urn: change for change in changes if change.op == UPDATE}
    alike: dict[str, list[str]] = {}
    for group in groups.values():
        if group.scaling is None or group.scaling.urn not in by_urn:
            continue
        if words := _words(_share(group.scaling.old), _share(group.scaling.new)):
            alike.setdefault(words, []).append(group.name)
    for words, names in list(alike.items())[:TOLD]:
        yield f"{groups_named(names, TOLD)}: {words}."
    if left := [name for names in list(alike.values())[TOLD:] for name in names]:
        yield f"And {len(left):,} more groups change their shares of On-Demand and Spot. {_INTERRUPTED}."


def uses_spot(state: State) -> bool:
    """Say whether some machines of an Auto Scaling group may be Spot."""
    return _share(state)[0] > 0


def _share(state: State | None) -> _Share:
    """Return the share of Spot. Without a policy, or what it leaves unsaid, all is On-Demand (Auto Scaling API)."""
    policy = state.inputs.get("mixedInstancesPolicy") if state else None
    shares = policy.get("instancesDistribution") if isinstance(policy, Mapping) else None
    if not isinstance(shares, Mapping):
        return 0, 0
    spot = 100 - _number(shares.get("onDemandPercentageAboveBaseCapacity"), 100)
    return (spot, _number(shares.get("onDemandBaseCapacity"), 0)) if spot else (0, 0)


def _number(value: Any, unset: int) -> int:
    return int(value) if isinstance(value, int | float) else unset


def _words(before: _Share, after: _Share) -> str:
    if before == after:
        return ""
    if not after[0]:
        return f"none of its machines is Spot any more; until now {_shown(before)}. {_GRADUALLY}"
    rises = after[0] > before[0] or (after[0] == before[0] and after[1] < before[1])
    verb = "machines become Spot and can be interrupted" if rises else "the share of Spot changes"
    return f"{verb}: {_shown(after)}; until now {_shown(before)}. {_INTERRUPTED}"


def _shown(share: _Share) -> str:
    spot, base = share
    if not spot:
        return "none"
    which = "all" if spot == 100 else f"{spot}%"
    above = f" above the first {base}, which are On-Demand" if base else ""
    return f"{which} of its machines{above}"
