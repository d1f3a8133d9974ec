"""Rules between values of one group: path, value, fix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.samples import ENVIRONMENT, sample_mapping
from tests.infra.spec.reports import GROUP, report, with_fourth

ACCEPTED_DURATIONS = "is outside what Auto Scaling accepts. Fix: write"
ARN = "arn:aws:elasticloadbalancing:{}:targetgroup/web/0123456789abcdef"


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"minSize": 7}, "maxSize: 6 is less than minSize 7. Fix: write at least 7."),
        ({"minSize": 7, "desiredSize": 9}, "maxSize: 6 is less than minSize 7. Fix: write at least 7."),
        (
            {"desiredSize": 1},
            "desiredSize: 1 is outside minSize 2 to maxSize 6. Fix: write a number in between, or leave it out.",
        ),
        (
            {"desiredSize": 7},
            "desiredSize: 7 is outside minSize 2 to maxSize 6. Fix: write a number in between, or leave it out.",
        ),
        (
            {"zones": ["eu-central-1a", "eu-central-1d"]},
            "zones[1]: 'eu-central-1d' is not a zone of the network. "
            "Fix: add it to network.zones, or use eu-central-1a, eu-central-1b, eu-central-1c.",
        ),
        (
            {"zones": ["eu-central-1a", "eu-central-1a"]},
            "zones[1]: 'eu-central-1a' is listed twice. Fix: remove one.",
        ),
        ({"maxInstanceLifetime": "23h"}, f"maxInstanceLifetime: '23h' {ACCEPTED_DURATIONS} 1d to 365d."),
        ({"maxInstanceLifetime": "366d"}, f"maxInstanceLifetime: '366d' {ACCEPTED_DURATIONS} 1d to 365d."),
        ({"maxInstanceLifetime": "86399s"}, f"maxInstanceLifetime: '86399s' {ACCEPTED_DURATIONS} 1d to 365d."),
        ({"maxInstanceLifetime": "31536001s"}, f"maxInstanceLifetime: '31536001s' {ACCEPTED_DURATIONS} 1d to 365d."),
        ({"drainTimeout": "29s"}, f"drainTimeout: '29s' {ACCEPTED_DURATIONS} 30s to 2h."),
        ({"drainTimeout": "7201s"}, f"drainTimeout: '7201s' {ACCEPTED_DURATIONS} 30s to 2h."),
        (
            {"taints": ["a=b:NoSchedule", "a:NoExecute", "a=c:NoSchedule"]},
            "taints[2]: 'a=c:NoSchedule' gives a a second taint of effect NoSchedule. Fix: keep one.",
        ),
        (
            {"machineType": "m7g.large", "architecture": "amd64"},
            "machineType: 'm7g.large' has arm64 processors, and the group's architecture is amd64. "
            "Fix: set architecture: arm64, or choose another type.",
        ),
        (
            {"architecture": "arm64"},
            "machineType: 'm7i.large' has amd64 processors, and the group's architecture is arm64. "
            "Fix: set architecture: amd64, or choose another type.",
        ),
        (
            {"machineType": None, "mixedInstancesPolicy": {"instances": ["m7i.large", "m7g.large"]}},
            "mixedInstancesPolicy.instances[1]: 'm7g.large' has arm64 processors, and the group's architecture is "
            "amd64. Fix: keep to types of one architecture in a group, which has one image.",
        ),
        (
            {"cpuCredits": "unlimited"},
            "cpuCredits: 'unlimited' applies to burstable types only. Fix: remove it, or use t3 or t4g.",
        ),
        (
            {
                "machineType": None,
                "cpuCredits": "standard",
                "mixedInstancesPolicy": {"instances": ["t3.large", "m6i.large"]},
            },
            "cpuCredits: 'standard' applies to burstable types only. Fix: remove it, or use t3 or t4g.",
        ),
        *(
            (
                {"targetGroups": [ARN.format("eu-central-1:111122223333"), ARN.format(f"{region}:{account}")]},
                f"targetGroups[1]: {ARN.format(f'{region}:{account}')!r} is of {region} in account {account}, and an "
                "Auto Scaling group registers machines in its own only. "
                "Fix: name a target group of eu-central-1 in account 111122223333.",
            )
            for region, account in (("eu-west-1", "111122223333"), ("eu-central-1", "999988887777"))
        ),
    ],
)
def test_a_bad_group(keys: dict[str, Any], line: str) -> None:
    assert report(with_fourth(**keys)) == [f"{GROUP}.{line}"]


@pytest.mark.parametrize(
    "keys",
    [
        {"minSize": 6},
        {"minSize": 0, "maxSize": 0},
        {"desiredSize": 2},
        {"desiredSize": 6},
        {"retire": True},
        {"maxInstanceLifetime": "1d"},
        {"maxInstanceLifetime": "365d"},
        {"drainTimeout": "30s"},
        {"drainTimeout": "2h"},
        {"taints": ["a=b:NoSchedule", "a=b:NoExecute", "b=b:NoSchedule"]},
        {"architecture": "arm64", "machineType": "m7g.large"},
        {"architecture": "arm64", "machineType": None},
        *({"cpuCredits": "unlimited", "machineType": f"{family}.large"} for family in ("t2", "t3", "t3a")),
        {"cpuCredits": "unlimited", "machineType": "t4g.large", "architecture": "arm64"},
        {"cpuCredits": "unlimited", "machineType": None},
    ],
)
def test_a_good_group(keys: dict[str, Any]) -> None:
    assert report(with_fourth(**keys)) == []


def test_a_control_plane_member_is_not_retired() -> None:
    first, *others = ENVIRONMENT["instanceGroups"]
    assert report(sample_mapping(instanceGroups=[{**first, "retire": True}, *others])) == [
        "instanceGroups[0].retire: true would remove a control-plane member and its vote in etcd. "
        "Fix: remove the line; fewer members are not offered, and more come as docs/restore-etcd.md says."
    ]


def test_private_subnets_without_a_way_out() -> None:
    raw = with_fourth(subnets="private")
    raw["network"]["nat"] = "none"
    assert report(raw) == [
        f"{GROUP}.subnets: 'private' has no way out: the network has no NAT, so machines could not fetch packages or "
        "images. Fix: set network.nat to single or perZone, or use public subnets."
    ]
    for kind in ("public", None):
        raw = with_fourth(subnets=kind)
        raw["network"]["nat"] = "none"
        assert report(raw) == []


@pytest.mark.parametrize(("keys", "key"), [({"name": "x" * 48}, "name"), ({"renamedFrom": "x" * 48}, "renamedFrom")])
def test_a_name_too_long_for_aws(keys: dict[str, str], key: str) -> None:
    assert report(with_fourth(**keys)) == [
        f"{GROUP}.{key}: '{'x' * 48}' is too long: the IAM role {'x' * 48}.test.example.com has 65 characters, and IAM "
        "allows 64. Fix: use at most 47 characters, or a shorter cluster.name."
    ]


def test_a_long_new_name_does_not_matter_to_a_renamed_group() -> None:
    assert report(with_fourth(name="x" * 63, renamedFrom="y" * 47)) == []


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ({"suspendProcesses": ["AZRebalance", "HealthCheck", "AZRebalance"]}, "suspendProcesses[2]"),
        ({"additionalSecurityGroups": ["sg-0123456789abcdef0"] * 2}, "additionalSecurityGroups[1]"),
        (
            {"machineType": None, "mixedInstancesPolicy": {"instanceRequirements": {
                "cpu": {"min": 2}, "memoryMi": {"min": 4096}, "excludedInstanceTypes": ["a1*", "a1*"]}}},
            "mixedInstancesPolicy.instanceRequirements.excludedInstanceTypes[1]",
        ),
    ],
)  # fmt: skip
def test_what_aws_keeps_as_a_set_is_not_listed_twice(keys: dict[str, Any], path: str) -> None:
    (line,) = report(with_fourth(**keys))
    assert line.startswith(f"{GROUP}.{path}: ")
    assert line.endswith(" is listed twice. Fix: remove one.")
