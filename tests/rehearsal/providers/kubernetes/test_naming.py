from __future__ import annotations

import re
from typing import Any

import pytest

from rehearsal.providers.base.values import UNKNOWN, Secret
from rehearsal.providers.kubernetes import naming


def test_a_seed_decides_the_name() -> None:
    assert naming.autoname("web", b"seed") == "web-19b25856"
    assert naming.autoname("web", b"seed") != naming.autoname("web", b"other")


def test_without_a_seed_names_are_random() -> None:
    first, second = naming.autoname("web", b""), naming.autoname("web", b"")
    assert first != second
    assert re.fullmatch(r"web-[0-9a-f]{8}", first)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, None),
        ({"metadata": {}}, None),
        ({"metadata": {"name": ""}}, None),
        ({"metadata": {"name": "a"}}, "a"),
        ({"metadata": {"name": Secret("a")}}, "a"),
        ({"metadata": {"name": UNKNOWN}}, UNKNOWN),
        ({"metadata": UNKNOWN}, UNKNOWN),
        ({"metadata": "text"}, None),
    ],
)
def test_name_of(fields: dict[str, Any], name: object) -> None:
    assert naming.name_of(fields) == name


def test_a_given_name_is_marked() -> None:
    given = naming.give_name({"kind": "Pod", "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}, "n")
    assert given == {
        "kind": "Pod",
        "metadata": {
            "name": "n",
            "labels": {"a": "b"},
            "annotations": {"c": "d", "pulumi.com/autonamed": "true"},
        },
    }
    assert naming.is_autonamed(given)
    assert not naming.is_autonamed({"metadata": {"name": "n"}})


def test_unknown_annotations_stay_unknown() -> None:
    given = naming.give_name({"metadata": {"annotations": UNKNOWN}}, "n")
    assert given == {"metadata": {"name": "n", "annotations": UNKNOWN}}


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"metadata": {"annotations": {"k": "v"}}}, "v"),
        ({"metadata": {"annotations": {"k": UNKNOWN}}}, None),
        ({"metadata": {"annotations": UNKNOWN}}, None),
        ({"metadata": UNKNOWN}, None),
        ({}, None),
    ],
)
def test_annotation(fields: dict[str, Any], value: str | None) -> None:
    assert naming.annotation(fields, "k") == value


def test_ids() -> None:
    assert naming.object_id({"metadata": {"name": "n", "namespace": "s"}}) == "s/n"
    assert naming.object_id({"metadata": {"name": "n"}}) == "n"
    assert naming.parse_id("s/n") == ("s", "n")
    assert naming.parse_id("n") == (None, "n")


@pytest.mark.parametrize("text", ["", "s/", "/n", "a/b/c"])
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match=f"^'{text}' is not the id of an object: it is <namespace>/<name>, or <name>$"):
        naming.parse_id(text)
