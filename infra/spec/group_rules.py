"""Rules of one instance group that no single field can judge."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.instance_group import InstanceGroupSpec
from infra.spec.labels import parse_taint
from infra.spec.scalars import duration_seconds
from infra.spec.volumes import DataVolumeSpec, RootVolumeSpec

_LIFETIME_SECONDS = (86_400, 31_536_000)
"""Bounds of MaxInstanceLifetime (Auto Scaling API reference, CreateAutoScalingGroup)."""

_HEARTBEAT_SECONDS = (30, 7_200)
"""Bounds of a lifecycle hook's heartbeat timeout (Auto Scaling API reference, PutLifecycleHook)."""

_BURSTABLE = ("t2.", "t3.", "t3a.", "t4g.")

GROUP_NAME_LIMIT = 64
"""Longest IAM role name, in characters (IAM quotas); of all names made of ``<group>.<cluster>`` it is the tightest."""

LEAST_GROUP_ROOM = 13
"""Characters that the cluster's name must leave for a group's name."""

_MAX_IOPS = {"gp3": 80_000, "io1": 64_000, "io2": 256_000}
"""EBS User Guide, "Amazon EBS volume types"."""


def check_group(spec: EnvironmentSpec, index: int, group: InstanceGroupSpec) -> Iterator[Problem]:
    """Yield the problems of the group at ``index``."""
    at: Location = ("instanceGroups", index)
    yield from _check_sizes(at, group)
    yield from _check_zones(spec, at, group)
    yield from _check_subnets(spec, at, group)
    yield from _check_durations(at, group)
    yield from _check_mixed(at, group)
    yield from _check_warm_pool(at, group)
    yield from _check_volume((*at, "rootVolume"), group.root_volume)
    for position, volume in enumerate(group.volumes):
        yield from _check_volume((*at, "volumes", position), volume)
    yield from _check_unique_volumes(at, group)
    yield from _check_taints(at, group)
    yield from _check_names(spec, at, group)
    yield from _check_processor(at, group)


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
            "change the number of members by the upgrade and recovery documents, not by retiring a group",
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
        if zone in group.zones[:position]:
            yield Problem((*at, "zones", position), "is listed twice", "remove one", repr(zone))


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


