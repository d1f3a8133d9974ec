"""The roll of a group in a simulation: bounds kept, killed after every change, and the bad days."""

# ruff: noqa: ARG005 (arguments are those of the protocols)
from __future__ import annotations

from typing import Any

import pytest

from infra.ops.roll.cluster import Blocker
from infra.ops.roll.drain import DrainOptions
from infra.ops.roll.pace import pace_of
from infra.ops.roll.run import Limits, PausedError
from infra.ops.roll.view import Instance
from infra.spec import EnvironmentSpec
from tests.infra.ops.roll.simulation import Killed, World, pod, rolled
from tests.infra.samples import with_group


def world_of(size: int, **rolling: Any) -> tuple[EnvironmentSpec, World]:
    """Return a world whose machines are all of the old template."""
    spec = with_group(rollingUpdate=rolling)
    group = next(each for each in spec.instance_groups if each.name == "nodes")
    world = World(group, size, pace_of(group, size))
    world.template = 2
    return spec, world


def assert_rolled(world: World, size: int) -> None:
    assert [m.version for m in world.machines.values() if m.ending is None] == [2] * size
    assert all(m.attached for m in world.machines.values() if m.ending is None), "a machine was left outside its group"
    assert not any(m.draining or m.tainted for m in world.machines.values() if m.ending is None)
    assert world.available() == size, "it was called done before all were ready"
    assert world.least >= size - world.pace.unavailable
    assert world.most <= size + world.pace.surge


PACES: list[tuple[int, dict[str, Any]]] = [
    (1, {}),
    (2, {}),
    (3, {}),
    (5, {"maxSurge": 2}),
    (3, {"maxSurge": 0}),
    (6, {"maxSurge": 0, "maxUnavailable": 2}),
    (6, {"maxSurge": 2, "maxUnavailable": 1}),
    (8, {"maxSurge": "25%", "maxUnavailable": "25%"}),
    (2, {"maxSurge": 5}),
]


@pytest.mark.parametrize(("size", "rolling"), PACES)
def test_every_machine_is_replaced_within_the_bounds(size: int, rolling: dict[str, Any]) -> None:
    spec, world = world_of(size, **rolling)
    events = rolled(spec, world)
    assert_rolled(world, size)
    assert (events[0].kind, events[0].replaced, events[0].total) == ("begin", 0, size)
    machines = "1 machine" if size == 1 else f"{size} machines"
    assert events[0].text.startswith(f"{machines} to replace: ")
    assert events[-1].text == f"{machines} replaced"
    assert world.mutations.count("terminate") == size
    before = len(world.mutations)
    assert [event.kind for event in rolled(spec, world)] == ["skip"]
    assert len(world.mutations) == before


@pytest.mark.parametrize(("size", "rolling"), PACES)
def test_killed_after_every_change_and_run_again(size: int, rolling: dict[str, Any]) -> None:
    spec, whole = world_of(size, **rolling)
    rolled(spec, whole)
    survived = 0
    for at in range(1, len(whole.mutations) + 1):
        spec, world = world_of(size, **rolling)
        world.kill_at = at
        with pytest.raises(Killed):
            rolled(spec, world)
        world.kill_at = None
        world.clock.wait(37)  # somebody notices, and runs it again
        rolled(spec, world)
        assert_rolled(world, size)
        survived += 1
    assert survived == len(whole.mutations)
    print(f"\nsize {size}, {rolling}: killed at {survived} boundaries, survived {survived}, lost 0")


def test_killed_again_and_again() -> None:
    """Each run lives for one change only, and the next goes on."""
    spec, world = world_of(4, maxSurge=2, maxUnavailable=1)
    runs = 0
    while True:
        world.kill_at = len(world.mutations) + 1
        try:
            rolled(spec, world)
            break
        except Killed:
            runs += 1
            world.clock.wait(5)
    assert_rolled(world, 4)
    assert runs > 20


def test_a_template_that_changes_meanwhile_is_followed_said_and_counted() -> None:
    spec, world = world_of(3)
    end = world.terminate

    def end_while_somebody_updates(instance: Instance) -> None:
        end(instance)
        world.template = 3

    world.terminate = end_while_somebody_updates  # type: ignore[method-assign]
    events = rolled(spec, world)
    assert [m.version for m in world.machines.values()] == [3] * 3
    begun = [event.text for event in events if event.kind == "begin"]
    assert begun == [
        "3 machines to replace: launch template version 1 instead of 2",
        "1 machine to replace: launch template version 2 instead of 3",
    ]
    ended = world.mutations.count("terminate")
    assert (events[-1].text, events[-1].replaced, events[-1].total) == (f"{ended} machines replaced", ended, ended)


