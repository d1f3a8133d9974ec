from __future__ import annotations

import pytest

from infra.plan.control_plane.members import plan_members
from infra.plan.control_plane.quorum import fatal_zones
from tests.infra.samples import group_mapping, sample_spec


@pytest.mark.parametrize(
    ("zones", "fatal"),
    [
        ("a", {}),
        ("abc", {}),
        ("aab", {"eu-central-1a": ("member-0", "member-1")}),
        ("aaa", {"eu-central-1a": ("member-0", "member-1", "member-2")}),
        ("aabbc", {}),
        ("aaabc", {"eu-central-1a": ("member-0", "member-1", "member-2")}),
        ("aabbb", {"eu-central-1b": ("member-2", "member-3", "member-4")}),
    ],
)
def test_zones_that_take_the_quorum_with_them(zones: str, fatal: dict[str, tuple[str, ...]]) -> None:
    members = [
        group_mapping(f"member-{number}", role="ControlPlane", minSize=1, maxSize=1, zones=[f"eu-central-1{zone}"])
        for number, zone in enumerate(zones)
    ]
    spec = sample_spec(instanceGroups=[*members, group_mapping()])
    assert fatal_zones(plan_members(spec)) == fatal
