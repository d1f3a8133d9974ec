"""Surge and unavailability in machines: numbers, percentages, defaults."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.roll.pace import Pace, pace_of
from infra.spec import InstanceGroupSpec
from tests.infra.samples import sample_spec, with_group


def group(**rolling: Any) -> InstanceGroupSpec:
    return next(each for each in with_group(rollingUpdate=rolling).instance_groups if each.name == "nodes")


@pytest.mark.parametrize(
    ("rolling", "size", "surge", "unavailable"),
    [
        ({}, 10, 1, 0),
        ({"maxSurge": 3}, 10, 3, 0),
        ({"maxSurge": 0}, 10, 0, 1),
        ({"maxUnavailable": 2}, 10, 1, 2),
        ({"maxSurge": "25%", "maxUnavailable": "25%"}, 10, 3, 2),
        ({"maxSurge": "25%", "maxUnavailable": "25%"}, 8, 2, 2),
        ({"maxSurge": "1%"}, 3, 1, 0),
        ({"maxSurge": "100%"}, 200, 200, 0),
        ({"maxUnavailable": 0}, 10, 1, 0),
        ({"maxSurge": 0, "maxUnavailable": "10%"}, 5, 0, 1),
        ({"maxSurge": 0, "maxUnavailable": "50%"}, 5, 0, 2),
        ({"maxSurge": "10%", "maxUnavailable": "10%"}, 0, 0, 1),
        ({"maxSurge": 1, "maxUnavailable": "99%"}, 1, 1, 0),
    ],
)
def test_the_allowance(rolling: dict[str, Any], size: int, surge: int, unavailable: int) -> None:
    assert pace_of(group(**rolling), size) == Pace(surge, unavailable)
    assert pace_of(group(**rolling), size).concurrency == surge + unavailable


def test_a_member_of_the_control_plane_goes_alone() -> None:
    plane = sample_spec().instance_groups[0]
    assert plane.role == "ControlPlane"
    assert pace_of(plane, 1) == Pace(0, 1)


@pytest.mark.parametrize(("surge", "unavailable"), [(0, 0), ("0%", 0), (0, "0%"), ("0%", "0%")])
def test_both_0_is_refused(surge: int | str, unavailable: int | str) -> None:
    bad = group().model_copy(
        update={
            "rolling_update": group().rolling_update.model_copy(
                update={"max_surge": surge, "max_unavailable": unavailable}
            )
        }
    )
    with pytest.raises(ValueError, match="no machine could be replaced"):
        pace_of(bad, 5)