def _check_mixed(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    mixed = group.mixed_instances_policy
    if mixed is None:
        if group.capacity_rebalance:
            yield Problem(
                (*at, "capacityRebalance"),
                "has nothing to act on: the group uses no Spot",
                "add mixedInstancesPolicy with Spot, or remove it",
                "true",
                ((*at, "mixedInstancesPolicy"),),
            )
        return
    where = (*at, "mixedInstancesPolicy")
    if bool(mixed.instances) == (mixed.instance_requirements is not None):
        yield Problem(
            where,
            "needs either instances or instanceRequirements, and not both",
            "list instance types, or state requirements",
            None,
            ((*where, "instances"), (*where, "instanceRequirements")),
        )
    if group.machine_type is not None:
        yield Problem(
            (*at, "machineType"),
            "is not used beside mixedInstancesPolicy, whose own types take its place",
            "move it to mixedInstancesPolicy.instances",
            repr(group.machine_type),
            (where,),
        )
    if len(set(mixed.instances)) != len(mixed.instances):
        yield Problem((*where, "instances"), "name a type twice", "list each type once", repr(list(mixed.instances)))
    if mixed.spot_instance_pools is not None and mixed.spot_allocation_strategy != "lowest-price":
        yield Problem(
            (*where, "spotInstancePools"),
            f"does not go with spotAllocationStrategy {mixed.spot_allocation_strategy}",
            "remove it, or use lowest-price",
            str(mixed.spot_instance_pools),
            ((*where, "spotAllocationStrategy"),),
        )
    yield from _check_requirements(where, group)


def _check_requirements(where: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    mixed = group.mixed_instances_policy
    if mixed is None or mixed.instance_requirements is None:
        return
    needs = mixed.instance_requirements
    at = (*where, "instanceRequirements")
    for key, bounds in (("cpu", needs.cpu), ("memoryMi", needs.memory_mi)):
        if bounds.max is not None and bounds.min > bounds.max:
            yield Problem((*at, key, "max"), f"is less than min {bounds.min}", "swap them", str(bounds.max))
    if needs.allowed_instance_types and needs.excluded_instance_types:
        yield Problem(
            (*at, "excludedInstanceTypes"),
            "cannot stand beside allowedInstanceTypes (EC2 accepts one of the two)",
            "keep one of them",
            repr(list(needs.excluded_instance_types)),
            ((*at, "allowedInstanceTypes"),),
        )
    if mixed.on_demand_allocation_strategy == "prioritized":
        yield Problem(
            (*where, "onDemandAllocationStrategy"),
            "needs a list of instances to give priorities to",
            "use lowest-price with instanceRequirements",
            "'prioritized'",
            (at,),
        )


def _check_warm_pool(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    pool = group.warm_pool
    if pool is None:
        return
    where = (*at, "warmPool")
    if group.mixed_instances_policy is not None:
        yield Problem(
            where,
            "cannot be used with mixedInstancesPolicy (Auto Scaling User Guide, warm pool limitations)",
            "remove one of the two",
            None,
            ((*at, "mixedInstancesPolicy"),),
        )
    if group.role == "ControlPlane":
        yield Problem(where, "makes no sense for a group of exactly one machine", "remove it", None, ((*at, "role"),))
    if pool.max_size is not None and pool.min_size > pool.max_size:
        yield Problem((*where, "minSize"), f"is greater than maxSize {pool.max_size}", "swap them", str(pool.min_size))


def _check_volume(at: Location, volume: RootVolumeSpec | DataVolumeSpec) -> Iterator[Problem]:
    kind = (*at, "type")
    if volume.iops is not None:
        if volume.type not in _MAX_IOPS:
            yield Problem(
                (*at, "iops"),
                f"cannot be set for {volume.type}",
                "remove it, or use gp3, io1 or io2",
                str(volume.iops),
                (kind,),
            )
        elif volume.iops > _MAX_IOPS[volume.type] or (volume.type == "gp3" and volume.iops < 3000):
            least = 3000 if volume.type == "gp3" else 100
            yield Problem(
                (*at, "iops"),
                f"is outside what {volume.type} offers",
                f"write {least} to {_MAX_IOPS[volume.type]}",
                str(volume.iops),
                (kind,),
            )
    elif volume.type in ("io1", "io2"):
        yield Problem(
            (*at, "iops"), f"is missing: {volume.type} has no default", "add iops, 100 or more", None, (kind,)
        )
    if volume.throughput is not None and volume.type != "gp3":
        yield Problem(
            (*at, "throughput"),
            f"cannot be set for {volume.type}",
            "remove it, or use gp3",
            str(volume.throughput),
            (kind,),
        )
    if volume.type in ("st1", "sc1") and volume.size_gi < 125:
        yield Problem(
            (*at, "sizeGi"),
            f"is too small for {volume.type}",
            "write at least 125",
            str(volume.size_gi),
            (kind,),
        )


def _check_unique_volumes(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    for key, values in (
        ("device", [v.device for v in group.volumes]),
        ("mountPath", [v.mount_path for v in group.volumes]),
    ):
        for position, value in enumerate(values):
            if value in values[:position]:
                yield Problem((*at, "volumes", position, key), "is used twice", "choose another", repr(value))


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
    for where, machine_type in named:
        architecture = architecture_of(machine_type)
        if architecture != group.architecture:
            yield Problem(
                where,
                f"has {architecture} processors, and the group's architecture is {group.architecture}",
                f"set architecture: {architecture}, or choose another type",
                repr(machine_type),
                ((*at, "architecture"),),
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


def architecture_of(machine_type: str) -> str:
    """Return ``arm64`` for Graviton instance types, else ``amd64``.

    A family's processor is the letter ``g`` behind its generation (EC2 User Guide, "Instance type naming conventions"):
    ``m7g``, ``c6gn``, ``t4g``; ``a1`` came before that rule, and in ``g4dn`` the letter is the family's own.
    """
    family = machine_type.split(".")[0]
    letters = family.lstrip("abcdefghijklmnopqrstuvwxyz")
    attributes = letters.lstrip("0123456789").split("-")[0]
    return "arm64" if family == "a1" or "g" in attributes else "amd64"
