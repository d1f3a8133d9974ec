"""Which pods of a node go, which stay, and what is said of those that will not."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.roll.cluster import Blocker, Pod
from infra.ops.roll.drain import Drained, DrainOptions, advance, sort_pods
from infra.ops.roll.view import Node
from tests.infra.ops.roll.simulation import pod


def names(pods: tuple[Pod, ...]) -> list[str]:
    return [each.name for each in pods]


@pytest.mark.parametrize(
    ("change", "options", "becomes"),
    [
        ({}, {}, "evicted"),
        ({"owner_kind": "DaemonSet"}, {}, "left"),
        ({"owner_kind": "DaemonSet", "leaving": True}, {}, "left"),
        ({"mirror": True, "owner_kind": "Node"}, {}, "left"),
        ({"leaving": True}, {}, "leaving"),
        ({"leaving": True, "owner_kind": ""}, {}, "leaving"),
        ({"owner_kind": ""}, {}, "refused"),
        ({"owner_kind": ""}, {"delete_unmanaged": True}, "evicted"),
        ({"owner_kind": "", "finished": True}, {}, "evicted"),
        ({"empty_dir": True}, {}, "evicted"),
        ({"empty_dir": True}, {"delete_empty_dir_data": False}, "refused"),
        ({}, {"delete_empty_dir_data": False}, "evicted"),
        ({"empty_dir": True, "finished": True}, {"delete_empty_dir_data": False}, "evicted"),
        ({"empty_dir": True, "owner_kind": "DaemonSet"}, {"delete_empty_dir_data": False}, "left"),
    ],
)
def test_what_becomes_of_a_pod(change: dict[str, Any], options: dict[str, bool], becomes: str) -> None:
    found = sort_pods([pod("x", **change)], DrainOptions(**options))
    there = {
        "evicted": (["x"], [], []),
        "leaving": ([], ["x"], []),
        "refused": ([], [], ["x"]),
        "left": ([], [], []),
    }
    assert (names(found.evict), names(found.leaving), [b.pod.name for b in found.refused]) == there[becomes]


class OneNode:
    """A node with pods, some of which cannot be evicted."""

    def __init__(self, *pods: Pod, held: tuple[str, ...] = ()) -> None:
        self._pods, self._held = pods, held
        self.asked: list[str] = []

    def pods(self, node: str) -> tuple[Pod, ...]:
        assert node == "n-1"
        return self._pods

    def evict(self, pod: Pod) -> Blocker | None:
        self.asked.append(pod.name)
        return Blocker(pod, "held", "budget") if pod.name in self._held else None


def test_an_advance_asks_for_each_pod_once() -> None:
    cluster: Any = OneNode(pod("a"), pod("b"), pod("c", leaving=True), pod("d", owner_kind="DaemonSet"), held=("b",))
    ready = Node("n-1", "i-1", True, True, True, False, True, "v1")
    found = advance(cluster, ready, DrainOptions())
    assert cluster.asked == ["a", "b"]
    assert (found.remaining, found.evicted, [b.pod.name for b in found.blockers]) == (3, 1, ["b"])
    assert not found.done


def test_a_node_that_is_not_ready_is_not_waited_for() -> None:
    cluster: Any = OneNode(pod("a"), pod("c", leaving=True))
    silent = Node("n-1", "i-1", False, True, True, False, True, "v1")
    assert advance(cluster, silent, DrainOptions()) == Drained(0, (), 1)
    assert advance(cluster, silent, DrainOptions()).done is True
    held: Any = OneNode(pod("a"), held=("a",))
    assert not advance(held, silent, DrainOptions()).done, "budgets hold there, too"


def test_the_words_for_a_blocker() -> None:
    assert str(Blocker(pod("a"), "needs 2", "web", "Deployment web")) == (
        "pod web/a of Deployment web: PodDisruptionBudget web/web: needs 2"
    )
    assert str(Blocker(pod("a"), "is bare")) == "pod web/a: is bare"
