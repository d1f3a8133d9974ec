"""What a run does to groups whose machines stay as they are: sizes, zones, warm pools, target groups, ages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from infra.ops.preview.changes import CREATE, DELETE, IMPORT, Change
from infra.ops.preview.events import State
from infra.ops.preview.group_zones import subnet_words
from infra.ops.preview.groups import Group, number, role_order


@dataclass(frozen=True)
class Resize:
    """A group that changes its size, its zones or its traffic, and nothing about its machines."""

    group: str
    role: str
    words: str
    fewer: int
    """Machines that Auto Scaling ends for it, each after its drain."""
    more: int = 0
    """Machines that Auto Scaling starts for it."""
    leaves: bool = False
    """Whether Auto Scaling exchanges machines for it, as where the group leaves a zone."""


def resizes_of(
    groups: Mapping[str, Group], changes: Sequence[Change], zones: Mapping[str, str] = MappingProxyType({})
) -> tuple[Resize, ...]:
    """Return the groups whose sizes change. ``zones`` are those of subnets, by ID."""
    by_urn = {change.urn: change for change in changes}
    found = []
    for group in groups.values():
        change = by_urn.get(group.scaling.urn) if group.scaling else None
        if change is None or group.scaling is None:
            continue
        words, leaves = _size_words(change, group.scaling.old, group.scaling.new, zones)
        if words:
            before, after = group.machines(new=False), group.machines(new=True)
            if change.op == DELETE:  # told as a danger: nothing drains them
                before = after
            found.append(
                Resize(
                    group.name, group.role, words, max(0, before - after), max(0, after - before), leaves and before > 0
                )
            )
    return tuple(sorted(found, key=lambda each: (role_order(each.role), each.group)))


def _size_words(change: Change, old: State | None, new: State | None, zones: Mapping[str, str]) -> tuple[str, bool]:
    """Return what becomes of a group, and whether machines that run leave for it."""
    if change.op in (CREATE, IMPORT) or old is None:
        return f"new group of {_machines(new)}", False
    if change.op == DELETE or new is None:
        return f"the group goes; it had {_machines(old)}", False
    if new.inputs.get("maxSize") == 0 != old.inputs.get("maxSize"):
        stay = _stay_words(old)
        return (
            f"it is emptied; it had {_machines(old)}. {stay}Pods that only its labels or taints admit will wait",
            False,
        )
    sizes = ("minSize", "maxSize", "desiredCapacity")
    names = {"minSize": "least", "maxSize": "most", "desiredCapacity": "desired"}
    parts = [f"{names[each.path]} {each.old} → {each.new}" for each in change.differences if each.path in sizes]
    leaves = False
    if any(each.path.startswith("vpcZoneIdentifiers") for each in change.differences):
        words, leaves = subnet_words(old, new, zones)
        parts.append(words)
    parts += [*_pool_words(old, new), *_traffic_words(old, new), *_process_words(old, new), *_age_words(old, new)]
    return ", ".join(parts), leaves


def _stay_words(old: State) -> str:
    # Of the group it is taken off for machines to come; those that run were started with it (Auto Scaling User Guide,
    # "Use instance scale-in protection").
    if not old.inputs.get("protectFromScaleIn"):
        return ""
    return "Machines that are protected from scale-in stay until that is taken off (docs/change-a-group.md). "


def _pool_words(old: State, new: State) -> Iterator[str]:
    before, after = old.inputs.get("warmPool"), new.inputs.get("warmPool")
    if before and not after:
        yield "its warm pool goes, with the machines that wait in it"
    elif after and not before:
        yield "it gets a warm pool of machines that wait"
    elif before != after:
        yield f"another warm pool{_least_of_pool(before, after)}"


def _least_of_pool(before: Any, after: Any) -> str:
    """Return what becomes of a pool's least size: the AWS provider does not tell Auto Scaling of 0.

    https://github.com/hashicorp/terraform-provider-aws/issues/44732
    """
    least, wanted = (number(each.get("minSize")) if isinstance(each, Mapping) else 0 for each in (before, after))
    if wanted or not least:
        return ""
    return (
        f"; its least stays {least} with AWS, since the provider does not send 0: take warmPool out for one update, "
        "and write it again in the next"
    )


def _traffic_words(old: State, new: State) -> Iterator[str]:
    """Yield what other target groups mean: machines that run are taken out and put in at once."""
    # Counted, not told apart: those that the update makes are all unknown, and so alike.
    before, after = (Counter(_texts(state.inputs.get("targetGroupArns"))) for state in (old, new))
    if gone := (before - after).total():
        yield f"{gone} target group{'s send' if gone > 1 else ' sends'} its machines no more traffic"
    if more := (after - before).total():
        yield f"{more} more target group{'s send' if more > 1 else ' sends'} its machines traffic"


def _process_words(old: State, new: State) -> Iterator[str]:
    """Yield what Auto Scaling leaves from now on, and what it does again."""
    before, after = (set(_texts(state.inputs.get("suspendedProcesses"))) for state in (old, new))
    for process in sorted(after - before):
        yield f"Auto Scaling's {process} is suspended{_STOPPED.get(process, '')}"
    for process in sorted(before - after):
        yield f"Auto Scaling's {process} goes on{_RESUMED.get(process, '')}"


_STOPPED = {
    "HealthCheck": ": machines that fail are not noticed",
    "ReplaceUnhealthy": ": machines that fail are not replaced",
}
_RESUMED = {
    "AZRebalance": ": it may exchange machines to even out zones, each drained",
    "ReplaceUnhealthy": ": machines that have failed are replaced at once",
}
"""Process of Auto Scaling -> what it means for machines that run (Auto Scaling User Guide, "Suspend processes")."""


def _age_words(old: State, new: State) -> Iterator[str]:
    """Yield what another age means: machines that are older already are exchanged from then on."""
    before, after = (number(state.inputs.get("maxInstanceLifetime")) for state in (old, new))
    if after and (not before or after < before):
        days, rest = divmod(after, 86_400)
        age = f"{days} days" if days and not rest else f"{after // 3600} hours"
        yield f"machines older than {age} are replaced by Auto Scaling, each drained"


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _machines(state: State | None) -> str:
    numbers = _range(state)
    return f"{numbers} machine{'' if numbers == '1' else 's'}"


def _range(state: State | None) -> str:
    if state is None:
        return "0"
    least, most = number(state.inputs.get("minSize")), number(state.inputs.get("maxSize"))
    return str(most) if least == most else f"{least} to {most}"
