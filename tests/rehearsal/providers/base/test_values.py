from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import struct_pb2

from rehearsal.providers.base.values import (
    OUTPUT_SIGNATURE,
    RESOURCE_SIGNATURE,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_STRING,
    Secret,
    from_struct,
    has_secret,
    has_unknown,
    reseal,
    reveal,
    to_struct,
)


def _struct(value: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(value)
    return struct


def test_values_come_back_as_they_went() -> None:
    given = {
        "text": "a",
        "whole": 3,
        "part": 1.5,
        "yes": True,
        "list": [1, {"a": "b"}, []],
        "map": {},
        "later": UNKNOWN,
        "hidden": Secret({"a": [1, UNKNOWN]}),
    }
    back = from_struct(to_struct(given))
    assert back == given
    assert type(back["whole"]) is int
    assert type(back["yes"]) is bool


def test_a_null_property_is_left_out() -> None:
    assert from_struct(to_struct({"a": None, "b": {"c": None, "d": 1}})) == {"b": {"d": 1}}


@pytest.mark.parametrize(
    "marker",
    [
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    ],
)
def test_every_marker_of_an_unknown_is_understood(marker: str) -> None:
    assert from_struct(_struct({"a": marker}))["a"] is UNKNOWN


def test_an_output_is_its_value() -> None:
    known = {SIGNATURE: OUTPUT_SIGNATURE, "value": "x", "dependencies": ["urn"]}
    hidden = {SIGNATURE: OUTPUT_SIGNATURE, "value": "x", "secret": True}
    later = {SIGNATURE: OUTPUT_SIGNATURE}
    back = from_struct(_struct({"known": known, "hidden": hidden, "later": later}))
    assert back == {"known": "x", "hidden": Secret("x"), "later": UNKNOWN}


def test_a_resource_reference_is_its_id() -> None:
    with_id = {SIGNATURE: RESOURCE_SIGNATURE, "urn": "urn:a", "id": "i-1"}
    without = {SIGNATURE: RESOURCE_SIGNATURE, "urn": "urn:a"}
    assert from_struct(_struct({"a": with_id, "b": without})) == {"a": "i-1", "b": "urn:a"}


def test_a_signature_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="carries the signature feed"):
        from_struct(_struct({"a": {SIGNATURE: "feed"}}))


def test_what_is_no_property_value_is_refused() -> None:
    with pytest.raises(TypeError, match="is not a property value"):
        to_struct({"a": object()})


def test_secrets_are_revealed_at_any_depth() -> None:
    given = {"a": Secret({"b": [Secret("c")]}), "d": "e"}
    assert reveal(given) == {"a": {"b": ["c"]}, "d": "e"}
    assert has_secret([{"a": Secret("b")}])
    assert not has_secret({"a": ["b"]})


def test_an_unknown_is_found_within_a_secret() -> None:
    assert has_unknown({"a": Secret([UNKNOWN])})
    assert not has_unknown({"a": Secret(["b"])})


def test_a_property_that_held_a_secret_is_sealed_whole() -> None:
    sources = ({"a": {"b": Secret("c")}, "d": "e"}, {"d": Secret("e")})
    assert reseal({"a": {"b": "c"}, "d": "e", "f": "g"}, *sources) == {
        "a": Secret({"b": "c"}),
        "d": Secret("e"),
        "f": "g",
    }


def test_a_secret_is_not_sealed_twice() -> None:
    given = {"a": Secret("b"), "c": {"d": Secret("e")}}
    assert reseal(given, given) == {"a": Secret("b"), "c": Secret({"d": "e"})}
