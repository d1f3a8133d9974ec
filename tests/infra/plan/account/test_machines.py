from __future__ import annotations

import pytest

from infra.plan.account.check import check_account
from infra.plan.account.machines import all_types
from infra.plan.environment import plan_environment
from infra.spec import SpecError, from_mapping
from tests.infra.plan.account.account_facts import ZONES, facts, machine_type, problems
from tests.infra.samples import sample_mapping, sample_spec, with_group

LISTED = "name one that `aws ec2 describe-instance-type-offerings --region eu-central-1` lists"


def test_an_account_that_has_all_is_taken() -> None:
    assert problems(sample_spec(), facts()) == []


def test_what_is_lacking_is_said_of_the_environment_and_the_account() -> None:
    with pytest.raises(SpecError, match="environment test in account 111122223333: 3 problems"):
        check_account(plan_environment(sample_spec()), facts(zones={}))


def test_zones_that_the_account_lacks_or_cannot_use_are_refused() -> None:
    found = problems(sample_spec(), facts(zones={"eu-central-1a": "available", "eu-central-1b": "impaired"}))
    assert found == [
        "network.zones[1]: 'eu-central-1b' is impaired. Fix: take a zone that is available.",
        "network.zones[2]: 'eu-central-1c' is no zone of this account. "
        "Fix: take others: it has eu-central-1a, eu-central-1b.",
    ]
    assert "it has none." in problems(sample_spec(), facts(zones={}))[0]


def test_a_type_that_the_region_lacks_is_refused_where_it_is_named() -> None:
    assert problems(with_group(machineType="m9z.large"), facts()) == [
        f"instanceGroups[1].machineType: 'm9z.large' is no instance type of eu-central-1. Fix: {LISTED}."
    ]


def test_a_group_that_names_no_type_is_judged_by_its_default() -> None:
    spec = with_group(machineType=None, architecture="arm64")
    assert all_types(spec) == ("m7i.large", "t4g.medium", "t3.medium")
    assert problems(spec, facts()) == [
        f"instanceGroups[1].machineType: 't4g.medium' is no instance type of eu-central-1. Fix: {LISTED}."
    ]


@pytest.mark.parametrize(
    ("offered", "zones", "expected"),
    [
        (ZONES, None, None),
        (ZONES[:2], ZONES[:2], None),
        (
            ZONES[:2],
            None,
            "'c7i.large' is not offered in eu-central-1c. "
            "Fix: set zones: [eu-central-1a, eu-central-1b] for this group, or name another type that is.",
        ),
        (
            ZONES[:1],
            ZONES[1:],
            "'c7i.large' is not offered in eu-central-1b, eu-central-1c. Fix: name another type that is.",
        ),
    ],
)
def test_a_type_is_offered_in_every_zone_of_its_group(
    offered: tuple[str, ...], zones: tuple[str, ...] | None, expected: str | None
) -> None:
    spec = with_group(machineType="c7i.large", zones=list(zones) if zones else None)
    found = problems(spec, facts(types={"c7i.large": machine_type(*offered)}))
    assert found == ([] if expected is None else [f"instanceGroups[1].machineType: {expected}"])


def mixed(*names: str) -> dict[str, object]:
    return {"machineType": None, "mixedInstancesPolicy": {"instances": list(names)}}


def test_of_several_types_each_zone_needs_one() -> None:
    types = {"c7i.large": machine_type("eu-central-1a"), "c6i.large": machine_type("eu-central-1b", "eu-central-1c")}
    assert problems(with_group(**mixed("c7i.large", "c6i.large")), facts(types=types)) == []
    types["c6i.large"] = machine_type("eu-central-1b")
    assert problems(with_group(**mixed("c7i.large", "c6i.large")), facts(types=types)) == [
        "instanceGroups[1].mixedInstancesPolicy.instances: 'c7i.large', 'c6i.large' are not offered in eu-central-1c. "
        "Fix: set zones: [eu-central-1a, eu-central-1b] for this group, or name a further type that is."
    ]


def test_of_several_types_an_unknown_one_is_named_in_its_place_and_the_others_serve() -> None:
    types = {"c7i.large": machine_type()}
    assert problems(with_group(**mixed("c7i.large", "c9x.large")), facts(types=types)) == [
        "instanceGroups[1].mixedInstancesPolicy.instances[1]: 'c9x.large' is no instance type of eu-central-1. "
        f"Fix: {LISTED}."
    ]


def test_the_one_type_of_a_list_is_named_in_its_place() -> None:
    types = {"c7i.large": machine_type("eu-central-1a")}
    (found,) = problems(with_group(**mixed("c7i.large")), facts(types=types))
    assert found.startswith(
        "instanceGroups[1].mixedInstancesPolicy.instances[0]: 'c7i.large' is not offered in eu-central-1b, "
    )


def test_types_chosen_by_attributes_are_left_to_auto_scaling() -> None:
    needs = {"instanceRequirements": {"cpu": {"min": 2}, "memoryMi": {"min": 4096}}}
    assert problems(with_group(machineType=None, mixedInstancesPolicy=needs), facts()) == []


def test_a_type_of_another_architecture_is_refused_by_what_ec2_says_of_it() -> None:
    types = {"c7i.large": machine_type(architecture="arm64")}
    assert problems(with_group(machineType="c7i.large"), facts(types=types)) == [
        "instanceGroups[1].machineType: 'c7i.large' runs arm64, and group nodes is for amd64 (x86_64). "
        "Fix: take another type, or set architecture to what this one runs."
    ]


def test_a_zone_that_is_not_there_is_said_once() -> None:
    spec = from_mapping(sample_mapping(network={"zones": [*ZONES, "eu-central-1d"]}), "test")
    assert problems(spec, facts()) == [
        "network.zones[3]: 'eu-central-1d' is no zone of this account. "
        "Fix: take others: it has eu-central-1a, eu-central-1b, eu-central-1c."
    ]
