from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from infra.plan.account.facts import MachineType
from infra.plan.account.quotas import ADDRESSES, BALANCERS, VCPUS, VPCS, is_standard, needs
from infra.plan.environment import plan_environment
from infra.spec import EnvironmentSpec
from tests.infra.plan.account.account_facts import facts, machine_type, problems, quotas
from tests.infra.plan.edge.samples import edge_spec
from tests.infra.samples import sample_spec, with_group

TYPES = {"m7i.large": machine_type(vcpus=2), "t3.medium": machine_type(vcpus=2)}


def needed(spec: EnvironmentSpec, types: dict[str, MachineType] | None = None) -> dict[str, int]:
    return {code: need.amount for code, need in needs(plan_environment(spec), {**TYPES, **(types or {})}).items()}


def test_what_an_environment_takes() -> None:
    # A member, two workers and two routers of two vCPUs each; three NAT gateways; the API's balancer inside.
    assert needed(sample_spec()) == {VPCS: 1, ADDRESSES: 3, BALANCERS: 1, VCPUS: 10}
    assert needed(edge_spec())[BALANCERS] == 2
    assert (
        needed(sample_spec(cluster={"api": {"access": "public", "allowedCidrs": ["198.51.100.0/24"]}}))[BALANCERS] == 2
    )
    assert ADDRESSES not in needed(sample_spec(network={"nat": "none"}))
    assert needed(sample_spec(network={"nat": "single"}))[ADDRESSES] == 1


@pytest.mark.parametrize(
    ("change", "vcpus"),
    [
        ({"minSize": 4}, 8),
        ({"desiredSize": 5}, 10),
        ({"retire": True}, 0),
        ({"minSize": 0, "maxSize": 6}, 0),
        ({"machineType": None, "mixedInstancesPolicy": {"instances": ["m7i.large", "m7i.xlarge"]}, "minSize": 3}, 6),
        ({"machineType": None, "mixedInstancesPolicy": {"instances": ["m7i.large"], "onDemandAboveBase": 0}}, 0),
        (
            {
                "machineType": None,
                "minSize": 6,
                "mixedInstancesPolicy": {"instances": ["m7i.large"], "onDemandBase": 1, "onDemandAboveBase": 50},
            },
            2 * (1 + 3),
        ),
        (
            {
                "machineType": None,
                "mixedInstancesPolicy": {"instanceRequirements": {"cpu": {"min": 8}, "memoryMi": {"min": 4096}}},
            },
            16,
        ),
        ({"machineType": "g5.xlarge"}, 0),
        ({"machineType": "m9z.large"}, 0),
    ],
)
def test_vcpus_are_those_on_demand_that_an_update_starts(change: dict[str, Any], vcpus: int) -> None:
    others = 2 + 4  # the member and the routers of the sample
    types = {"m7i.xlarge": machine_type(vcpus=4), "g5.xlarge": machine_type(vcpus=4)}
    assert needed(with_group(**change), types)[VCPUS] == others + vcpus


@pytest.mark.parametrize(
    ("name", "standard"),
    [("m7i.large", True), ("im4gn.large", True), ("is4gen.large", True), ("a1.large", True), ("t4g.small", True),
     ("inf2.xlarge", False), ("hpc7a.96xlarge", False), ("mac2.metal", False), ("dl1.24xlarge", False),
     ("g5.xlarge", False), ("trn1.2xlarge", False), ("u-6tb1.metal", False), ("x2idn.large", False)],
)  # fmt: skip
def test_families_of_the_standard_quota(name: str, standard: bool) -> None:
    assert is_standard(name) is standard


def test_a_quota_without_room_is_said_with_the_command_that_asks_for_more() -> None:
    assert problems(sample_spec(), facts(limits=quotas(ADDRESSES=3))) == [
        "network.nat: needs 3 Elastic IP addresses, and of the 5 that the account may have in eu-central-1 others use "
        "3. Fix: ask AWS for more (`aws service-quotas request-service-quota-increase --region eu-central-1 "
        "--service-code ec2 --quota-code L-0263D0A3 --desired-value 6`), or take `nat: single` or `nat: none`."
    ]


def test_room_to_the_last_one_is_enough() -> None:
    assert problems(sample_spec(), facts(limits=quotas(ADDRESSES=2, VPCS=4, BALANCERS=49, VCPUS=22))) == []


def test_each_quota_is_held_where_it_comes_from() -> None:
    limits = quotas(VPCS=5, BALANCERS=50, VCPUS=23)
    paths = [line.split(": ")[0] for line in problems(sample_spec(), facts(limits=limits))]
    assert paths == ["network", "cluster.api", "instanceGroups"]
    lines = problems(edge_spec(), facts(limits=limits))
    assert any(line.startswith("edge: needs 2 Network Load Balancers, ") for line in lines)


def test_of_a_quota_that_is_not_told_nothing_is_said() -> None:
    limits = {code: dataclasses.replace(quota, allowed=None, others=1_000) for code, quota in quotas().items()}
    assert problems(sample_spec(), facts(limits=limits)) == []
