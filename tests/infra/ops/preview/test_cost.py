"""The monthly bill of an update."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.ops.preview.events import read_events
from infra.ops.preview.meaning import interpret
from infra.ops.preview.prices import price_table
from infra.ops.preview.render_markdown import render_markdown
from infra.ops.preview.render_text import render_text
from tests.infra.ops.preview.made import (
    LARGER,
    REGION,
    VOLUME,
    group,
    report_of,
    step,
)


def test_cost_counts_machines_disks_and_gateways_and_prices_no_stranger() -> None:
    nat = "aws:ec2/natGateway:NatGateway"
    report = report_of(
        *group("nodes", "Node", op="update", count=3, template=LARGER),
        *group("odd", "Node", op="update", template=({"instanceType": "x9z.large"}, {"instanceType": "x9z.xlarge"})),
        step("create", nat, "nat", None, {}),
        step("delete", VOLUME, "old", {"type": "gp3", "size": 100}),
    )
    assert [(line.what, round(line.change, 2)) for line in report.cost.lines] == [
        ("group nodes: 3 x m7i.large → 3 x m7i.xlarge", 264.44),
        ("NatGateway nat: NAT gateway", 37.96),
        ("Volume old: 100 GiB gp3", -9.52),
    ]
    assert report.cost.not_priced == ("group odd: 1 x x9z.large → 1 x x9z.xlarge",)
    assert round(report.cost.change, 2) == 292.88


@pytest.mark.parametrize(
    ("region", "basis"),
    [(REGION, "list prices of 2025-03-02"), ("mx-central-1", "list prices, none of a machine in this region")],
)
def test_a_bill_says_what_it_rests_on(region: str, basis: str) -> None:
    events = group("nodes", "Node", op="update", count=3, template=LARGER)
    run = read_events("\n".join(json.dumps(event) for event in events), "made")
    report = interpret(run, environment="test", region=region, prices=price_table(), waivers=())
    assert f"({basis})" in next(each for each in report.sentences if "Monthly cost" in each)
    assert f"({basis})" in render_text(report).plain
    assert f". {basis.capitalize()}; traffic" in render_markdown(report)


def test_what_stays_in_the_cloud_is_paid_for() -> None:
    kept = step("delete", VOLUME, "v", {"type": "gp3", "size": 100}, state={"retainOnDelete": True})
    assert report_of(kept).cost.lines == ()


def test_a_replaced_disk_is_paid_once_before_and_once_after() -> None:
    old, new = {"type": "gp3", "size": 100, "availabilityZone": "a"}, {"type": "gp3", "size": 200}
    report = report_of(
        step("create-replacement", VOLUME, "v", old, new),
        step("replace", VOLUME, "v", old, new),
        step("delete-replaced", VOLUME, "v", old, None),
    )
    assert [(round(line.before, 2), round(line.after, 2)) for line in report.cost.lines] == [(9.52, 19.04)]


def test_a_disk_that_is_not_priced_and_stays_hides_no_other() -> None:
    def disks(size: int, kind: str) -> dict[str, Any]:
        return {
            "instanceType": "m7i.large",
            "blockDeviceMappings": [
                {"deviceName": "/dev/xvda", "ebs": {"volumeSize": size, "volumeType": "gp3"}},
                {"deviceName": "/dev/sdf", "ebs": {"volumeSize": 20, "volumeType": kind}},
            ],
        }

    larger = report_of(*group("nodes", "Node", op="update", count=2, template=(disks(64, "gp2"), disks(128, "gp2"))))
    assert [(line.what, round(line.change, 2)) for line in larger.cost.lines] == [
        ("disk 1 of group nodes: 2 x 64 GiB gp3 → 2 x 128 GiB gp3", 12.19)
    ]
    assert larger.cost.not_priced == ()
    other = report_of(*group("nodes", "Node", op="update", count=2, template=(disks(64, "gp2"), disks(64, "st1"))))
    assert (other.cost.lines, other.cost.not_priced) == (
        (), ("disk 2 of group nodes: 2 x 20 GiB gp2 → 2 x 20 GiB st1",),
    )  # fmt: skip
