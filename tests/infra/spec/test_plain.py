"""What YAML can express and a spec cannot hold: told by path, and never turned into text."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from infra.spec import Problem
from infra.spec.plain import DEEPEST, plain_data
from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import GROUP, report, with_fourth

QUOTES = "put it in quotes"
KEY = "is a key that YAML does not read as text. Fix: put the key in quotes, or remove it."


def test_plain_data_is_copied() -> None:
    raw: dict[str, Any] = {"a": [1, {"b": None}, (True, 2.5)], "c": "x"}
    data, problems = plain_data(raw)
    assert data == {"a": [1, {"b": None}, [True, 2.5]], "c": "x"}
    assert problems == []
    assert data["a"] is not raw["a"]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (datetime.date(2026, 1, 2), f"2026-01-02 is a date to YAML. Fix: {QUOTES}."),
        (
            datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC),
            f"2026-01-02 03:04:00+00:00 is a date to YAML. Fix: {QUOTES}.",
        ),
        (b"x", "is binary. Fix: write text; what is none belongs into an image or a bucket."),
        ({"x"}, f"{{'x'}} is not text, a number, true, false, a list or a mapping. Fix: {QUOTES}."),
        ("a\ud800", "'a\\ud800' holds half of a surrogate pair, which is no character. Fix: remove it."),
        (2**63, "is a number of more than 64 bits. Fix: write a smaller number."),
        (-(2**300), "is a number of more than 64 bits. Fix: write a smaller number."),
    ],
)
def test_a_value_that_is_not_plain_is_told_once(value: object, line: str) -> None:
    assert report(sample_mapping(tags={"since": value})) == [f"tags.since: {line}"]
    assert report(with_fourth(desiredSize=value)) == [f"{GROUP}.desiredSize: {line}"]


def test_the_greatest_number_is_the_models_to_judge() -> None:
    assert report(with_fourth(maxSize=2**63 - 1)) == [
        f"{GROUP}.maxSize: {2**63 - 1} is too great. Fix: write at most 10000."
    ]


@pytest.mark.parametrize(
    ("key", "path"),
    [
        (1, "tags.1"),
        (None, "tags.null"),
        (True, "tags.true"),
        (datetime.date(2026, 1, 2), "tags.2026-01-02"),
        ("\ud800", "tags['\\\\ud800']"),
        (("a", 1), "tags[\"('a', 1)\"]"),
    ],
)
def test_a_key_that_is_not_text(key: object, path: str) -> None:
    raw = sample_mapping()
    raw["tags"] = {"team": "x", key: "y"}
    assert report(raw) == [f"{path}: {KEY}"]


def test_a_value_that_contains_itself() -> None:
    raw = sample_mapping()
    raw["network"]["zones"].append(raw["network"])
    assert report(raw) == ["network.zones[3]: contains itself. Fix: write it out instead of using a YAML alias."]
    raw = sample_mapping()
    raw["tags"] = raw
    assert report(raw) == ["tags: contains itself. Fix: write it out instead of using a YAML alias."]


def test_a_value_used_twice_contains_nothing() -> None:
    zones = ["eu-central-1a"]
    raw = with_fourth(zones=zones)
    raw["network"]["zones"] = zones
    assert report(raw) == []


def test_aliases_of_aliases_are_counted_and_never_written_out() -> None:
    value: Any = "x"
    for _ in range(DEEPEST - 1):
        value = [value] * 10
    assert report(sample_mapping(tags=[value])) == [
        "tags: comes to more than 200,000 values. Fix: write it out instead of using YAML aliases."
    ]
    data, problems = plain_data({"a": [["x"] * 199] * 999, "b": 1})
    assert (len(data["a"]), problems) == (999, [])


def test_depth() -> None:
    def nested(levels: int) -> dict[str, Any]:
        value: Any = "x"
        for _ in range(levels - 1):
            value = [value]
        return {"a": value}

    assert plain_data(nested(DEEPEST))[1] == []
    assert plain_data(nested(DEEPEST + 1))[1] == [
        Problem(("a", *[0] * (DEEPEST - 1)), "is nested more than 16 levels deep", "compare it with the options table")
    ]
    assert len(report({**sample_mapping(), "tags": nested(100_000)})) == 1
