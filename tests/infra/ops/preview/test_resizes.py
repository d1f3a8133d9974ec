"""What a preview says of groups whose machines stay as they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.ops.preview.made import GROUP, UNKNOWN_VALUE, report_of, step, urn


def test_sizes_alone_roll_nothing() -> None:
    parent = {"parent": urn("slipway:index:InstanceGroup", "nodes"), "outputs": {"desiredCapacity": 4}}
    old, new = {"minSize": 2, "maxSize": 6}, {"minSize": 1, "maxSize": 3}
    report = report_of(step("update", GROUP, "nodes", old, new, state=parent))
    assert report.rolls == ()
    assert [(each.group, each.words, each.fewer) for each in report.resizes] == [
        ("nodes", "most 6 → 3, least 2 → 1", 1)
    ]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (2, 5, "least 2 → 5 (3 machines more to start)"),
        (5, 4, "least 5 → 4 (1 machine to end, each after its drain)"),
    ],
)
def test_new_sizes_say_how_many_machines_start_or_end(before: int, after: int, words: str) -> None:
    tags = [{"key": "slipway/instance-group", "value": "nodes", "propagateAtLaunch": True}]
    old, new = ({"minSize": size, "maxSize": 9, "tags": tags} for size in (before, after))
    report = report_of(step("update", GROUP, "nodes", old, new))
    assert f"Group nodes: {words}; that needs no roll." in report.sentences


POOL = {"minSize": 1, "poolState": "Stopped"}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"warmPool": POOL}, {}, "its warm pool goes, with the machines that wait in it"),
        ({}, {"warmPool": POOL}, "it gets a warm pool of machines that wait"),
        ({"warmPool": POOL}, {"warmPool": {**POOL, "minSize": 2}}, "another warm pool"),
        (
            {"warmPool": {**POOL, "minSize": 3}},
            {"warmPool": {**POOL, "minSize": 0}},
            "another warm pool; its least stays 3 with AWS, since the provider does not send 0: take warmPool out for "
            "one update, and write it again in the next",
        ),
        (
            {"targetGroupArns": ["a", "b"]},
            {"targetGroupArns": ["b", "c", "d"]},
            "1 target group sends its machines no more traffic, 2 more target groups send its machines traffic",
        ),
        ({"targetGroupArns": ["a", "b"]}, {}, "2 target groups send its machines no more traffic"),
        ({}, {"targetGroupArns": [UNKNOWN_VALUE] * 3}, "3 more target groups send its machines traffic"),
        ({"targetGroupArns": ["a", "b"]}, {"targetGroupArns": ["b", "a"]}, None),
        (
            {"suspendedProcesses": ["AZRebalance", "ScheduledActions"]},
            {"suspendedProcesses": ["ReplaceUnhealthy", "ScheduledActions"]},
            "Auto Scaling's ReplaceUnhealthy is suspended: machines that fail are not replaced, Auto Scaling's "
            "AZRebalance goes on: it may exchange machines to even out zones, each drained",
        ),
        ({}, {"suspendedProcesses": ["AZRebalance"]}, "Auto Scaling's AZRebalance is suspended"),
        (
            {},
            {"maxInstanceLifetime": 1_209_600},
            "machines older than 14 days are replaced by Auto Scaling, each drained",
        ),
        (
            {"maxInstanceLifetime": 1_209_600},
            {"maxInstanceLifetime": 129_600},
            "machines older than 36 hours are replaced by Auto Scaling, each drained",
        ),
        ({"maxInstanceLifetime": 129_600}, {"maxInstanceLifetime": 1_209_600}, None),
        ({"maxInstanceLifetime": 129_600}, {}, None),
    ],
)
def test_a_groups_warm_pool_and_traffic_are_told(
    before: dict[str, Any], after: dict[str, Any], words: str | None
) -> None:
    sizes = {"minSize": 2, "maxSize": 9, "tags": [{"key": "slipway/instance-group", "value": "nodes"}]}
    report = report_of(step("update", GROUP, "nodes", {**sizes, **before}, {**sizes, **after}))
    told = [sentence for sentence in report.sentences if sentence.startswith("Group nodes")]
    assert told == ([] if words is None else [f"Group nodes: {words}; that needs no roll."])
