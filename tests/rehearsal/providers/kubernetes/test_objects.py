from __future__ import annotations

from typing import Any

import pytest

from rehearsal.providers.base.values import UNKNOWN, Secret
from rehearsal.providers.kubernetes import objects

SECRET = {"apiVersion": "v1", "kind": "Secret"}


def test_schema_extensions_change_their_spelling_and_back() -> None:
    program = {"schema": [{"x_kubernetes_list_map_keys": ["a"], "x_kubernetes_other": 1, "items": {}}]}
    server = {"schema": [{"x-kubernetes-list-map-keys": ["a"], "x_kubernetes_other": 1, "items": {}}]}
    assert objects.for_server(program) == server
    assert objects.for_engine(server) == program


def test_string_data_are_folded_into_data() -> None:
    fields = {**SECRET, "stringData": {"a": "plain", "b": UNKNOWN, "c": Secret("s")}, "data": {"d": "ZA=="}}
    assert objects.normalized(fields) == {
        **SECRET,
        "data": {"a": "cGxhaW4=", "b": UNKNOWN, "c": Secret("cw=="), "d": "ZA=="},
    }


def test_secret_string_data_make_secret_data() -> None:
    folded = objects.normalized({**SECRET, "stringData": Secret({"a": "plain"})})
    assert folded == {**SECRET, "data": Secret({"a": "cGxhaW4="})}


def test_unknown_string_data_wait() -> None:
    fields = {**SECRET, "stringData": UNKNOWN}
    assert objects.normalized(fields) == fields


def test_other_kinds_keep_string_data() -> None:
    fields = {"apiVersion": "v1", "kind": "ConfigMap", "stringData": {"a": "b"}}
    assert objects.normalized(fields) == fields


def test_read_only_metadata_are_left_out() -> None:
    fields = {"metadata": {"name": "n", "uid": "u", "resourceVersion": "1", "managedFields": [], "generation": 1}}
    assert objects.normalized(fields) == {"metadata": {"name": "n"}}


def test_checkpoint_has_the_vendors_layout() -> None:
    live = {**SECRET, "metadata": {"name": "n"}, "data": {"a": "b"}}
    inputs = {**SECRET, "data": {"a": "b"}}
    state = objects.checkpoint(live, inputs, inputs, "manager")
    assert state == {
        **SECRET,
        "metadata": {"name": "n"},
        "data": Secret({"a": "b"}),
        "__inputs": {**SECRET, "data": Secret({"a": "b"})},
        "__initialApiVersion": "v1",
        "__fieldManager": "manager",
    }
    assert objects.live_part(state) == {**SECRET, "metadata": {"name": "n"}, "data": Secret({"a": "b"})}


def test_secret_places_are_marked_and_no_more() -> None:
    source = {"spec": {"a": Secret(1), "list": [{"b": Secret(2)}], "c": {"d": 3}}, "gone": Secret(1)}
    plain = {"spec": {"a": 1, "list": [{"b": 2}, {"b": 3}], "c": {"d": 3}, "e": 4}}
    assert objects.sealed_like(plain, source) == {
        "spec": {"a": Secret(1), "list": Secret([{"b": 2}, {"b": 3}]), "c": {"d": 3}, "e": 4}
    }


def test_what_is_secret_is_not_sealed_twice() -> None:
    assert objects.sealed_like({"a": Secret(1)}, {"a": Secret(1)}) == {"a": Secret(1)}


def test_pruned() -> None:
    live = {"a": 1, "b": {"c": 2, "d": 3}, "list": [{"e": 1, "f": 2}, {"e": 3, "f": 4}]}
    assert objects.pruned(live, {"a": 9, "b": {"c": 9}, "list": [{"e": 9}], "missing": 1}) == {
        "a": 1,
        "b": {"c": 2},
        "list": [{"e": 1}, {"e": 3, "f": 4}],
    }


@pytest.mark.parametrize(
    ("inputs", "before", "now", "expected"),
    [
        # The server spells a quantity differently: no drift.
        ({"cpu": "1000m"}, {"cpu": "1"}, {"cpu": "1"}, {"cpu": "1000m"}),
        ({"cpu": "1000m"}, {"cpu": "1"}, {"cpu": "2"}, {"cpu": "2"}),
        # Fields of others are not taken in; ours that are gone are.
        ({"a": 1}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 1}, {"a": 1}),
        # What the server never kept is kept here.
        ({"a": 1, "empty": {}}, {"a": 1}, {"a": 1}, {"a": 1, "empty": {}}),
        # Lists: item by item while their length stays, else as they are.
        ({"l": [{"q": "1000m"}]}, {"l": [{"q": "1", "d": 0}]}, {"l": [{"q": "1", "d": 0}]}, {"l": [{"q": "1000m"}]}),
        ({"l": [{"q": "1000m"}]}, {"l": [{"q": "1", "d": 0}]}, {"l": [{"q": "3", "d": 0}]}, {"l": [{"q": "3"}]}),
        ({"l": [1, 2]}, {"l": [1, 2]}, {"l": [1]}, {"l": [1]}),
        ({"l": [1]}, {"l": [1, 2]}, {"l": [1, 2]}, {"l": [1]}),
        ({"l": [1]}, {"l": [1]}, {"l": [1, 2]}, {"l": [1, 2]}),
        ({"l": [1, 2]}, {"l": [1]}, {"l": [1, 3]}, {"l": [1, 3]}),
        # Nothing was recorded.
        ({"a": 1}, {}, {"a": 2}, {"a": 2}),
        ({"a": {"b": 1}}, {"a": None}, {"a": {"b": 2}}, {"a": {"b": 2}}),
    ],
)
def test_refreshed(inputs: Any, before: Any, now: Any, expected: Any) -> None:
    assert objects.refreshed(inputs, before, now) == expected


def test_importable() -> None:
    live = {
        **SECRET,
        "metadata": {
            "name": "n",
            "uid": "u",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "mine": "1"},
        },
        "data": {},
        "status": {"phase": "x"},
    }
    assert objects.importable(live) == {**SECRET, "metadata": {"name": "n", "annotations": {"mine": "1"}}, "data": {}}
    live["metadata"]["annotations"].pop("mine")  # type: ignore[index]
    assert objects.importable(live) == {**SECRET, "metadata": {"name": "n"}, "data": {}}


def test_kinds_with_rules_of_their_own() -> None:
    assert objects.is_secret(SECRET)
    assert not objects.is_secret({"apiVersion": "slipway.test/v1", "kind": "Secret"})
    assert objects.is_crd({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"})
    assert not objects.is_crd(SECRET)