def test_the_first_machine_is_replaced_alone() -> None:
    spec, world = world_of(9, maxSurge=3, maxUnavailable=3)
    world.breaks = lambda version: version == 2
    with pytest.raises(PausedError, match=r"a node of i-0010.*then run slipway roll test again, .*: it goes on"):
        rolled(spec, world)
    assert world.mutations.count("detach") + world.mutations.count("terminate") == 1
    assert world.least >= 8
    # The template is mended: the machine that never came up goes first.
    world.template = 3
    rolled(spec, world)
    assert [m.version for m in world.machines.values()] == [3] * 9


def test_a_group_that_cannot_launch() -> None:
    spec, world = world_of(3)
    world.can_launch = False
    with pytest.raises(
        PausedError, match=r"1 of 3 machines .* by Auto Scaling \(Auto Scaling: InsufficientInstanceCap"
    ):
        rolled(spec, world)
    assert world.available() == 3
    world.can_launch = True
    rolled(spec, world)
    assert_rolled(world, 3)


def test_a_budget_that_never_allows() -> None:
    spec, world = world_of(3, drainTimeout="10m")
    world.refuse = lambda pod: Blocker(pod, "The disruption budget web needs 3 healthy pods and has 3", "web")
    with pytest.raises(PausedError) as paused:
        rolled(spec, world)
    said = str(paused.value)
    assert "could not be drained in 600 s" in said
    assert "of Deployment web: PodDisruptionBudget web/web: The disruption budget web needs 3" in said
    # A roll of several groups is not gone on with by the name of one.
    assert "run slipway roll test again, with the same groups and options: it goes on" in said
    assert 600 <= world.clock.time <= 900
    assert world.available() == 3
    world.refuse = lambda pod: None
    rolled(spec, world)
    assert_rolled(world, 3)


def test_a_budget_that_allows_later() -> None:
    spec, world = world_of(3)
    world.refuse = lambda pod: Blocker(pod, "not now", "web") if world.clock.time < 400 else None
    events = rolled(spec, world)
    assert_rolled(world, 3)
    assert sum(event.kind == "blocked" for event in events) == 1, "the same refusal is told once"


def test_a_pod_without_a_controller() -> None:
    spec, world = world_of(2, drainTimeout="1m")
    for machine in world.machines.values():
        machine.pods.append(pod(f"{machine.id}-bare", owner_kind="", owner_name=""))
    with pytest.raises(PausedError, match="--delete-unmanaged"):
        rolled(spec, world)
    rolled(spec, world, drain=DrainOptions(delete_unmanaged=True))
    assert_rolled(world, 2)


def test_nothing_is_begun_while_the_cluster_is_not_valid() -> None:
    spec, world = world_of(3)
    world.problems_found = lambda: ("pod kube-system/coredns: is not ready",)
    with pytest.raises(PausedError, match="the cluster is not valid: pod kube-system/coredns"):
        rolled(spec, world)
    assert set(world.mutations) == {"taint"}
    world.problems_found = tuple
    rolled(spec, world)
    assert_rolled(world, 3)


def test_validations_must_come_in_a_row() -> None:
    spec, world = world_of(1)
    answers = iter([(), ("bad",), (), ("bad",), (), ()])
    began: list[int] = []

    def look() -> tuple[str, ...]:
        began.append(len(world.mutations))
        return next(answers, ())

    world.problems_found = look
    rolled(spec, world, limits=Limits(poll=5, validations=2))
    # The taint apart, nothing is done before the sixth look, the second good one in a row.
    assert began[:6] == [1] * 6
    assert began[6] > 1
    # Two for the detachment are behind; two come for the drain, and two for the end.
    assert len(began) == 10


def test_a_node_that_is_not_ready_goes_first_and_costs_nothing() -> None:
    spec, world = world_of(3)
    sick = world.machines["i-0002"]
    sick.broken = True
    rolled(spec, world)
    assert world.ended[0] == "i-0002"
    assert [m.version for m in world.machines.values()] == [2] * 3


def test_sick_nodes_do_not_all_go_at_once() -> None:
    spec, world = world_of(4)
    for machine in list(world.machines.values())[:3]:
        machine.broken = True
    rolled(spec, world)
    assert world.busiest == 1
    assert [m.version for m in world.machines.values()] == [2] * 4


