"""The vendor's own property names and types, read from the installed ``pulumi_aws`` package.

A program that the vendor's plugin would refuse must be refused here too: an unknown property, a value of the wrong
type, a required property left out. The SDK is generated from the plugin's schema, so it says all three.
"""

from __future__ import annotations

import collections.abc
import difflib
import enum
import importlib
import importlib.util
import inspect
import json
import re
import threading
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from rehearsal.providers.base.values import Secret, Unknown

Location = tuple[str | int, ...]
_REGISTRATION = re.compile(r'resource_modules="""(.*?)"""', re.DOTALL)
_MODULE_LOCK = threading.Lock()


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


@cache
def _registered() -> Mapping[str, tuple[str, str]]:
    """Return token -> (module, class), from the registration at the end of the package, without importing it."""
    spec = importlib.util.find_spec("pulumi_aws")
    if spec is None or spec.origin is None:
        raise ImportError("pulumi_aws is not installed beside this plugin; install requirements.txt")
    match = _REGISTRATION.search(Path(spec.origin).read_text(encoding="utf-8"))
    if match is None:
        raise ImportError("pulumi_aws registers no resource modules; this plugin reads version 7 of it")
    found: dict[str, tuple[str, str]] = {}
    for module in json.loads(match.group(1)):
        for token, name in module["classes"].items():
            found[token] = (module["fqn"], name)
    return found


@cache
def resource_shape(token: str) -> ResourceShape:
    """Return the shape of a resource type.

    Raises:
        UnknownTypeError: the SDK has no such type; the message names the nearest ones.
    """
    try:
        package, name = _registered()[token]
    except KeyError:
        near = difflib.get_close_matches(token, _registered(), n=3)
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise UnknownTypeError(f"pulumi_aws has no resource type {token}{hint}") from None
    with _MODULE_LOCK:
        module = importlib.import_module(f"{package}.{_module_name(name)}")
    from pulumi import _types

    cls = getattr(module, name)
    # Where a nested input type took the name <Resource>Args, the generator calls the resource's own <Resource>InitArgs.
    arguments = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    return ResourceShape(_object(arguments), frozenset(_types.resource_types(cls)))


def _module_name(name: str) -> str:
    """Return the module file of a class: ``OpenIdConnectProvider`` is in ``open_id_connect_provider``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@cache
def _object(cls: type) -> Shape:
    from pulumi import _types

    wire = _types.input_type_py_to_pulumi_names(cls)
    hints = _types.input_type_types(cls)
    parameters = inspect.signature(cls.__init__).parameters  # type: ignore[misc]  (the class, not an instance)
    required = {
        wire[name] for name, parameter in parameters.items() if name in wire and parameter.default is parameter.empty
    }
    return Shape("object", fields={name: _shape(hint) for name, hint in hints.items()}, required=frozenset(required))


def _shape(hint: Any) -> Shape:
    scalars = {str: "string", int: "integer", float: "number", bool: "boolean"}
    if hint in scalars:
        return Shape(typing.cast(Any, scalars[hint]))
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(typing.get_args(hint))
    if origin in (collections.abc.Sequence, list):
        return Shape("list", item=_shape(typing.get_args(hint)[0]))
    if origin in (collections.abc.Mapping, dict):
        return Shape("map", item=_shape(typing.get_args(hint)[1]))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        values = frozenset(member.value for member in hint)
        return Shape("string" if issubclass(hint, str) else "any", choices=values)
    if isinstance(hint, type) and hasattr(hint, "_pulumi_input_type") or _is_input_type(hint):
        return _object(hint)
    return Shape("any")


def _is_input_type(hint: Any) -> bool:
    from pulumi import _types

    return isinstance(hint, type) and _types.is_input_type(hint)


def _union(members: tuple[Any, ...]) -> Shape:
    """Return the shape of ``Union[X, Awaitable[X], Output[X], None]``: that of X. A string beside its enum is a string."""
    import pulumi

    plain = [
        member
        for member in members
        if member is not type(None)
        and typing.get_origin(member) not in (collections.abc.Awaitable, pulumi.Output)
        and member is not pulumi.Output
        and not (isinstance(member, type) and member.__name__.endswith("ArgsDict"))
    ]
    shapes = [_shape(member) for member in plain]
    if any(shape.kind == "string" and not shape.choices for shape in shapes):
        return Shape("string")
    return shapes[0] if shapes else Shape("any")


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
