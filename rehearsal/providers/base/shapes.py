"""What the vendor's SDK accepts of a resource type, and what is wrong with properties that it would not accept."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rehearsal.providers.base.values import Secret, Unknown

Location = tuple[str | int, ...]


class UnknownTypeError(LookupError):
    """The vendor's SDK has no such resource type."""


@dataclass(frozen=True)
class Shape:
    """What a property accepts."""

    kind: Literal["string", "integer", "number", "boolean", "list", "map", "object", "any"]
    item: Shape | None = None
    fields: Mapping[str, Shape] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    choices: frozenset[Any] = frozenset()
    """Values accepted; any when empty."""


@dataclass(frozen=True)
class ResourceShape:
    """A resource type of the SDK."""

    inputs: Shape
    outputs: frozenset[str]
    """Wire names of all properties that the type has in the state."""


@dataclass(frozen=True)
class Finding:
    """A property that the vendor's plugin would not accept."""

    location: Location
    reason: str


def to_json(shape: Shape) -> dict[str, Any]:
    """Return a shape as plain data."""
    data: dict[str, Any] = {"kind": shape.kind}
    if shape.item is not None:
        data["item"] = to_json(shape.item)
    if shape.fields:
        data["fields"] = {name: to_json(each) for name, each in shape.fields.items()}
    if shape.required:
        data["required"] = sorted(shape.required)
    if shape.choices:
        data["choices"] = sorted(shape.choices, key=str)
    return data


def from_json(data: Mapping[str, Any]) -> Shape:
    """Return the shape that plain data describe."""
    return Shape(
        data["kind"],
        item=from_json(data["item"]) if "item" in data else None,
        fields={name: from_json(each) for name, each in data.get("fields", {}).items()},
        required=frozenset(data.get("required", ())),
        choices=frozenset(data.get("choices", ())),
    )


def findings(shape: Shape, properties: Mapping[str, Any]) -> list[Finding]:
    """Return everything about ``properties`` that the type does not accept, all at once."""
    return list(_check(shape, properties, ()))


def _check(shape: Shape, value: Any, at: Location) -> Iterator[Finding]:
    if isinstance(value, Secret):
        yield from _check(shape, value.value, at)
    elif isinstance(value, Unknown) or value is None or shape.kind == "any":
        return
    elif shape.kind == "object":
        yield from _check_object(shape, value, at)
    elif shape.kind == "list":
        if not isinstance(value, list):
            yield Finding(at, f"must be a list, and is {_name(value)}")
            return
        for index, item in enumerate(value):
            yield from _check(shape.item or Shape("any"), item, (*at, index))
    elif shape.kind == "map":
        if not isinstance(value, Mapping):
            yield Finding(at, f"must be a map, and is {_name(value)}")
            return
        for key, item in value.items():
            yield from _check(shape.item or Shape("any"), item, (*at, key))
    else:
        yield from _check_scalar(shape, value, at)


def _check_object(shape: Shape, value: Any, at: Location) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        yield Finding(at, f"must be an object, and is {_name(value)}")
        return
    for key in value:
        if key not in shape.fields and not key.startswith("__"):
            near = difflib.get_close_matches(key, shape.fields, n=1)
            yield Finding((*at, key), "is not a property of this type" + (f"; did you mean {near[0]}?" if near else ""))
    for key in sorted(shape.required):
        if value.get(key) is None:
            yield Finding((*at, key), "is required and missing")
    for key, item in value.items():
        if key in shape.fields:
            yield from _check(shape.fields[key], item, (*at, key))


_ACCEPTED: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def _check_scalar(shape: Shape, value: Any, at: Location) -> Iterator[Finding]:
    wrong_bool = isinstance(value, bool) and shape.kind != "boolean"
    if wrong_bool or not isinstance(value, _ACCEPTED[shape.kind]):
        yield Finding(at, f"must be a {shape.kind}, and is {_name(value)}")
    elif shape.choices and value not in shape.choices:
        yield Finding(at, f"must be one of {', '.join(sorted(map(str, shape.choices)))}, and is {value!r}")


def _name(value: Any) -> str:
    names = {bool: "a boolean", str: "a string", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return f"{names.get(type(value), type(value).__name__)} ({value!r})"[:120]