def test_what_is_up_to_date_stays_unless_forced() -> None:
    spec, world = world_of(3)
    world.template = 1
    assert [event.kind for event in rolled(spec, world)] == ["skip"]
    first = set(world.machines)
    rolled(spec, world, force=True)
    assert not first & set(world.machines)
    assert world.least == 3


def test_a_forced_roll_is_gone_on_with_and_not_begun_anew() -> None:
    spec, whole = world_of(3)
    whole.template = 1
    rolled(spec, whole, force=True)
    for at in range(1, len(whole.mutations) + 1):
        spec, world = world_of(3)
        world.template = 1
        world.kill_at = at
        with pytest.raises(Killed):
            rolled(spec, world, force=True)
        world.kill_at = None
        # Without the option, marks alone say what is left; with it, nothing is replaced twice while there are any.
        rolled(spec, world)
        world.settle()
        assert len(world.ended) == 3, at
        assert world.least >= 3


def test_a_forced_roll_run_again_with_force_replaces_nothing_twice() -> None:
    spec, world = world_of(3)
    world.template = 1
    rolled_first = world.kill_at = 9
    with pytest.raises(Killed):
        rolled(spec, world, force=True)
    assert len(world.mutations) == rolled_first
    assert "terminate" in world.mutations
    world.kill_at = None
    rolled(spec, world, force=True)
    world.settle()
    assert len(world.ended) == 3


def test_one_annotated_node_alone_is_replaced() -> None:
    spec, world = world_of(3)
    world.template = 1
    world.machines["i-0002"].needs_update = True
    rolled(spec, world)
    world.settle()
    assert world.ended == ["i-0002"]


def test_a_template_taken_back_lets_tainted_nodes_stay() -> None:
    spec, world = world_of(3)
    world.problems_found = lambda: ("not valid",)
    with pytest.raises(PausedError):
        rolled(spec, world)
    assert all(m.tainted for m in world.machines.values())
    world.template = 1
    world.problems_found = tuple
    rolled(spec, world)
    assert not any(m.tainted for m in world.machines.values())
    assert world.ended == []


def test_the_template_changes_again_meanwhile() -> None:
    spec, world = world_of(3)

    def changed_meanwhile() -> None:
        if world.clock.time > 200:
            world.template = 3
        world.settle()

    world.clock.on_wait = changed_meanwhile
    rolled(spec, world)
    assert [m.version for m in world.machines.values()] == [3] * 3
    assert world.least == 3


def test_nodes_of_ended_machines_are_forgotten_and_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, world = world_of(2)
    ghost = world.machines["i-0001"]
    nodes = world.nodes

    def with_ghost(groups: Any = ()) -> tuple[Any, ...]:
        found = nodes(groups)
        gone = [] if ghost.id in world.machines or ghost.node in world.forgotten else [ghost]
        return (*found, *(type(found[0])(g.node, g.id, False, True, True, False, True, "v1") for g in gone))

    monkeypatch.setattr(world, "nodes", with_ghost)
    rolled(spec, world)
    assert world.forgotten == [ghost.node]


def test_nodes_of_a_renamed_group_keep_their_former_name() -> None:
    spec, world = world_of(2)
    for machine in world.machines.values():
        machine.group = "workers"
    rolled(spec, world)
    assert_rolled(world, 2)


def test_a_scale_in_is_not_ours_to_hurry() -> None:
    """A machine that Auto Scaling ends by itself waits for whoever drains it."""
    spec, world = world_of(3)
    world.desired = 2
    scaled_in = world.machines["i-0002"]
    scaled_in.ending = 0.0
    rolled(spec, world)
    assert not scaled_in.completed
    assert world.mutations.count("complete") >= 1


def test_a_scale_in_in_the_middle_of_a_drain() -> None:
    spec, world = world_of(2)
    sick = world.machines["i-0002"]
    sick.draining, sick.ending = True, 0.0
    at: list[float] = []

    def settle() -> None:
        world.settle()
        if sick.completed and not at:
            at.append(world.clock.time)
            assert [each.owner_kind for each in sick.pods] == ["DaemonSet"]

    world.clock.on_wait = settle
    world.refuse = lambda each: Blocker(each, "not now") if world.clock.time < 100 else None
    rolled(spec, world)
    assert 100 <= at[0] < 200


def test_an_empty_group() -> None:
    spec, world = world_of(0)
    assert [event.kind for event in rolled(spec, world)] == ["skip"]
