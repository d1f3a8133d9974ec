"""The validation between steps: what holds a group back, and what does not concern it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from infra.ops.roll.etcd import EtcdReport
from infra.ops.roll.gate import ClusterGate
from infra.ops.roll.view import Group, Node
from tests.infra.ops.validate.test_checks import CRITICAL, Api, member, pod
from tests.infra.samples import ENVIRONMENT, sample_spec

PLANES = [{"name": f"control-plane-{zone}", "role": "ControlPlane", "zones": [f"eu-central-1{zone}"]} for zone in "abc"]
SPEC = sample_spec(instanceGroups=[*PLANES, *ENVIRONMENT["instanceGroups"][1:]])
GROUPS = {group.name: group for group in SPEC.instance_groups}


def node(name: str, group: str, **change: Any) -> Node:
    return replace(Node(name, f"i-{name}", True, False, False, False, False, "v1.37.2", group=group), **change)


NODES = [*(node(zone, f"control-plane-{zone}") for zone in "abc"), node("n-1", "nodes"), node("e-1", "edge")]


class Parts:
    """What the gate looks at."""

    def __init__(self, pods: list[dict[str, Any]], healthy: str = "abc", nodes: list[Node] = NODES, **targets: str):
        self.api, self.healthy, self.listed, self.targets = Api(pods=pods), healthy, nodes, targets

    def nodes(self, groups: Collection[str] = ()) -> tuple[Node, ...]:
        return tuple(each for each in self.listed if each.group in groups)

    def report(self) -> EtcdReport:
        return EtcdReport(True, frozenset(self.healthy), frozenset("abc") - frozenset(self.healthy), True)

    def group(self, name: str) -> Group:
        assert name == "edge.test.example.com"
        return Group(name, 1, 0, 9, "lt-1", "1", (), (), target_groups=("arn:x:targetgroup/web/0",))

    def describe_target_health(self, **_: str) -> dict[str, Any]:
        found = [{"Target": {"Id": i}, "TargetHealth": {"State": state}} for i, state in self.targets.items()]
        return {"TargetHealthDescriptions": found}

    def problems(self, group: str, *losing: str) -> tuple[str, ...]:
        me: Any = self
        api: Any = self.api
        gate = ClusterGate(SPEC, me, me, api, me, me)
        return gate.problems(GROUPS[group], [each for each in self.listed if each.name in losing])


WHOLE = [*member("a"), *member("b"), *member("c")]


def test_a_sound_cluster() -> None:
    parts = Parts(WHOLE, i1="healthy")
    assert parts.problems("control-plane-a", "a") == ()
    assert parts.problems("control-plane-a") == ()
    assert parts.problems("nodes", "n-1") == ()
    assert parts.problems("edge", "e-1") == ()


def test_quorum_is_asked_for_the_member_that_goes() -> None:
    weak = Parts(WHOLE, healthy="ab")
    assert weak.problems("control-plane-a", "a") == (
        "without a only 1 of 3 etcd members would be healthy, and a quorum is 2",
    )
    assert weak.problems("control-plane-c", "c") == ()
    assert weak.problems("control-plane-c") == ("2 of 3 etcd members are healthy (not: c)",)
    assert weak.problems("nodes", "n-1") == (), "workers need an API server that answers, and no more"


def test_an_ill_member_does_not_keep_itself_from_being_replaced() -> None:
    ill = [*member("a"), *member("b"), *member("c", ready=False)]
    parts = Parts(ill, healthy="ab")
    assert parts.problems("control-plane-c", "c") == ()
    assert len(parts.problems("control-plane-c")) == 7
    assert len(parts.problems("nodes", "n-1")) == 6


@pytest.mark.parametrize(
    ("where", "group", "held"),
    [
        ("n-1", "nodes", True),
        ("a", "nodes", True),
        ("e-1", "nodes", False),
        ("", "nodes", True),
        ("n-1", "edge", False),
    ],
)
def test_critical_pods_of_the_group_and_the_control_plane(where: str, group: str, held: bool) -> None:
    parts = Parts([*WHOLE, pod("x", priority=CRITICAL, ready=False, node=where)], i1="healthy")
    assert bool(parts.problems(group)) is held


def test_pods_on_nodes_that_go_do_not_count() -> None:
    ill = [*WHOLE, pod("x", priority=CRITICAL, ready=False, node="n-1")]
    assert Parts(ill).problems("nodes", "n-1") == ()
    draining = [each if each.name != "n-1" else replace(each, draining=True) for each in NODES]
    assert Parts(ill, nodes=draining).problems("nodes") == ()
    silent = [each if each.name != "n-1" else replace(each, ready=False) for each in NODES]
    assert Parts(ill, nodes=silent).problems("nodes") == ()


def test_a_member_that_is_not_ready_is_no_node_of_the_group_that_goes() -> None:
    ill = [*WHOLE, pod("x", priority=CRITICAL, ready=False, node="a")]
    silent = [each if each.name != "a" else replace(each, ready=False) for each in NODES]
    assert Parts(ill, nodes=silent).problems("nodes", "n-1") != ()


def test_nodes_of_a_group_s_former_name_are_its_own() -> None:
    parts = Parts([*WHOLE, pod("x", priority=CRITICAL, ready=False, node="old")], nodes=[*NODES, node("old", "former")])
    assert parts.problems("nodes") == ()
    me: Any = parts
    api: Any = parts.api
    groups = [*PLANES, {**ENVIRONMENT["instanceGroups"][1], "renamedFrom": "former"}, ENVIRONMENT["instanceGroups"][2]]
    spec = sample_spec(instanceGroups=groups)
    renamed = next(each for each in spec.instance_groups if each.name == "nodes")
    assert ClusterGate(spec, me, me, api, me, me).problems(renamed, []) != ()


def test_the_edge_waits_for_its_load_balancer() -> None:
    assert Parts(WHOLE, i1="healthy", i2="initial").problems("edge") == (
        "i2 in target group web of edge: is initial: initial",
    )
    assert Parts(WHOLE, i1="unhealthy").problems("edge") == (
        "target group web of edge: has no healthy target (1 unhealthy). Fix: see the edge's pods and ports",
    )
    assert Parts(WHOLE, i1="unhealthy").problems("nodes") == ()
