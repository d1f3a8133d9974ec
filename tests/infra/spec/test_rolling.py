"""How a group may roll: numbers, percentages, and what leaves no way to replace a machine."""

from __future__ import annotations

from typing import Any

import pytest

from infra.spec import SpecError
from infra.spec.rolling import RollingUpdateSpec
from tests.infra.samples import ENVIRONMENT, sample_spec, with_group

AT = "instanceGroups[1].rollingUpdate"


def refused(**rolling: Any) -> list[str]:
    try:
        with_group(rollingUpdate=rolling)
    except SpecError as error:
        return [line.partition(". ")[2] for line in str(error).splitlines()[1:]]
    return []


@pytest.mark.parametrize(
    "value", [0, 1, 10_000, "0%", "1%", "9%", "10%", "25%", "99%", "100%"]
)  # fmt: skip
@pytest.mark.parametrize("key", ["maxSurge", "maxUnavailable"])
def test_numbers_and_percentages(key: str, value: int | str) -> None:
    assert refused(**{key: value}) == []


@pytest.mark.parametrize("value", ["101%", "25", "%", "-1%", "1.5%", "025%", "25 %", "all", ""])
def test_no_percentages(value: str) -> None:
    assert refused(maxSurge=value) == [
        f"{AT}.maxSurge: {value!r} is not a percentage from 0% to 100%. "
        "Fix: write a whole number without quotes, or a percentage as '25%'."
    ]


@pytest.mark.parametrize(
    ("value", "shown", "problem"),
    [
        (-1, "-1", "is not from 0 to 10000"),
        (10_001, "10001", "is not from 0 to 10000"),
        (True, "true", "is not a number or a percentage"),
        (0.5, "0.5", "is not a number or a percentage"),
        ([1], "[1]", "is not a number or a percentage"),
    ],
)
def test_no_numbers(value: object, shown: str, problem: str) -> None:
    (line,) = refused(maxUnavailable=value)
    assert line.startswith(f"{AT}.maxUnavailable: {shown} {problem}. Fix: write a ")


@pytest.mark.parametrize("surge", [0, "0%"])
@pytest.mark.parametrize("unavailable", [0, "0%"])
def test_both_0(surge: int | str, unavailable: int | str) -> None:
    assert refused(maxSurge=surge, maxUnavailable=unavailable) == [
        f"{AT}.maxUnavailable: {unavailable!r} is 0 and so is maxSurge: no machine could ever be replaced. "
        f"Fix: allow 1 or more of one of the two."
    ]
    assert refused(maxSurge=surge) == []
    assert refused(maxUnavailable=unavailable) == []


def plane(**rolling: Any) -> list[str]:
    groups = [{**ENVIRONMENT["instanceGroups"][0], "rollingUpdate": rolling}, *ENVIRONMENT["instanceGroups"][1:]]
    try:
        sample_spec(instanceGroups=groups)
    except SpecError as error:
        return [problem.problem for problem in error.problems]
    return []


def test_a_control_plane_member_goes_before_its_replacement_comes() -> None:
    assert plane() == plane(maxSurge=0) == plane(maxSurge="0%") == plane(maxUnavailable=1) == []
    assert plane(maxSurge=1)[0].startswith("cannot be had by a control-plane member")
    assert plane(maxUnavailable=0)[0].startswith("leaves a control-plane member no way to be replaced")
    assert plane(maxSurge=0, maxUnavailable="0%") == ["is 0 and so is maxSurge: no machine could ever be replaced"]


@pytest.mark.parametrize(("value", "good"), [("1s", True), ("0s", False), ("1d", True), ("24h", True), ("25h", False)])
def test_the_time_of_a_drain(value: str, good: bool) -> None:
    expected = f"{AT}.drainTimeout: {value!r} is not from 1s to 1d. Fix: write 1s to 1d, as 15m."
    assert refused(drainTimeout=value) == ([] if good else [expected])


def test_the_defaults_are_kopss() -> None:
    assert RollingUpdateSpec().model_dump() == {"max_surge": None, "max_unavailable": None, "drain_timeout": "15m"}
