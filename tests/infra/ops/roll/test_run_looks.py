"""What a roll asks with each look, and what it does not begin before it asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest

from infra.ops.roll.drain import DrainOptions
from infra.ops.roll.run import GroupRoll, Means, PausedError
from infra.ops.roll.view import Group, Instance, Mark, Node
from infra.spec import InstanceGroupSpec
from tests.infra.ops.roll.simulation import LIMITS, rolled
from tests.infra.ops.roll.test_run import world_of


def test_the_lock_is_kept_before_anything_is_done() -> None:
    spec, world = world_of(3)
    kept: list[int] = []

    def renew() -> None:
        kept.append(len(world.mutations))
        if len(kept) == 4:
            raise PausedError("the lock was taken over", "somebody", "see who")

    means = Means(world, world, world, world.clock, lambda _: None, LIMITS, DrainOptions(), renew)
    with pytest.raises(PausedError, match="taken over"):
        GroupRoll(spec, world.spec, means).run(force=False)
    assert len(kept) == 4
    assert len(world.mutations) == kept[-1]


def test_after_the_first_look_only_the_nodes_of_the_group_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, world = world_of(2)
    asked: list[set[str]] = []
    nodes = world.nodes

    def noted(groups: Collection[str] = ()) -> tuple[Node, ...]:
        asked.append(set(groups))
        return nodes(groups)

    monkeypatch.setattr(world, "nodes", noted)
    rolled(spec, world)
    assert asked[0] == set()
    assert len(asked) > 3
    assert all(each == {"nodes"} for each in asked[1:])


def test_the_gate_is_told_which_nodes_are_about_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, world = world_of(2, maxSurge=0, maxUnavailable=1)
    told: list[list[str]] = []
    problems = world.problems

    def noted(group: InstanceGroupSpec, losing: Sequence[Node]) -> tuple[str, ...]:
        told.append([node.name for node in losing])
        return problems(group, losing)

    monkeypatch.setattr(world, "problems", noted)
    old = [machine.node for machine in world.machines.values()]
    rolled(spec, world)
    assert sorted(name for names in told for name in names) == sorted(old)
    assert told[-1] == []


class Marking:
    """A group of many machines, of which one is leaving, that remembers what was marked."""

    def __init__(self, size: int) -> None:
        self.marked: list[tuple[str, ...]] = []
        self.instances = tuple(
            Instance(f"i-{number}", "a", "m7i.large", "Terminating" if number == 7 else "InService", "lt-1", "1")
            for number in range(size)
        )

    def group(self, name: str) -> Group:
        return Group(name, len(self.instances), 0, 9, "lt-1", "1", (), self.instances)

    def mark(self, group: str, ids: tuple[str, ...], mark: Mark) -> None:
        assert (group, mark) == ("nodes.test.example.com", "due")
        self.marked.append(ids)


def test_a_forced_roll_marks_all_that_stay_in_requests_of_500() -> None:
    spec, world = world_of(1)
    cloud: Any = Marking(1_002)
    means = Means(cloud, world, world, world.clock, lambda _: None, LIMITS, DrainOptions(), lambda: None)
    with pytest.raises(StopIteration):
        GroupRoll(spec, world.spec, _after_marking(means)).run(force=True)
    assert [len(ids) for ids in cloud.marked] == [500, 500, 1]
    assert sorted(i for ids in cloud.marked for i in ids) == sorted(
        each.id for each in cloud.instances if each.id != "i-7"
    )


def _after_marking(means: Means) -> Means:
    """Return means by which the roll ends with its first look."""

    def ends() -> None:
        raise StopIteration

    return Means(means.cloud, means.cluster, means.gate, means.clock, means.tell, means.limits, means.drain, renew=ends)
