"""A roll of several groups: one after the other, under the lock, which is given back however it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.ops.errors import OpsError
from infra.ops.roll.drain import DrainOptions
from infra.ops.roll.pace import pace_of
from infra.ops.roll.progress import Event
from infra.ops.roll.run import Limits, Means, roll
from infra.ops.roll.view import Group
from infra.spec import EnvironmentSpec
from tests.infra.ops.roll.simulation import World
from tests.infra.samples import sample_spec


class RememberingLock:
    """Notes when it is taken and given back, among the events of the roll."""

    def __init__(self, events: list[Event], *, refuses: bool = False) -> None:
        self._events, self._refuses = events, refuses

    def take(self, *, by_force: bool) -> None:
        if self._refuses:
            raise OpsError("another roll is at work", "somebody", "wait for it")
        self._events.append(Event("wait", "lock", f"taken, by force: {by_force}"))

    def release(self) -> None:
        self._events.append(Event("wait", "lock", "given back"))


@pytest.fixture
def spec() -> EnvironmentSpec:
    return sample_spec()


def means_of(world: World, events: list[Event]) -> Means:
    return Means(world, world, world, world.clock, events.append, Limits(), DrainOptions(), lambda: None)


def rolled(spec: EnvironmentSpec, *, template: int = 1, refuses: bool = False, problem: str = "") -> list[Event]:
    groups = [each for each in spec.instance_groups if each.name in ("nodes", "edge")]
    events: list[Event] = []
    world = World(groups[0], 2, pace_of(groups[0], 2))
    world.template = template
    if problem:
        world.problems = lambda *_: (problem,)  # type: ignore[method-assign]
    lock: Any = RememberingLock(events, refuses=refuses)
    means = means_of(world, events)
    try:
        roll(spec, groups, replace(means, limits=Limits(valid=1)), lock=lock, take=True, force=False)
    except OpsError as error:
        events.append(Event("paused", "raised", str(error)))
    return events


def test_each_group_in_turn_and_the_lock_around_them(spec: EnvironmentSpec) -> None:
    events = rolled(spec)
    assert [(each.kind, each.group, each.text) for each in events] == [
        ("wait", "lock", "taken, by force: True"),
        ("skip", "nodes", "nothing to replace"),
        ("skip", "edge", "nothing to replace"),
        ("finished", "", "of the newest launch template: nodes, edge"),
        ("wait", "lock", "given back"),
    ]


def test_a_roll_that_pauses_says_so_gives_the_lock_back_and_begins_no_other_group(spec: EnvironmentSpec) -> None:
    events = rolled(spec, template=2, problem="etcd is not whole")
    *_, told, given_back, raised = events
    assert (told.kind, told.group) == ("paused", "")
    assert told.text == raised.text
    assert "the roll of nodes paused: the cluster is not valid: etcd is not whole" in told.text
    assert given_back.text == "given back"
    assert not any(each.group == "edge" or each.kind == "finished" for each in events)


def test_a_roll_that_is_interrupted_says_how_it_goes_on_and_gives_the_lock_back(spec: EnvironmentSpec) -> None:
    groups = [each for each in spec.instance_groups if each.name == "nodes"]
    events: list[Event] = []
    world = World(groups[0], 2, pace_of(groups[0], 2))

    def interrupted(name: str) -> Group:
        raise KeyboardInterrupt

    world.group = interrupted  # type: ignore[method-assign]
    lock: Any = RememberingLock(events, refuses=False)
    with pytest.raises(KeyboardInterrupt):
        roll(spec, groups, means_of(world, events), lock=lock, take=False, force=False)
    assert [(each.kind, each.text) for each in events[1:]] == [
        (
            "paused",
            "interrupted: run slipway roll test again, with the same groups and options: it goes on from here",
        ),
        ("wait", "given back"),
    ]


def test_where_the_lock_is_not_to_be_had_nothing_is_done(spec: EnvironmentSpec) -> None:
    (only,) = rolled(spec, refuses=True)
    assert (only.group, "another roll is at work: somebody" in only.text) == ("raised", True)
