"""Instance groups of a run: their names and machines, and which of them must be rolled for what reasons."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.preview.groups import Group, groups_of, renames_of
from tests.infra.ops.preview.made import GROUP, TEMPLATE, UNKNOWN_VALUE, group, report_of, run_of, step, urn

SIZES = {"minSize": 2, "maxSize": 5}


def groups(*events: dict[str, Any]) -> list[Group]:
    return list(groups_of(run_of(*events)).values())


@pytest.mark.parametrize(
    ("inputs", "seen", "count"),
    [
        ({**SIZES, "desiredCapacity": 4}, 3, 4),
        (SIZES, 3, 3),
        (SIZES, 1, 2),
        (SIZES, 9, 5),
        (SIZES, None, 2),
        ({**SIZES, "minSize": UNKNOWN_VALUE}, None, 0),
    ],
)
def test_how_many_machines_a_group_has(inputs: dict[str, Any], seen: int | None, count: int) -> None:
    state = {"outputs": {} if seen is None else {"desiredCapacity": seen}}
    (found,) = groups(step("same", GROUP, "nodes", inputs, inputs, state=state))
    assert (found.machines(new=False), found.machines(new=True)) == (count, count)


def test_a_group_that_comes_or_goes_has_machines_on_one_side() -> None:
    come, gone, bare = groups(
        step("create", GROUP, "a", None, SIZES), step("delete", GROUP, "b", SIZES), step("same", TEMPLATE, "c", {}, {})
    )
    assert [(each.machines(new=False), each.machines(new=True)) for each in (come, gone, bare)] == [
        (0, 2), (2, 0), (0, 0),
    ]  # fmt: skip


def test_groups_come_by_their_names_with_template_and_scaling_together() -> None:
    role = step(
        "same", "aws:iam/role:Role", "edge", {}, {}, state={"parent": urn("slipway:index:InstanceGroup", "edge")}
    )
    found = groups(
        *group("nodes", "Node"), *group("edge", "Edge", count=3), role, step("same", TEMPLATE, "other", {}, {})
    )
    assert [(each.name, each.role, each.machines(new=True)) for each in found] == [
        ("edge", "Edge", 3), ("nodes", "Node", 1), ("other", "", 0),
    ]  # fmt: skip
    assert all(each.template is not None for each in found)


def test_the_old_side_of_a_replacement_is_no_group_of_its_own() -> None:
    (found,) = groups(
        step("create-replacement", GROUP, "nodes", SIZES, {"minSize": 3, "maxSize": 3}),
        step("delete-replaced", GROUP, "nodes", SIZES),
    )
    assert (found.machines(new=False), found.machines(new=True)) == (2, 3)


def tagged(name: str) -> dict[str, Any]:
    return {"tags": {"slipway/instance-group": name}}


def test_a_group_without_a_template_is_named_by_the_tags_for_its_machines() -> None:
    tags = {"slipway/instance-group": "nodes", "slipway/role": "Node"}
    inputs = {"tags": [*({"key": key, "value": value} for key, value in tags.items()), UNKNOWN_VALUE]}
    (found,) = groups(step("same", GROUP, "batch", inputs, inputs))
    assert (found.name, found.role) == ("nodes", "Node")


@pytest.mark.parametrize(
    ("event", "renamed"),
    [
        (step("update", TEMPLATE, "batch", tagged("batch"), tagged("nodes")), (("batch", "nodes"),)),
        (step("update", TEMPLATE, "batch", tagged("nodes"), tagged("nodes")), ()),
        (step("update", TEMPLATE, "batch", {"tags": UNKNOWN_VALUE}, tagged("nodes")), ()),
        (step("create", TEMPLATE, "nodes", None, tagged("nodes")), ()),
        (step("same", GROUP, "nodes", {}, {}), ()),
    ],
)
def test_a_group_that_is_called_otherwise(event: dict[str, Any], renamed: tuple[tuple[str, str], ...]) -> None:
    assert renames_of(groups_of(run_of(event))) == renamed


@pytest.mark.parametrize("key", ["description", "updateDefaultVersion", "name", "defaultVersion", "tagsAll"])
def test_what_no_machine_sees_rolls_none(key: str) -> None:
    assert report_of(*group("nodes", "Node", op="update", template=({key: "a"}, {key: "b"}))).rolls == ()


def test_tags_of_the_template_roll_none() -> None:
    parent = urn("slipway:index:InstanceGroup", "nodes")
    sides = ({"tags": {"team": "a"}}, {"tags": {"team": "b"}})
    changed = step("update", TEMPLATE, "nodes", *sides, state={"parent": parent})
    assert report_of(*group("nodes", "Node"), changed).rolls == ()


@pytest.mark.parametrize(
    ("op", "old", "new", "reasons"),
    [
        ("update", {"instanceType": "a"}, {"instanceType": "b"}, ("machine type a → b",)),
        ("update", {"keyName": "a"}, {"keyName": "b"}, ("keyName a → b",)),
        ("update", {"placement": {"tenancy": "default"}}, {"placement": {"tenancy": "dedicated"}}, ("tenancy",)),
        ("replace", {"imageId": "a"}, {"imageId": "b"}, ("another launch template", "image a → b")),
        ("replace", {"name": "a"}, {"name": "b"}, ("another launch template",)),
    ],
)
def test_why_machines_are_replaced(op: str, old: dict[str, Any], new: dict[str, Any], reasons: tuple[str, ...]) -> None:
    (roll,) = report_of(*group("nodes", "Node", op=op, template=(old, new))).rolls
    assert (roll.group, roll.machines, roll.reasons) == ("nodes", 1, reasons)


def test_groups_are_rolled_by_role_and_name() -> None:
    changed = ({"instanceType": "a"}, {"instanceType": "b"})
    roles = {"web": "Edge", "b": "Node", "a": "Node", "z": "ControlPlane", "x": "Strange", "empty": "Node"}
    events = [
        event
        for name, role in roles.items()
        for event in group(name, role, op="update", count=0 if name == "empty" else 1, template=changed)
    ]
    assert [roll.group for roll in report_of(*events).rolls] == ["z", "a", "b", "web", "x"]
