"""Which groups an update has rolled, in which order, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.ops.preview.made import (
    GROUP,
    LARGER,
    TEMPLATE,
    encoded,
    group,
    report_of,
    step,
)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (({"instanceType": "t3.small"}, {}), "machine types of a mixed instances policy, in place of t3.small"),
        (({}, {"instanceType": "t3.small"}), "machine type t3.small, in place of a mixed instances policy"),
        (({"placement": {"tenancy": "dedicated"}}, {}), "tenancy"),
        (({"placement": {"tenancy": "dedicated"}}, {"placement": {"tenancy": "host"}}), "tenancy"),
        (({}, {"imageId": "ami-2"}), "image (not set) → ami-2"),
    ],
)
def test_why_a_group_rolls(template: tuple[dict[str, Any], dict[str, Any]], reason: str) -> None:
    (roll,) = report_of(*group("nodes", "Node", op="update", template=template)).rolls
    assert roll.reasons == (reason,)


@pytest.mark.parametrize(("before", "after", "rolled"), [(3, 0, []), (3, 1, [1]), (1, 3, [1])])
def test_machines_that_end_or_start_with_the_update_are_not_rolled(before: int, after: int, rolled: list[int]) -> None:
    component, template, scaling = group("nodes", "Node", op="update", template=LARGER)
    sizes = scaling["resourcePreEvent"]["metadata"]
    for side, size in (("old", before), ("new", after)):
        sizes[side] = {**sizes[side], "inputs": {**sizes[side]["inputs"], "minSize": size, "maxSize": size}}
    assert [roll.machines for roll in report_of(component, template, scaling).rolls] == rolled


def test_groups_roll_in_the_order_of_their_roles() -> None:
    report = report_of(
        *group("nodes", "Node", op="update", count=3, template=LARGER),
        *group("edge", "Edge", op="update", count=2, template=LARGER),
        *group("control-plane-a", "ControlPlane", op="update", template=LARGER),
        *group("idle", "Node", op="update", count=0, template=LARGER),
    )
    assert [(roll.group, roll.machines) for roll in report.rolls] == [
        ("control-plane-a", 1), ("nodes", 3), ("edge", 2),
    ]  # fmt: skip
    assert report.rolls[0].reasons == ("machine type m7i.large → m7i.xlarge",)
    assert (
        "6 machines must be drained and replaced, by `slipway roll` after the update, in this order: control-plane-a "
        "(1 machine), then nodes (3 machines), then edge (2 machines). The update itself replaces none."
    ) in report.sentences


def test_a_roll_names_the_files_that_machines_read_from_the_state_bucket() -> None:
    def document(word: str) -> dict[str, object]:
        files = [{"path": "/etc/a", "mode": "0644", "content": word}, {"path": "/etc/b", "mode": "0755", "content": ""}]
        return {"key": f"c/igconfig/node/nodes/files-{word}.json", "content": json.dumps({"files": files})}

    kind = "aws:s3/bucketObjectv2:BucketObjectv2"
    templates = ({"userData": encoded("#!/bin/sh\n1\n")}, {"userData": encoded("#!/bin/sh\n2\n")})
    report = report_of(
        *group("nodes", "Node", op="update", template=templates),
        step("replace", kind, "nodes/files.json", document("one"), document("two"), keys=["key"]),
        step("replace", kind, "edge/files.json", document("one"), document("two"), keys=["key"]),
    )
    (roll,) = report.rolls
    assert roll.reasons == ("first-boot configuration: user-data (- 1, + 2)", "first-boot file: /etc/a")
    (change,) = [each for each in report.changes if each.name == "nodes/files.json"]
    assert [(each.path, each.lines[-2:]) for each in change.differences] == [
        ("content (/etc/a)", ("-one", "+two")), ("key", ()),
    ]  # fmt: skip
    assert report.verdict == "attention"
    assert report.dangers == ()


def test_the_template_s_own_tags_roll_nothing() -> None:
    report = report_of(step("update", TEMPLATE, "nodes", {"description": "a"}, {"description": "b"}))
    assert report.rolls == ()
    assert "No machine is replaced: nothing has to be rolled." in report.sentences
    assert report.verdict == "fine"


def test_a_group_that_goes_as_a_whole_names_the_two_ways_that_keep_its_machines() -> None:
    tags = [{"key": "slipway/instance-group", "value": "batch", "propagateAtLaunch": True}]
    report = report_of(
        step("delete", GROUP, "batch", {"minSize": 2, "maxSize": 6, "tags": tags}, None, state={"protect": True})
    )
    assert report.sentences[0].endswith(
        "If the group has another name now, write `renamedFrom: batch` there; to remove it, `retire: true` comes first "
        "(docs/change-a-group.md). Do not lift the protection."
    )
    assert "Group batch: the group goes; it had 2 to 6 machines; that needs no roll." in report.sentences


def test_one_machine_is_called_one() -> None:
    tags = [{"key": "slipway/instance-group", "value": "batch", "propagateAtLaunch": True}]
    report = report_of(step("delete", GROUP, "batch", {"minSize": 1, "maxSize": 1, "tags": tags}, None))
    assert "Group batch: the group goes; it had 1 machine; that needs no roll." in report.sentences


def test_a_taint_is_said_and_not_only_the_file_it_is_in() -> None:
    file = "#cloud-config\nwrite_files:\n- path: /etc/kubernetes/kubelet.yaml\n  content: |\n    a: 1\n{}"
    taint = "    registerWithTaints:\n    - effect: NoSchedule\n      key: example.com/batch\n"
    before, after = ({"userData": encoded(file.format(each))} for each in ("", taint))
    report = report_of(*group("batch", "Node", op="update", template=(before, after)))
    assert report.rolls[0].reasons == (
        "first-boot configuration: /etc/kubernetes/kubelet.yaml (+ registerWithTaints:, + - effect: NoSchedule, + key: "
        "example.com/batch)",
    )


def test_a_renamed_group_is_said_to_keep_its_machines() -> None:
    old, new = ({"tags": {"slipway/instance-group": name, "slipway/role": "Node"}} for name in ("batch", "crunch"))
    report = report_of(step("update", TEMPLATE, "batch", old, new))
    assert "Group batch is called crunch from now on, and keeps its machines." in report.sentences
    assert not report.rolls
