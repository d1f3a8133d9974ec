"""What is asked of AWS and of the cluster, and what is told, when a decision is carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infra.ops.roll.drain import DrainOptions
from infra.ops.roll.progress import Event
from infra.ops.roll.replace import Replacer
from infra.ops.roll.step import Decision
from infra.ops.roll.view import Group, Instance, Member, Node
from tests.infra.ops.roll.simulation import FakeClock

NODE = Node("n-1", "i-1", True, False, False, False, False, "v1.37.2")
INSIDE = Instance("i-1", "a", "m7i.large", "InService", "lt-1", "1")
OUTSIDE = replace(INSIDE, lifecycle="", mark="detach")
GROUP = Group("nodes.x", 1, 0, 9, "lt-1", "2", (), (INSIDE,))
SERVING = replace(GROUP, target_groups=("web",))


class Asked:
    """AWS and the cluster in one: notes every call, and answers as it is told to."""

    def __init__(self, **answers: Any) -> None:
        self.calls: list[str] = []
        self._answers = {"pods": (), "leave": True, **answers}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*given: Any, **_: Any) -> Any:
            self.calls.append(" ".join([name, *(getattr(each, "id", str(each)) for each in given)]))
            return self._answers.get(name)

        return call


def replacer(asked: Any, told: list[Event]) -> Replacer:
    return Replacer("nodes", "nodes-drain", asked, asked, FakeClock(), DrainOptions(), told.append)


def member(instance: Instance = INSIDE, node: Node | None = NODE) -> Member:
    return Member(instance, node, ("old",))


@pytest.mark.parametrize(
    ("group", "decision", "answers", "calls", "kinds"),
    [
        (GROUP, Decision(warm=(INSIDE,)), {}, ["terminate i-1"], ["warm"]),
        (GROUP, Decision(complete=(member(),)), {}, ["pods n-1", "complete nodes.x nodes-drain i-1"], ["complete"]),
        (GROUP, Decision(complete=(member(node=None),)), {}, ["complete nodes.x nodes-drain i-1"], ["complete"]),
        (GROUP, Decision(finish_detach=(member(),)), {}, ["detach nodes.x i-1"], ["detach"]),
        (SERVING, Decision(outside=(member(OUTSIDE),)), {}, ["serve ('web',) i-1"], []),
        (GROUP, Decision(outside=(member(OUTSIDE),)), {}, [], []),
        (SERVING, Decision(drain=(member(),)), {}, ["pods n-1", "terminate i-1"], ["terminate"]),
        (SERVING, Decision(drain=(member(OUTSIDE),)), {},
         ["pods n-1", "leave ('web',) i-1", "terminate i-1"], ["terminate"]),
        (SERVING, Decision(drain=(member(OUTSIDE),)), {"leave": False}, ["pods n-1", "leave ('web',) i-1"], []),
    ],
)  # fmt: skip
def test_what_disturbs_nobody_or_was_begun_before(
    group: Group, decision: Decision, answers: dict[str, Any], calls: list[str], kinds: list[str]
) -> None:
    asked, told = Asked(**answers), list[Event]()
    replacer(asked, told).settle(group, decision)
    assert (asked.calls, [event.kind for event in told]) == (calls, kinds)


@pytest.mark.parametrize(
    ("decision", "calls", "texts"),
    [
        (Decision(detach=(member(),)), ["mark nodes.x ('i-1',) detach", "detach nodes.x i-1"],
         ["taken out of its group, which starts another; it goes on serving until that is ready"]),
        (Decision(begin=(member(),)), ["cordon n-1 2026-01-01T00:00:00+00:00", "pods n-1", "terminate i-1"],
         ["cordoned to be drained: old", "drained, ended through nodes.x"]),
        (Decision(begin=(member(OUTSIDE, None),)), ["terminate i-1"], ["has no node, ended outside its group"]),
    ],
)  # fmt: skip
def test_how_a_replacement_begins(decision: Decision, calls: list[str], texts: list[str]) -> None:
    asked, told = Asked(), list[Event]()
    replacer(asked, told).disrupt(GROUP, decision)
    assert (asked.calls, [event.text for event in told]) == (calls, texts)


@pytest.mark.parametrize(
    ("nodes", "calls"),
    [
        ([NODE], []),
        ([replace(NODE, instance_id="")], []),
        ([NODE, replace(NODE, name="n-2", instance_id="i-2"), replace(NODE, name="n-3", instance_id="i-3")],
         ["gone ('i-2', 'i-3')", "forget n-3"]),
    ],
)  # fmt: skip
def test_nodes_of_machines_that_are_gone(nodes: list[Node], calls: list[str]) -> None:
    asked, told = Asked(gone=frozenset({"i-3"})), list[Event]()
    replacer(asked, told).forget(GROUP, nodes)
    assert asked.calls == calls
    assert [(event.kind, event.node) for event in told] == [("forget", "n-3")] * ("forget n-3" in calls)
