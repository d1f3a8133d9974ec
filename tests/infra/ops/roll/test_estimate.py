"""How long a roll is said to take."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from infra.ops.roll.estimate import BOOT_SECONDS, DRAIN_SECONDS, estimate
from infra.ops.roll.pace import Pace
from infra.ops.roll.view import Group, Instance, Member, Node

START = datetime(2026, 1, 1, tzinfo=UTC)
INSTANCE = Instance("i-1", "a", "m7i.large", "InService", "lt-1", "1", launched=START)
NODE = Node("n-1", "i-1", True, False, False, False, False, "v1", created=START + timedelta(seconds=90))
GROUP = Group("nodes.x", 10, 0, 20, "lt-1", "2", (), ())


def members(count: int, outdated: int) -> list[Member]:
    return [Member(INSTANCE, NODE, ("old",) if n < outdated else ()) for n in range(count)]


@pytest.mark.parametrize(
    ("outdated", "pace", "waves", "seconds"),
    [
        (0, Pace(1, 0), 0, 0.0),
        (0, Pace(3, 0), 0, 0.0),
        (1, Pace(1, 0), 1, 150.0 + 60.0),
        (10, Pace(1, 0), 10, 1500.0 + 60.0),
        (10, Pace(0, 1), 10, 1500.0),
        (10, Pace(3, 0), 4, 600.0 + 60.0),
        (10, Pace(2, 2), 4, 600.0 + 60.0),
        (2, Pace(9, 0), 2, 300.0 + 60.0),
    ],
)
def test_waves(outdated: int, pace: Pace, waves: int, seconds: float) -> None:
    found = estimate(GROUP, members(10, outdated), pace, name="nodes", role="Node", blink=False)
    assert (len(found.members), found.waves, found.seconds, found.boot_seconds) == (outdated, waves, seconds, 90.0)
    assert found.measured
    assert (found.size, found.blink) == (10, False)


def test_the_boot_is_the_median_of_the_nodes_own_or_assumed() -> None:
    slow = Member(INSTANCE, replace(NODE, created=START + timedelta(seconds=900)), ("old",))
    found = estimate(GROUP, [*members(2, 2), slow], Pace(0, 1), name="x", role="Node", blink=False)
    assert found.boot_seconds == 90.0
    node, instance = replace(NODE, created=None), replace(INSTANCE, launched=None)
    for unknown in (
        Member(INSTANCE, None, ("old",)),
        Member(INSTANCE, node, ("old",)),
        Member(instance, NODE, ("old",)),
    ):
        found = estimate(GROUP, [unknown], Pace(0, 1), name="x", role="Node", blink=False)
        assert (found.boot_seconds, found.measured) == (BOOT_SECONDS, False)
        assert found.seconds == BOOT_SECONDS + DRAIN_SECONDS


def test_what_leaves_already_is_not_counted_and_an_only_member_blinks() -> None:
    leaving = Member(replace(INSTANCE, lifecycle="Terminating:Wait"), NODE, ("old",))
    assert estimate(GROUP, [leaving], Pace(0, 1), name="x", role="ControlPlane", blink=True).blink is False
    assert estimate(GROUP, members(1, 1), Pace(0, 1), name="x", role="ControlPlane", blink=True).blink is True
