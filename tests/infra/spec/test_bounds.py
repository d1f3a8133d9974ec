"""The bounds and choices that a field states itself: the last accepted value on either side, and the first refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra.spec.errors import Location, format_path
from tests.infra.spec.reports import RICH, at, report

FULL, LISTED, BY_NEED = (("instanceGroups", index) for index in (3, 4, 5))
MIXED = (*LISTED, "mixedInstancesPolicy")
NEEDS = (*BY_NEED, "mixedInstancesPolicy", "instanceRequirements")


def changed(location: Location, value: Any) -> dict[str, Any]:
    """Return the rich environment with another value at a location; nothing else in it bears on the value."""
    raw = copy.deepcopy(RICH)
    full = raw["instanceGroups"][3]
    full |= {
        "warmPool": {"minSize": 0},
        "minSize": 0,
        "maxSize": 10000,
        "rootVolume": {},
        "volumes": [full["volumes"][0]],
    }
    del full["desiredSize"]
    if location[-1] in ("iops", "throughput"):
        # A volume that offers whatever the field itself accepts.
        at(raw, location[:-1]).update(type="io2" if location[-1] == "iops" else "gp3", sizeGi=1000, iops=80_000)
    at(raw, location[:-1])[location[-1]] = value
    return raw


@pytest.mark.parametrize(
    ("location", "least", "greatest"),
    [
        (("state", "noncurrentVersionDays"), 90, 3650),
        ((*FULL, "minSize"), 0, 10_000),
        ((*FULL, "maxSize"), 0, 10_000),
        ((*FULL, "desiredSize"), 0, 10_000),
        ((*FULL, "maxPods"), 8, 250),
        ((*FULL, "warmPool", "minSize"), 0, None),
        ((*FULL, "warmPool", "maxSize"), 0, None),
        ((*FULL, "rootVolume", "sizeGi"), 8, 16_384),
        ((*FULL, "rootVolume", "iops"), 100, 256_000),
        ((*FULL, "rootVolume", "throughput"), 125, 2_000),
        ((*FULL, "volumes", 0, "iops"), 100, 256_000),
        ((*FULL, "volumes", 0, "throughput"), 125, 2_000),
        ((*MIXED, "onDemandBase"), 0, None),
        ((*MIXED, "onDemandAboveBase"), 0, 100),
        ((*MIXED, "spotInstancePools"), 1, 20),
        ((*NEEDS, "cpu", "min"), 0, None),
        (("cluster", "addons", "coreDns", "replicas"), 2, 50),
        (("cluster", "namespaces", 0, "quota", "cpu"), 1, None),
        (("cluster", "namespaces", 0, "quota", "memoryGi"), 1, None),
        (("cluster", "namespaces", 0, "quota", "pods"), 1, None),
    ],
    ids=lambda part: format_path(part) if isinstance(part, tuple) else "",
)
def test_a_whole_number_between_its_bounds(location: Location, least: int | None, greatest: int | None) -> None:
    path = format_path(location)
    if least is not None:
        assert report(changed(location, least)) == []
        assert report(changed(location, least - 1)) == [
            f"{path}: {least - 1} is too small. Fix: write at least {least}."
        ]
    if greatest is not None:
        assert report(changed(location, greatest)) == []
        line = f"{path}: {greatest + 1} is too great. Fix: write at most {greatest}."
        assert report(changed(location, greatest + 1)) == [line]


def test_the_greatest_of_a_range_is_one_at_least() -> None:
    location = (*NEEDS, "cpu", "max")
    raw = changed(location, 1)
    at(raw, location[:-1])["min"] = 0
    assert report(raw) == []
    at(raw, location[:-1])["max"] = 0
    assert report(raw) == [f"{format_path(location)}: 0 is too small. Fix: write at least 1."]


@pytest.mark.parametrize(
    ("location", "items"),
    [
        ((*FULL, "additionalSecurityGroups"), [f"sg-{n:08x}" for n in range(4)]),
        (
            (*FULL, "targetGroups"),
            [f"arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/g{n}/0123" for n in range(50)],
        ),
        (
            (*FULL, "volumes"),
            [{"device": f"/dev/sd{letter}", "mountPath": f"/{letter}", "sizeGi": 10} for letter in "bcdefghijkl"],
        ),
        ((*MIXED, "instances"), [f"m7i.x{n}" for n in range(40)]),
        ((*NEEDS, "excludedInstanceTypes"), [f"x{n}*" for n in range(400)]),
    ],
    ids=lambda part: format_path(part) if isinstance(part, tuple) else "",
)
def test_a_list_of_just_as_many_items_as_aws_takes(location: Location, items: list[Any]) -> None:
    assert report(changed(location, items)) == []
    (line,) = report(changed(location, [*items, items[0]]))
    assert line.startswith(f"{format_path(location)}: [")
    assert line.endswith(f" has {len(items) + 1} items. Fix: write at most {len(items)} items.")


def test_the_size_of_a_further_volume() -> None:
    location = (*FULL, "volumes", 0, "sizeGi")
    path = format_path(location)
    for size, lines in (
        (0, [f"{path}: 0 is too small. Fix: write at least 1."]),
        (1, []),
        (65_536, []),
        (65_537, [f"{path}: 65537 is too great. Fix: write at most 65536."]),
    ):
        raw = changed(location, size)
        at(raw, location[:-1])["type"] = "gp3"
        del at(raw, location[:-1])["iops"]
        assert report(raw) == lines


def test_six_zones_and_no_more() -> None:
    raw = copy.deepcopy(RICH)
    del raw["network"]["vpc"]
    raw["network"]["zones"] = [f"eu-central-1{letter}" for letter in "abcdef"]
    assert report(raw) == []
    raw["network"]["zones"].append("eu-central-1a")
    (line,) = report(raw)
    assert line.startswith("network.zones: [")
    assert line.endswith(" has 7 items. Fix: write at most 6 items.")


@pytest.mark.parametrize(
    ("location", "choices"),
    [
        (("network", "nat"), ("none", "single", "perZone")),
        (("network", "flowLogs", "traffic"), ("ALL", "ACCEPT", "REJECT")),
        (("cluster", "cni"), ("cilium", "amazonVpc")),
        (("cluster", "networkPolicies"), ("enforced", "notEnforced")),
        (("cluster", "namespaces", 0, "podSecurity"), ("privileged", "baseline", "restricted")),
        ((*FULL, "subnets"), ("private", "public")),
        ((*FULL, "tenancy"), ("default", "dedicated")),
        ((*FULL, "cpuCredits"), ("standard", "unlimited")),
        ((*FULL, "warmPool", "state"), ("Stopped", "Hibernated", "Running")),
        ((*NEEDS, "burstable"), ("included", "excluded", "required")),
        ((*NEEDS, "localStorage"), ("included", "excluded", "required")),
        ((*NEEDS, "generations", 0), ("current", "previous")),
        (
            (*FULL, "suspendProcesses", 0),
            (
                "AZRebalance",
                "AlarmNotification",
                "HealthCheck",
                "InstanceRefresh",
                "ReplaceUnhealthy",
                "ScheduledActions",
            ),
        ),
    ],
    ids=lambda part: format_path(part) if isinstance(part[0], str) and "instanceGroups" in part else "",
)
def test_each_choice_and_no_other(location: Location, choices: tuple[str, ...]) -> None:
    raw = copy.deepcopy(RICH)
    raw["instanceGroups"][3]["subnets"] = "public"
    if location[0] == "network":
        del raw["network"]["vpc"]  # whose subnets have no NAT of ours
    if location[-1] in ("cni", "networkPolicies"):
        del raw["cluster"]["addons"]["cilium"]  # which is for one of the choices only
    for choice in choices:
        if location[-1] in ("cni", "networkPolicies"):  # of which one asks for the other
            second = choices.index(choice) == 1
            raw["cluster"] |= {
                "cni": ("cilium", "amazonVpc")[second],
                "networkPolicies": ("enforced", "notEnforced")[second],
            }
        at(raw, location[:-1])[location[-1]] = choice
        assert report(raw) == []
    expected = f"{', '.join(map(repr, choices[:-1]))} or {choices[-1]!r}"
    # The one that was probably meant is named alone.
    for written, fix in ((choices[0].swapcase(), repr(choices[0])), ("?", expected)):
        at(raw, location[:-1])[location[-1]] = written
        assert report(raw) == [f"{format_path(location)}: {written!r} is not one of the choices. Fix: write {fix}."]
