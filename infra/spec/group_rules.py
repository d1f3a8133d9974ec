"""Rules of one instance group that no single field can judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.spec.capacity_rules import check_capacity
from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem, listed_twice
from infra.spec.instance_group import InstanceGroupSpec
from infra.spec.labels import parse_taint
from infra.spec.partition import check_partition
from infra.spec.processors import architecture_of
from infra.spec.rolling_rules import check_rolling
from infra.spec.scalars import duration_seconds
from infra.spec.sysctl_rules import check_sysctls
from infra.spec.volume_rules import check_volumes

_LIFETIME_SECONDS = (86_400, 31_536_000)
"""Bounds of MaxInstanceLifetime (Auto Scaling API reference, CreateAutoScalingGroup)."""

_HEARTBEAT_SECONDS = (30, 7_200)
"""Bounds of a lifecycle hook's heartbeat timeout (Auto Scaling API reference, PutLifecycleHook)."""

_BURSTABLE = ("t2.", "t3.", "t3a.", "t4g.")

GROUP_NAME_LIMIT = 64
"""Longest IAM role name, in characters (IAM quotas); of all names made of ``<group>.<cluster>`` it is the tightest."""

LEAST_GROUP_ROOM = 13
"""Characters that the cluster's name must leave for a group's name."""


def check_group(spec: EnvironmentSpec, index: int, group: InstanceGroupSpec) -> Iterator[Problem]:
    """Yield the problems of the group at ``index``."""
    at: Location = ("instanceGroups", index)
    yield from _check_sizes(at, group)
    yield from _check_zones(spec, at, group)
    yield from _check_subnets(spec, at, group)
    yield from _check_durations(at, group)
    yield from check_capacity(at, group)
    yield from check_rolling(at, group)
    yield from check_volumes(at, group)
    yield from _check_taints(at, group)
    yield from check_sysctls(spec, at, group)
    yield from _check_names(spec, at, group)
    yield from _check_processor(at, group)
    yield from _check_target_groups(spec, at, group)
    yield from _check_tags(spec, at, group)
    yield from _check_repeated(at, group)


