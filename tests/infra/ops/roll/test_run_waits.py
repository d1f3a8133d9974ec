"""What a roll waits for: an API server that is away, and what AWS does not do just now."""

from __future__ import annotations

import pytest

from infra.ops.errors import RefusedError
from infra.ops.roll.run import PausedError
from tests.infra.ops.roll.simulation import rolled
from tests.infra.ops.roll.test_run import assert_rolled, world_of


def test_the_api_server_is_away_for_a_while() -> None:
    spec, world = world_of(3)
    world.api_down = lambda at: 100 < at < 500
    events = rolled(spec, world)
    assert_rolled(world, 3)
    assert sum(event.kind == "unreachable" for event in events) == 1


@pytest.mark.parametrize(
    ("code", "waits"), [("ScalingActivityInProgress", True), ("ResourceContention", True), ("AccessDenied", False)]
)
def test_what_auto_scaling_would_do_a_little_later_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, code: str, waits: bool
) -> None:
    spec, world = world_of(3)
    detach = world.detach

    def busy(group: str, instance: str) -> None:
        if world.clock.time < 100:
            raise RefusedError("cannot detach", f"{code} (said AWS)", "run the command again", code)
        detach(group, instance)

    monkeypatch.setattr(world, "detach", busy)
    if not waits:
        with pytest.raises(RefusedError, match=code):
            rolled(spec, world)
        return
    events = rolled(spec, world)
    assert_rolled(world, 3)
    assert any(event.kind == "wait" and code in event.text for event in events)


def test_the_api_server_stays_away() -> None:
    spec, world = world_of(3)
    world.api_down = lambda at: at > 100
    with pytest.raises(PausedError, match="connection refused"):
        rolled(spec, world)
    world.api_down = lambda _: False
    rolled(spec, world)
    assert_rolled(world, 3)


def test_each_time_that_it_is_away_counts_for_itself() -> None:
    spec, world = world_of(5)
    world.api_down = lambda at: 100 < at < 700 or 800 < at < 1400
    events = rolled(spec, world)
    assert_rolled(world, 5)
    assert sum(event.kind == "unreachable" for event in events) == 2
