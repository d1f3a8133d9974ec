"""Nested settings between the vendor's form and the API's, with nothing lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from rehearsal.providers.aws import store
from rehearsal.providers.aws.naming import arguments
from rehearsal.providers.aws.session import Aws, AwsError
from rehearsal.providers.base import shapes


def request(
    aws: Aws, service: str, operation: str, properties: Mapping[str, Any], rename: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return ``properties`` as arguments of an operation.

    Raises:
        AwsError: some setting has no counterpart in the operation's model; it would be lost.
    """
    given = {key: value for key, value in properties.items() if value is not None}
    converted = arguments(aws, service, operation, given, rename)
    if _leaves(given) != _leaves(converted):
        raise AwsError(
            "ParamValidationError",
            f"the stand-in cannot express some part of {sorted(given)} as arguments of {service} {operation}: "
            f"{given!r} became {converted!r}",
        )
    return converted


def _leaves(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(_leaves(item) for item in value.values() if item is not None)
    if isinstance(value, list):
        return sum(_leaves(item) for item in value)
    return 1


def answer(shape: shapes.Shape, value: Any, rename: Mapping[str, str] | None = None) -> Any:
    """Return a part of an API answer in the form of a vendor's type; what the type does not have is left out.

    ``rename`` maps an API's name, at any level, to the vendor's. Where the vendor has text (three-valued booleans,
    numbers that may be words), numbers and booleans become text.
    """
    if shape.kind == "object" and isinstance(value, Mapping):
        names = _fields(shape)
        result = {}
        for key, item in value.items():
            name = names.get(((rename or {}).get(key, key)).lower())
            if name is not None and item is not None:
                result[name] = answer(shape.fields[name], item, rename)
        return result
    if shape.kind == "list" and isinstance(value, list) and shape.item is not None:
        return [answer(shape.item, item, rename) for item in value]
    if shape.kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if shape.kind == "string" and isinstance(value, int):
        return str(value)
    return value


def _fields(shape: shapes.Shape) -> dict[str, str]:
    names = {}
    for field in shape.fields:
        names[field.lower()] = field
        names.setdefault(field.lower().removesuffix("s"), field)
    return names


@cache
def field(token: str, name: str) -> shapes.Shape:
    """Return the shape of an input of a resource type."""
    return store.resource_shape(token).inputs.fields[name]
