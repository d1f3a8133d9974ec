"""Rules of mixed instances, Spot and warm pools: path, value, fix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.samples import ENVIRONMENT, sample_mapping
from tests.infra.spec.reports import GROUP, report, with_fourth

MIXED = f"{GROUP}.mixedInstancesPolicy"
NEEDS = {"cpu": {"min": 2}, "memoryMi": {"min": 4096}}
EITHER = (
    f"{MIXED}: needs either instances or instanceRequirements, and not both. "
    "Fix: list instance types, or state requirements."
)


def mixed(policy: dict[str, Any], **keys: Any) -> list[str]:
    return report(with_fourth(**{"machineType": None, "mixedInstancesPolicy": policy, **keys}))


@pytest.mark.parametrize("policy", [{}, {"instances": []}, {"instances": ["m7i.large"], "instanceRequirements": NEEDS}])
def test_types_are_listed_or_required(policy: dict[str, Any]) -> None:
    assert mixed(policy) == [EITHER]


def test_types_take_the_place_of_the_machine_type() -> None:
    assert mixed({"instances": ["m7i.large"]}, machineType="m6i.large") == [
        f"{GROUP}.machineType: 'm6i.large' is not used beside mixedInstancesPolicy, whose own types take its place. "
        "Fix: move it to mixedInstancesPolicy.instances."
    ]


def test_a_type_listed_twice() -> None:
    assert mixed({"instances": ["m7i.large", "m6i.large", "m7i.large"]}) == [
        f"{MIXED}.instances: ['m7i.large', 'm6i.large', 'm7i.large'] name a type twice. Fix: list each type once."
    ]


@pytest.mark.parametrize(
    "strategy", ["capacity-optimized", "capacity-optimized-prioritized", "price-capacity-optimized"]
)
def test_pools_go_with_the_lowest_price_only(strategy: str) -> None:
    policy = {"instances": ["m7i.large"], "spotInstancePools": 2, "spotAllocationStrategy": strategy}
    assert mixed(policy) == [
        f"{MIXED}.spotInstancePools: 2 does not go with spotAllocationStrategy {strategy}. "
        "Fix: remove it, or use lowest-price."
    ]
    assert mixed({**policy, "spotAllocationStrategy": "lowest-price"}) == []
    assert mixed({**policy, "spotInstancePools": None}) == []


def test_rebalancing_without_spot() -> None:
    assert report(with_fourth(capacityRebalance=True)) == [
        f"{GROUP}.capacityRebalance: true has nothing to act on: the group uses no Spot. "
        "Fix: add mixedInstancesPolicy with Spot, or remove it."
    ]
    assert report(with_fourth(capacityRebalance=False)) == []
    assert mixed({"instances": ["m7i.large"]}, capacityRebalance=True) == []


@pytest.mark.parametrize("key", ["cpu", "memoryMi"])
def test_a_range_upside_down(key: str) -> None:
    needs = {**NEEDS, key: {"min": 9, "max": 8}}
    assert mixed({"instanceRequirements": needs}) == [
        f"{MIXED}.instanceRequirements.{key}.max: 8 is less than min 9. Fix: swap them."
    ]
    assert mixed({"instanceRequirements": {**NEEDS, key: {"min": 8, "max": 8}}}) == []


def test_types_are_allowed_or_excluded() -> None:
    needs = {**NEEDS, "allowedInstanceTypes": ["m7*"], "excludedInstanceTypes": ["m7a*", "*.metal"]}
    assert mixed({"instanceRequirements": needs}) == [
        f"{MIXED}.instanceRequirements.excludedInstanceTypes: ['m7a*', '*.metal'] cannot stand beside "
        "allowedInstanceTypes (EC2 accepts one of the two). Fix: keep one of them."
    ]
    assert mixed({"instanceRequirements": {**needs, "excludedInstanceTypes": []}}) == []


@pytest.mark.parametrize(
    ("key", "strategy", "instead"),
    [
        ("onDemandAllocationStrategy", "prioritized", "lowest-price"),
        ("spotAllocationStrategy", "capacity-optimized-prioritized", "capacity-optimized"),
    ],
)
def test_priorities_need_a_list(key: str, strategy: str, instead: str) -> None:
    assert mixed({"instanceRequirements": NEEDS, key: strategy}) == [
        f"{MIXED}.{key}: {strategy!r} needs a list of instances to give priorities to. "
        f"Fix: use {instead} with instanceRequirements."
    ]
    assert mixed({"instanceRequirements": NEEDS, key: instead}) == []
    assert mixed({"instances": ["m7i.large"], key: strategy}) == []


def test_a_warm_pool_holds_several_types_and_no_spot() -> None:
    types = {"instances": ["m7i.large", "m6i.large"]}
    assert mixed(types, warmPool={}) == []
    assert mixed({"instanceRequirements": NEEDS}, warmPool={"state": "Hibernated"}) == []
    assert mixed({**types, "onDemandBase": 2, "onDemandAboveBase": 20}, warmPool={}) == [
        f"{GROUP}.warmPool: holds no Spot machines, and 20% of the group's are On-Demand. "
        "Fix: remove it, or set onDemandAboveBase: 100."
    ]


def test_a_warm_pool_of_the_control_plane() -> None:
    first, *others = ENVIRONMENT["instanceGroups"]
    assert report(sample_mapping(instanceGroups=[{**first, "warmPool": {}}, *others])) == [
        "instanceGroups[0].warmPool: makes no sense for a group of exactly one machine. Fix: remove it."
    ]


def test_a_warm_pool_upside_down() -> None:
    assert report(with_fourth(warmPool={"minSize": 3, "maxSize": 2})) == [
        f"{GROUP}.warmPool.minSize: 3 is greater than maxSize 2. Fix: swap them."
    ]
    assert report(with_fourth(warmPool={"minSize": 3, "maxSize": 3})) == []
    assert report(with_fourth(warmPool={"minSize": 3})) == []
