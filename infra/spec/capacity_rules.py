"""Rules of an instance group's capacity: mixed instances, Spot, warm pool."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.errors import Location, Problem
from infra.spec.instance_group import InstanceGroupSpec


def check_capacity(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    """Yield the problems of how the group at ``at`` gets its machines."""
    yield from _check_mixed(at, group)
    yield from _check_warm_pool(at, group)


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
            yield Problem(
                (*at, key, "max"), f"is less than min {bounds.min}", "swap them", str(bounds.max), ((*at, key, "min"),)
            )
    if needs.allowed_instance_types and needs.excluded_instance_types:
        yield Problem(
            (*at, "excludedInstanceTypes"),
            "cannot stand beside allowedInstanceTypes (EC2 accepts one of the two)",
            "keep one of them",
            repr(list(needs.excluded_instance_types)),
            ((*at, "allowedInstanceTypes"),),
        )
    # API reference, InstancesDistribution: neither is a valid value beside InstanceRequirements.
    for key, strategy, ranked, instead in (
        ("onDemandAllocationStrategy", mixed.on_demand_allocation_strategy, "prioritized", "lowest-price"),
        (
            "spotAllocationStrategy",
            mixed.spot_allocation_strategy,
            "capacity-optimized-prioritized",
            "capacity-optimized",
        ),
    ):
        if strategy == ranked:
            yield Problem(
                (*where, key),
                "needs a list of instances to give priorities to",
                f"use {instead} with instanceRequirements",
                repr(strategy),
                (at,),
            )


def _check_warm_pool(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    pool = group.warm_pool
    if pool is None:
        return
    where = (*at, "warmPool")
    mixed = group.mixed_instances_policy
    if mixed is not None and mixed.on_demand_above_base < 100:
        # Auto Scaling takes a policy beside a pool since November 2025, and kops with it (kubernetes/kops#17800).
        share: Location = (*at, "mixedInstancesPolicy", "onDemandAboveBase")
        problem = f"holds no Spot machines, and {mixed.on_demand_above_base}% of the group's are On-Demand"
        yield Problem(where, problem, "remove it, or set onDemandAboveBase: 100", None, (share,))
    if group.role == "ControlPlane":
        yield Problem(where, "makes no sense for a group of exactly one machine", "remove it", None, ((*at, "role"),))
    if pool.max_size is not None and pool.min_size > pool.max_size:
        yield Problem(
            (*where, "minSize"),
            f"is greater than maxSize {pool.max_size}",
            "swap them",
            str(pool.min_size),
            ((*where, "maxSize"),),
        )
