"""Which machines must be replaced, and the words for why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.ops.roll.need import members_of, warm_outdated
from infra.ops.roll.order import groups_to_roll
from infra.ops.roll.view import Group, Instance, Node
from infra.spec import SpecError
from tests.infra.samples import group_mapping, sample_mapping, sample_spec

CURRENT = Instance("i-1", "a", "m7i.large", "InService", "lt-1", "5")
NODE = Node("n-1", "i-1", True, False, False, False, False, "v1.37.2")


def reasons(change: dict[str, Any], node: Node | None = NODE, **group: Any) -> tuple[str, ...]:
    made = Group("nodes.x", 1, 0, 9, "lt-1", "5", (), (replace(CURRENT, **change),))
    return members_of(replace(made, **group), [node] if node else [])[0].reasons


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, ()),
        ({"template_version": "4"}, ("launch template version 4 instead of 5",)),
        ({"template_version": "6"}, ("launch template version 6 instead of 5",)),
        ({"template_id": "lt-0"}, ("launch template lt-0 instead of lt-1",)),
        ({"template_id": ""}, ("not started from a launch template",)),
        ({"mark": "due"}, ("marked by --force",)),
        ({"mark": "detach"}, ("being taken out of its group by a rolling update",)),
        ({"lifecycle": "", "mark": "detach"}, ("taken out of its group by a rolling update",)),
    ],
)
def test_reasons_of_an_instance(change: dict[str, Any], found: tuple[str, ...]) -> None:
    assert reasons(change) == found
    assert reasons(change, node=None) == found


def test_types_of_a_mixed_group() -> None:
    assert reasons({}, types=("m7i.large", "m6i.large")) == ()
    assert reasons({}, types=("m6i.large",)) == ("instance type m7i.large is not listed any more",)


def test_marks_of_a_node() -> None:
    assert reasons({}, replace(NODE, draining=True)) == ("its drain was begun by a rolling update",)
    assert reasons({}, replace(NODE, needs_update=True)) == ("annotated slipway/needs-update",)
    assert reasons({}, replace(NODE, cordoned=True, ready=False)) == ()


def test_nodes_find_their_machines_by_provider_id() -> None:
    group = Group("x", 2, 0, 9, "lt-1", "5", (), (CURRENT, replace(CURRENT, id="i-2")))
    strange, nameless = replace(NODE, name="n-3", instance_id="i-3"), replace(NODE, name="n-4", instance_id="")
    members = members_of(group, [strange, NODE, nameless])
    assert [(m.instance.id, m.node and m.node.name, m.outdated) for m in members] == [
        ("i-1", "n-1", False),
        ("i-2", None, False),
    ]


def test_machines_of_the_warm_pool() -> None:
    warm = replace(CURRENT, id="i-8", lifecycle="Warmed:Stopped", template_version="4")
    leaving = replace(warm, id="i-9", lifecycle="Terminating:Wait")
    group = Group("x", 0, 0, 9, "lt-1", "5", (), (), (CURRENT, warm, leaving))
    assert warm_outdated(group) == (warm,)


def test_machines_of_the_warm_pool_whose_type_is_not_listed_any_more() -> None:
    listed, other = (
        replace(CURRENT, id=each, type=each, lifecycle="Warmed:Stopped") for each in ("m6i.large", "m5.large")
    )
    group = Group("x", 0, 0, 9, "lt-1", "5", ("m7i.large", "m6i.large"), (), (listed, other))
    assert warm_outdated(group) == (other,)


def test_the_order_is_kopss() -> None:
    groups = [*sample_mapping()["instanceGroups"], group_mapping("batch")]
    spec = sample_spec(instanceGroups=[groups[2], groups[1], groups[0], groups[3]])
    assert [group.name for group in groups_to_roll(spec)] == ["control-plane-a", "batch", "nodes", "edge"]
    assert [group.name for group in groups_to_roll(spec, ["edge", "nodes", "edge"])] == ["nodes", "edge"]
    with pytest.raises(SpecError, match="there is no instance group of this name") as refused:
        groups_to_roll(spec, ["nodes", "node", "edges"])
    assert len(refused.value.problems) == 2