def _check_sizes(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    if group.min_size > group.max_size:
        yield Problem(
            (*at, "maxSize"),
            f"is less than minSize {group.min_size}",
            f"write at least {group.min_size}",
            str(group.max_size),
            ((*at, "minSize"),),
        )
    elif group.desired_size is not None and not group.min_size <= group.desired_size <= group.max_size:
        yield Problem(
            (*at, "desiredSize"),
            f"is outside minSize {group.min_size} to maxSize {group.max_size}",
            "write a number in between, or leave it out",
            str(group.desired_size),
            ((*at, "minSize"), (*at, "maxSize")),
        )
    if group.retire and group.role == "ControlPlane":
        yield Problem(
            (*at, "retire"),
            "would remove a control-plane member and its vote in etcd",
            "remove the line; fewer members are not offered, and more come as docs/restore-etcd.md says",
            "true",
            ((*at, "role"),),
        )


def _check_zones(spec: EnvironmentSpec, at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    for position, zone in enumerate(group.zones):
        if zone not in spec.network.zones:
            yield Problem(
                (*at, "zones", position),
                "is not a zone of the network",
                f"add it to network.zones, or use {', '.join(spec.network.zones)}",
                repr(zone),
                (("network", "zones"),),
            )
    yield from listed_twice((*at, "zones"), group.zones)


def _check_subnets(spec: EnvironmentSpec, at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    if group.subnets == "private" and spec.network.nat == "none":
        yield Problem(
            (*at, "subnets"),
            "has no way out: the network has no NAT, so machines could not fetch packages or images",
            "set network.nat to single or perZone, or use public subnets",
            "'private'",
            (("network", "nat"),),
        )


def _check_durations(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    bounds = (
        ("maxInstanceLifetime", group.max_instance_lifetime, _LIFETIME_SECONDS, "1d to 365d"),
        ("drainTimeout", group.drain_timeout, _HEARTBEAT_SECONDS, "30s to 2h"),
    )
    for key, value, (least, most), words in bounds:
        if value is not None and not least <= duration_seconds(value) <= most:
            yield Problem((*at, key), "is outside what Auto Scaling accepts", f"write {words}", repr(value))


def _check_taints(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for position, text in enumerate(group.taints):
        taint = parse_taint(text)
        if (taint.key, taint.effect) in seen:
            yield Problem(
                (*at, "taints", position),
                f"gives {taint.key} a second taint of effect {taint.effect}",
                "keep one",
                repr(text),
            )
        seen.add((taint.key, taint.effect))


def _check_names(spec: EnvironmentSpec, at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    full = f"{group.renamed_from or group.name}.{spec.cluster.name}"
    room = GROUP_NAME_LIMIT - len(spec.cluster.name) - 1
    # A cluster name that leaves no sensible room has a problem of its own; it is not said again for each group.
    if room >= LEAST_GROUP_ROOM and len(full) > GROUP_NAME_LIMIT:
        yield Problem(
            (*at, "renamedFrom" if group.renamed_from else "name"),
            f"is too long: the IAM role {full} has {len(full)} characters, and IAM allows {GROUP_NAME_LIMIT}",
            f"use at most {room} characters, or a shorter cluster.name",
            repr(group.renamed_from or group.name),
            (("cluster", "name"),),
        )


def _check_processor(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    mixed = group.mixed_instances_policy
    named = [((*at, "machineType"), group.machine_type)] if group.machine_type else []
    if mixed is not None:
        named += [((*at, "mixedInstancesPolicy", "instances", i), t) for i, t in enumerate(mixed.instances)]
    declared = "architecture" in group.model_fields_set
    for where, machine_type in named:
        architecture = architecture_of(machine_type)
        if architecture != group.architecture:
            fix = f"set architecture: {architecture}, or choose another type"
            yield Problem(
                where,
                f"has {architecture} processors, and the group's architecture is {group.architecture}",
                fix if declared else "keep to types of one architecture in a group, which has one image",
                repr(machine_type),
                ((*at, "architecture"),) if declared else tuple(place for place, _ in named),
            )
    if group.cpu_credits is not None:
        types = [machine_type for _, machine_type in named]
        if types and not all(t.startswith(_BURSTABLE) for t in types):
            yield Problem(
                (*at, "cpuCredits"),
                "applies to burstable types only",
                "remove it, or use t3 or t4g",
                repr(group.cpu_credits),
                tuple(where for where, _ in named),
            )


def _check_target_groups(spec: EnvironmentSpec, at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    for position, arn in enumerate(group.target_groups):
        yield from check_partition(spec, (*at, "targetGroups", position), arn)
        _, _, _, region, account, _ = arn.split(":", 5)
        if (region, account) != (spec.region, spec.account_id):
            yield Problem(
                (*at, "targetGroups", position),
                f"is of {region} in account {account}, and an Auto Scaling group registers machines in its own only",
                f"name a target group of {spec.region} in account {spec.account_id}",
                repr(arn),
                (("region",), ("accountId",)),
            )


def _check_tags(spec: EnvironmentSpec, at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    for key in group.cloud_labels:
        for other in spec.tags:
            if key != other and key.lower() == other.lower():
                yield Problem(
                    (*at, "cloudLabels", key),
                    f"differs from the environment's tag {other} in case only, and IAM takes both for one",
                    f"write {other}, or another key",
                    repr(group.cloud_labels[key]),
                    (("tags", other),),
                )


def _check_repeated(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    """Find what a list of plain values says twice. AWS keeps such lists as sets, and each preview would differ."""
    lists: list[tuple[Location, Sequence[str]]] = [
        ((*at, "suspendProcesses"), group.suspend_processes),
        ((*at, "additionalSecurityGroups"), group.additional_security_groups),
        ((*at, "targetGroups"), group.target_groups),
    ]
    mixed = group.mixed_instances_policy
    if mixed is not None and mixed.instance_requirements is not None:
        needs, where = mixed.instance_requirements, (*at, "mixedInstancesPolicy", "instanceRequirements")
        lists += [
            ((*where, "allowedInstanceTypes"), needs.allowed_instance_types),
            ((*where, "excludedInstanceTypes"), needs.excluded_instance_types),
            ((*where, "generations"), needs.generations),
        ]
    for place, values in lists:
        yield from listed_twice(place, values)
