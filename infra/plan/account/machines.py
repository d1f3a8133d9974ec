"""Whether the machines that an environment asks for are to be had in its zones."""

from __future__ import annotations

from collections.abc import Iterator

from infra.plan.account.facts import AccountFacts
from infra.plan.images import EC2_ARCHITECTURES
from infra.plan.launch_template import machine_types
from infra.spec import EnvironmentSpec, InstanceGroupSpec, Problem
from infra.spec.errors import Location


def named_types(group: InstanceGroupSpec) -> dict[Location, str]:
    """Return the instance types of a group by where they are named, below the group; a default where none is.

    A group that chooses types by attributes names none: Auto Scaling looks for those that there are.
    """
    types = machine_types(group)
    if group.mixed_instances_policy is None:
        return {("machineType",): types[0]}
    return {("mixedInstancesPolicy", "instances", position): each for position, each in enumerate(types)}


def all_types(spec: EnvironmentSpec) -> tuple[str, ...]:
    """Return the instance types that an environment names, each once, in the order of the file."""
    return tuple(dict.fromkeys(each for group in spec.instance_groups for each in machine_types(group)))


def check_zones(spec: EnvironmentSpec, facts: AccountFacts) -> Iterator[Problem]:
    """Yield the zones that the account does not have, or cannot use now."""
    for position, zone in enumerate(spec.network.zones):
        at: Location = ("network", "zones", position)
        state = facts.zones.get(zone)
        if state is None:
            has = ", ".join(sorted(facts.zones)) or "none"
            yield Problem(at, "is no zone of this account", f"take others: it has {has}", repr(zone))
        elif state != "available":
            yield Problem(at, f"is {state}", "take a zone that is available", repr(zone))


def check_types(spec: EnvironmentSpec, facts: AccountFacts) -> Iterator[Problem]:
    """Yield the instance types that EC2 does not offer where a group needs them, or that run another architecture.

    Of several types of one group each zone needs one alone.
    """
    for index, group in enumerate(spec.instance_groups):
        types = named_types(group)
        for below, name in types.items():
            yield from _check_type(spec, facts, group, ("instanceGroups", index, *below), name)
        yield from _check_offers(spec, facts, group, index, types)


def _check_type(
    spec: EnvironmentSpec, facts: AccountFacts, group: InstanceGroupSpec, at: Location, name: str
) -> Iterator[Problem]:
    found = facts.machine_types.get(name)
    if found is None:
        fix = f"name one that `aws ec2 describe-instance-type-offerings --region {spec.region}` lists"
        yield Problem(at, f"is no instance type of {spec.region}", fix, repr(name))
        return
    wanted = EC2_ARCHITECTURES[group.architecture]
    if wanted not in found.architectures:
        runs = " and ".join(sorted(found.architectures))
        yield Problem(
            at,
            f"runs {runs}, and group {group.name} is for {group.architecture} ({wanted})",
            "take another type, or set architecture to what this one runs",
            repr(name),
        )


def _check_offers(
    spec: EnvironmentSpec, facts: AccountFacts, group: InstanceGroupSpec, index: int, types: dict[Location, str]
) -> Iterator[Problem]:
    known = {name: facts.machine_types[name] for name in types.values() if name in facts.machine_types}
    if not known:
        return
    zones = group.zones or spec.network.zones
    # A zone that the account does not have is said where the network names it.
    lacking = [zone for zone in zones if zone in facts.zones and not any(zone in each.zones for each in known.values())]
    if lacking:
        everywhere = sorted(set(zones) - set(lacking))
        keep = f"set zones: [{', '.join(everywhere)}] for this group, or " if everywhere else ""
        yield Problem(
            ("instanceGroups", index, *_common(types)),
            f"{'is' if len(known) == 1 else 'are'} not offered in {', '.join(lacking)}",
            f"{keep}name {'another' if len(known) == 1 else 'a further'} type that is",
            ", ".join(map(repr, known)),
        )


def _common(types: dict[Location, str]) -> Location:
    """Return where the types are named: the one place of one, the list of several."""
    (first, *others) = types
    return first[:-1] if others else first
