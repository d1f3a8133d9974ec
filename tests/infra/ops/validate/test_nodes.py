"""Nodes against their group: missing ones, strangers, conditions and versions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.ops.roll.view import Group, Instance, Node
from infra.ops.validate.nodes import check_nodes, nodes_of
from tests.infra.ops.validate.samples import told

INSTANCE = Instance("i-1", "a", "m7i.large", "InService", "lt-1", "2")
ENDING = replace(INSTANCE, lifecycle="Terminating:Wait")


NODE = Node("n-1", "i-1", True, False, False, False, False, "v1.37.2")


GROUP = Group("nodes.x", 1, 0, 9, "lt-1", "2", (), (INSTANCE,))


OUTSIDE = "were taken out of the group by a rolling update that has not ended"


@pytest.mark.parametrize(
    ("group", "nodes", "found"),
    [
        (GROUP, [NODE], []),
        (replace(GROUP, desired=3), [NODE], [("invalid", "instance group nodes: 2 of 3 machines are missing")]),
        (GROUP, [], [("invalid", "instance i-1 of nodes: has not become a node")]),
        (GROUP, [replace(NODE, ready=False)], [("invalid", "node n-1 of nodes: is not ready")]),
        (GROUP, [replace(NODE, ready=False, version="v1.20.0")], [("invalid", "node n-1 of nodes: is not ready")]),
        (
            GROUP,
            [NODE, replace(NODE, name="n-9", instance_id="i-9")],
            [("warning", "node n-9 of nodes: belongs to no machine of the group")],
        ),
        (
            replace(GROUP, template_version="3"),
            [NODE],
            [("warning", "instance group nodes: 1 of 1 machines differ from the launch template")],
        ),
        (
            replace(GROUP, instances=(INSTANCE, replace(INSTANCE, id="i-2", lifecycle="", mark="detach"))),
            [NODE, replace(NODE, name="n-2", instance_id="i-2")],
            [("warning", f"instance group nodes: i-2 {OUTSIDE}")],
        ),
        (replace(GROUP, instances=(ENDING,), desired=0), [NODE], []),
        # It is missing among those that stay in the group, whatever else is there.
        (
            replace(GROUP, instances=(ENDING, replace(INSTANCE, id="i-2", lifecycle=""))),
            [NODE, replace(NODE, name="n-2", instance_id="i-2")],
            [
                ("invalid", "instance group nodes: 1 of 1 machines are missing"),
                ("warning", f"instance group nodes: i-2 {OUTSIDE}"),
            ],
        ),
        # What Auto Scaling ends may be as it likes.
        (
            replace(
                GROUP, instances=(replace(INSTANCE, lifecycle="Terminating:Wait", template_version="1"),), desired=0
            ),
            [replace(NODE, ready=False)],
            [],
        ),
        (
            replace(GROUP, instances=tuple(replace(INSTANCE, id=f"i-{n}", lifecycle="") for n in (1, 2)), desired=0),
            [NODE, replace(NODE, name="n-2", instance_id="i-2")],
            [("warning", f"instance group nodes: i-1, i-2 {OUTSIDE}")],
        ),
    ],
)
def test_nodes_against_their_group(group: Group, nodes: list[Node], found: list[tuple[str, str]]) -> None:
    assert told(check_nodes("nodes", group, nodes, "1.37.2")) == found


@pytest.mark.parametrize(
    ("version", "severity"),
    [
        ("v1.37.2", None),
        ("v1.37.2-eks-1", None),
        ("v1.37.1", "warning"),
        ("v1.37.3", "warning"),
        ("v1.34.9", "warning"),
        ("v1.33.9", "invalid"),
        ("v1.38.0", "invalid"),
        ("v2.0.0", "invalid"),
        ("", "invalid"),
        ("v1.x.0", "invalid"),
    ],
)
def test_the_version_of_a_node(version: str, severity: str | None) -> None:
    found = list(check_nodes("nodes", GROUP, [replace(NODE, version=version)], "1.37.2"))
    assert [each.severity for each in found] == ([severity] if severity else [])


def test_a_groups_nodes_are_those_of_its_machines_and_of_its_name() -> None:
    renamed, stale, other = (
        replace(NODE, group="former"),
        replace(NODE, name="n-9", instance_id="i-9", group="nodes"),
        replace(NODE, name="n-8", instance_id="i-8", group="other"),
    )
    assert nodes_of("nodes", GROUP, (renamed, stale, other)) == (renamed, stale)
