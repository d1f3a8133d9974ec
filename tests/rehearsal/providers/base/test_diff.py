from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.providers.base.diff import Path, changes, format_path, parse_path, same, schema_path
from rehearsal.providers.base.values import UNKNOWN


def _found(old: dict[str, Any], new: dict[str, Any], **options: Any) -> list[tuple[str, str]]:
    return [(change.text, change.kind.value) for change in changes(old, new, **options)]


PATHS: list[tuple[Path, str]] = [
    (("tags", "Name"), "tags.Name"),
    (("ingress", 0, "cidrBlocks"), "ingress[0].cidrBlocks"),
    (("tags", "kubernetes.io/cluster/a"), 'tags["kubernetes.io/cluster/a"]'),
    (("tags", 'a"b'), 'tags["a\\"b"]'),
    (("rules", 1, 2), "rules[1][2]"),
]


@pytest.mark.parametrize(("path", "text"), PATHS)
def test_paths_are_written_and_read_as_the_engine_does(path: Path, text: str) -> None:
    assert format_path(path) == text
    assert parse_path(text) == path


def test_a_schema_path_has_no_indices() -> None:
    assert schema_path(("ingress", 0, "cidrBlocks", 2)) == "ingress.cidrBlocks"


def test_only_what_changed_is_named() -> None:
    old = {"same": 1, "gone": 1, "tags": {"a": "b", "c": "d"}, "rules": [{"port": 1}, {"port": 2}]}
    new = {"same": 1, "fresh": 1, "tags": {"a": "x", "e": "f"}, "rules": [{"port": 1}, {"port": 3}, {"port": 4}]}
    assert _found(old, new) == [
        ("fresh", "add"),
        ("gone", "delete"),
        ("rules[1].port", "update"),
        ("rules[2]", "add"),
        ("tags.a", "update"),
        ("tags.c", "delete"),
        ("tags.e", "add"),
    ]


def test_true_is_not_one() -> None:
    assert _found({"a": True}, {"a": 1}) == [("a", "update")]
    assert _found({"a": 1}, {"a": 1.0}) == []


def test_an_unknown_differs_from_all_but_itself() -> None:
    assert _found({"a": "b"}, {"a": UNKNOWN}) == [("a", "update")]
    assert _found({"a": {"b": 1}}, {"a": UNKNOWN}) == [("a", "update")]
    assert _found({"a": UNKNOWN}, {"a": UNKNOWN}) == []


def test_order_matters_but_in_sets() -> None:
    old, new = {"ids": ["a", "b", "c"]}, {"ids": ["c", "a", "x"]}
    assert [path for path, _ in _found(old, new)] == ["ids[0]", "ids[1]", "ids[2]"]
    assert _found(old, new, sets={"ids"}) == [("ids[2]", "update")]
    assert _found({"ids": ["a", "a"]}, {"ids": ["a"]}, sets={"ids"}) == [("ids[1]", "delete")]


def test_a_set_within_a_set() -> None:
    old = {"rules": [{"port": 1, "peers": ["a", "b"]}, {"port": 2, "peers": []}]}
    new = {"rules": [{"port": 2, "peers": []}, {"port": 1, "peers": ["b", "a"]}]}
    assert _found(old, new, sets={"rules", "rules.peers"}) == []
    assert _found(old, new, sets={"rules"}) == [("rules[1].peers[0]", "update"), ("rules[1].peers[1]", "update")]


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        (["tags"], ["size"]),
        (["tags.a"], ["size", "tags.b"]),
        (["tags.*"], ["size"]),
        (["*"], []),
        (["size", 'tags["a"]'], ["tags.b"]),
        (["tags.a.deeper"], ["size", "tags.a", "tags.b"]),
    ],
)
def test_ignored_paths_cover_what_is_below_them(ignored: list[str], left: list[str]) -> None:
    old, new = {"size": 1, "tags": {"a": "x", "b": "x"}}, {"size": 2, "tags": {"a": "y", "b": "y"}}
    assert [path for path, _ in _found(old, new, ignore=ignored)] == left


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=4))
def test_nothing_differs_from_itself(value: dict[str, Any]) -> None:
    assert changes(value, value) == []
    assert same(value, value)


@given(st.lists(VALUES, max_size=5).flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))))
def test_a_set_is_the_same_in_any_order(pair: tuple[list[Any], list[Any]]) -> None:
    assert same(*pair, sets={"ids"}, at=("ids",))
