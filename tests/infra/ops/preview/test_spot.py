"""What a preview says of groups whose machines become Spot, or cease to be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.ops.preview.made import GROUP, report_of, step

NOTICE = (
    "AWS can take a Spot machine back with two minutes' notice. Auto Scaling exchanges machines that run until the "
    "shares are right, gradually and by itself."
)


def policy(percentage: int | None = None, base: int | None = None) -> dict[str, Any]:
    shares = {"onDemandPercentageAboveBaseCapacity": percentage, "onDemandBaseCapacity": base}
    known = {key: value for key, value in shares.items() if value is not None}
    return {"mixedInstancesPolicy": {"instancesDistribution": known}}


def changed(name: str, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    tags = [{"key": "slipway/instance-group", "value": name}]
    sizes = {"minSize": 2, "maxSize": 9, "tags": tags}
    return step("update", GROUP, name, {**sizes, **old}, {**sizes, **new})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            {},
            policy(20, 2),
            f"machines become Spot and can be interrupted: 80% of its machines above the first 2, which are On-Demand; "
            f"until now none. {NOTICE}",
        ),
        ({}, policy(0), f"machines become Spot and can be interrupted: all of its machines; until now none. {NOTICE}"),
        (
            policy(60),
            policy(20),
            "machines become Spot and can be interrupted: 80% of its machines; until now 40% of its machines. "
            f"{NOTICE}",
        ),
        (
            policy(50, 4),
            policy(50, 1),
            "machines become Spot and can be interrupted: 50% of its machines above the first 1, which are On-Demand; "
            f"until now 50% of its machines above the first 4, which are On-Demand. {NOTICE}",
        ),
        (
            policy(20),
            policy(60),
            f"the share of Spot changes: 40% of its machines; until now 80% of its machines. {NOTICE}",
        ),
        (
            policy(0),
            policy(),
            "none of its machines is Spot any more; until now all of its machines. Auto Scaling exchanges machines "
            "that run until the shares are right, gradually and by itself.",
        ),
    ],
)
def test_which_share_becomes_spot_and_above_which_base(old: dict[str, Any], new: dict[str, Any], words: str) -> None:
    report = report_of(changed("nodes", old, new))
    assert f"Group nodes: {words}" in report.sentences
    assert report.verdict == "attention"


@pytest.mark.parametrize(("old", "new"), [({}, policy(100, 3)), (policy(100, 3), policy(100, 1)), (policy(), {})])
def test_a_policy_without_spot_is_no_news(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert not [each for each in report_of(changed("nodes", old, new)).sentences if "Spot" in each]


def test_groups_that_change_alike_are_told_at_once() -> None:
    alike = [changed(f"g{n:02}", {}, policy(0)) for n in range(14)]
    (told,) = [each for each in report_of(*alike).sentences if "Spot" in each]
    assert told.startswith("Groups g00, g01, g02, ")
    assert "g11 and 2 more, each: machines become Spot" in told
    other = [changed(f"g{n:02}", {}, policy(n)) for n in range(14)]
    last = [each for each in report_of(*other).sentences if "Spot" in each][-1]
    assert last == f"And 2 more groups change their shares of On-Demand and Spot. {NOTICE}"
