"""What is decided next for a group, from what is seen of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.ops.roll.pace import Pace
from infra.ops.roll.step import Decision, decide
from infra.ops.roll.view import Group, Instance, Member, Node

NODE = Node("n-1", "i-1", True, False, False, False, False, "v1.37.2")


def machine(name: str, *, old: bool = True, node: bool = True, of_node: Any = None, **of_instance: Any) -> Member:
    instance = Instance(name, "a", "m7i.large", "InService", "lt-1", "1")
    found = replace(NODE, name=f"n-{name}", instance_id=name, **(of_node or {}))
    return Member(replace(instance, **of_instance), found if node else None, ("old",) if old else ())


A, B, C = (machine(name) for name in "abc")
NEW = machine("new", old=False)
SICK = machine("sick", of_node={"ready": False})
DRAINING = machine("draining", of_node={"draining": True})
LEAVING = machine("leaving", lifecycle="Terminating:Wait", of_node={"draining": True})
MARKED = machine("marked", mark="detach")
OUTSIDE = machine("outside", lifecycle="", mark="detach")
OTHER_OUTSIDE = machine("other", lifecycle="", mark="detach")
SICK_OUTSIDE = machine("gone", lifecycle="", mark="detach", of_node={"ready": False})


@pytest.mark.parametrize(
    ("desired", "pace", "members", "begin", "detach"),
    [
        # Until one of the newest template is a ready node, one machine is touched.
        (3, Pace(2, 2), [A, B, C], "a", ""),
        (3, Pace(2, 0), [A, B, C], "", "c"),
        (3, Pace(2, 1), [A, SICK, C], "sick", ""),
        (3, Pace(2, 1), [A, B, machine("new", old=False, of_node={"ready": False})], "", ""),
        (3, Pace(2, 1), [A, B, machine("new", old=False, node=False)], "", ""),
        (3, Pace(2, 1), [A, B, DRAINING], "", ""),
        (2, Pace(2, 1), [A, B, LEAVING], "", ""),
        (3, Pace(2, 1), [A, B, MARKED], "", ""),
        (3, Pace(2, 1), [A, B], "", ""),
        (2, Pace(2, 1), [A, OUTSIDE], "", ""),
        # From then on, as many as the pace allows, less those on their way.
        (4, Pace(2, 1), [A, B, C, NEW], "a", "b c"),
        (4, Pace(0, 2), [A, B, C, NEW], "a b", ""),
        (4, Pace(0, 2), [A, SICK, C, NEW], "sick a", ""),
        (4, Pace(0, 1), [A, SICK, C, NEW], "sick", ""),
        (4, Pace(1, 1), [A, B, DRAINING, NEW], "", "b"),
        (4, Pace(2, 0), [A, B, MARKED, NEW], "", "b"),
        (2, Pace(2, 0), [A, NEW, OUTSIDE], "a", ""),
        (1, Pace(1, 0), [NEW, OUTSIDE], "outside", ""),
        (4, Pace(1, 0), [A, replace(B, instance=replace(B.instance, lifecycle="Standby")), NEW, NEW], "", "a"),
        (0, Pace(1, 0), [OUTSIDE], "outside", ""),
        (0, Pace(2, 0), [OUTSIDE, OTHER_OUTSIDE], "outside other", ""),
        # Each of them once, and no more than allowed, whatever else the bounds would let go.
        (4, Pace(0, 2), [SICK, A, C, NEW], "sick a", ""),
        (3, Pace(1, 1), [A, B, C, SICK, NEW], "sick a", ""),
        (3, Pace(1, 1), [MARKED, NEW, NEW], "", ""),
        (1, Pace(2, 0), [SICK_OUTSIDE, NEW, NEW], "gone", ""),
        (2, Pace(2, 0), [OUTSIDE, A, NEW], "a", ""),
    ],
)
def test_who_is_touched_next(desired: int, pace: Pace, members: list[Member], begin: str, detach: str) -> None:
    decision = decide(Group("nodes", desired, 0, 9, "lt-1", "2", (), ()), members, pace)
    names = [" ".join(each.instance.id for each in part) for part in (decision.begin, decision.detach)]
    assert names == [begin, detach]


def test_what_is_begun_outside_the_group_serves_no_longer() -> None:
    group = Group("nodes", 1, 0, 9, "lt-1", "2", (), ())
    decision = decide(group, [NEW, OUTSIDE, OTHER_OUTSIDE], Pace(1, 0))
    assert (decision.begin, decision.outside) == ((OUTSIDE,), (OTHER_OUTSIDE,))


def of_one(member: Member, desired: int = 1) -> Decision:
    return decide(Group("nodes", desired, 0, 9, "lt-1", "2", (), ()), [member], Pace(1, 0))


@pytest.mark.parametrize(
    ("member", "part"),
    [
        (LEAVING, "complete"),
        (machine("x", node=False, lifecycle="Terminating:Wait"), "complete"),
        (machine("x", lifecycle="Terminating:Wait"), ""),
        (machine("x", lifecycle="Terminating:Proceed", of_node={"draining": True}), ""),
        (machine("x", of_node={"tainted": True}), "detach"),
        (machine("x", of_node={"tainted": True, "draining": True}), "drain"),
        (machine("x", mark="detach", of_node={"tainted": True}), "finish_detach"),
        (machine("x", mark="detach", of_node={"tainted": True, "draining": True}), "drain"),
        (machine("x", lifecycle="", of_node={"tainted": True}), "outside"),
        (machine("x", lifecycle="", of_node={"tainted": True, "draining": True}), "drain"),
        (machine("x", old=False, of_node={"tainted": True}), "untaint"),
        (NEW, ""),
    ],
)
def test_what_becomes_of_a_machine(member: Member, part: str) -> None:
    decision = of_one(member)
    parts = ("complete", "taint", "untaint", "drain", "finish_detach", "outside", "begin", "detach")
    assert [name for name in parts if getattr(decision, name)] == part.split()


@pytest.mark.parametrize(
    ("member", "desired", "words"),
    [
        (NEW, 1, ""),
        (NEW, 3, "2 of 3 machines to be started by Auto Scaling"),
        (OUTSIDE, 1, "1 of 1 machines to be started by Auto Scaling"),
        (LEAVING, 1, "1 of 1 machines to be started by Auto Scaling"),
        (machine("x", old=False, node=False), 1, "a node of x"),
        (machine("x", old=False, of_node={"ready": False}), 1, "n-x to be ready"),
        (machine("x", old=False, of_node={"ready": False}), 2,
         "1 of 2 machines to be started by Auto Scaling and n-x to be ready"),
        (SICK, 1, ""),
    ],
)  # fmt: skip
def test_what_is_waited_for(member: Member, desired: int, words: str) -> None:
    decision = of_one(member, desired)
    assert (decision.waits_for, decision.done) == (words, member is NEW and desired == 1)


@pytest.mark.parametrize(
    ("part", "acts", "disrupts"),
    [
        ("complete", True, False),
        ("warm", True, False),
        ("taint", True, False),
        ("untaint", True, False),
        ("drain", True, False),
        ("finish_detach", True, False),
        ("outside", False, False),
        ("begin", True, True),
        ("detach", True, True),
    ],
)
def test_what_is_an_act_and_what_disrupts(part: str, acts: bool, disrupts: bool) -> None:
    what: dict[str, Any] = {part: (A,)}
    decision = Decision(**what)
    assert (decision.acts, decision.disrupts) == (acts, disrupts)
