"""A vendor's own property names and types, read from its installed SDK (``pulumi_aws``, ``pulumi_tls``...).

A program that the vendor's plugin would refuse must be refused here too: an unknown property, a value of the wrong
type, a required property left out. The SDK is generated from the plugin's schema, so it says all three.

Importing the SDK takes seconds, and its lazy imports are not for several threads. So it is read by a process of its own
(``python -m rehearsal.providers.base.sdk TOKEN...`` prints the shapes as JSON), and what was read is kept: see
:mod:`rehearsal.providers.base.store`.
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
import sys
import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rehearsal.providers.base.shapes import ResourceShape, Shape, UnknownTypeError, to_json

_REGISTRATION = re.compile(r'resource_modules="""(.*?)"""', re.DOTALL)


def sdk_package(token: str) -> str:
    """Return the Python package that declares a resource type: ``pulumi_aws`` of ``aws:s3/bucket:Bucket``."""
    return f"pulumi_{token.partition(':')[0]}"


@cache
def _registered(package: str) -> Mapping[str, tuple[str, str]]:
    """Return token -> (module, class), from the registration at the end of the package, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ImportError(f"{package} is not installed beside this plugin; install requirements.txt")
    match = _REGISTRATION.search(Path(spec.origin).read_text(encoding="utf-8"))
    if match is None:
        raise ImportError(
            f"{package} registers no resource modules; this plugin reads the versions in requirements.txt"
        )
    found: dict[str, tuple[str, str]] = {}
    for module in json.loads(match.group(1)):
        for token, name in module["classes"].items():
            found[token] = (module["fqn"], name)
    return found


def read_shape(token: str) -> ResourceShape:
    """Return the shape of a resource type. Imports the SDK's modules, which takes seconds for some.

    Raises:
        UnknownTypeError: the SDK has no such type; the message names the nearest ones.
    """
    package = sdk_package(token)
    registered = _registered(package)
    try:
        place, name = registered[token]
    except KeyError:
        near = difflib.get_close_matches(token, registered, n=3)
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise UnknownTypeError(f"{package} has no resource type {token}{hint}") from None
    module = importlib.import_module(f"{place}.{_module_name(name)}")
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
    parameters = inspect.signature(cls.__init__).parameters  # type: ignore[misc]  # a class, not an instance
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
    if (isinstance(hint, type) and hasattr(hint, "_pulumi_input_type")) or _is_input_type(hint):
        return _object(hint)
    return Shape("any")


def _is_input_type(hint: Any) -> bool:
    from pulumi import _types

    return isinstance(hint, type) and _types.is_input_type(hint)


def _union(members: tuple[Any, ...]) -> Shape:
    """Return the shape of X for ``Union[X, Awaitable[X], Output[X], None]``; a string beside its enum is a string."""
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


def main() -> None:
    """Print the shapes of the types named on the command line; exit with 3 where the SDK has no such type."""
    found = {}
    for token in sys.argv[1:]:
        try:
            shape = read_shape(token)
        except UnknownTypeError as error:
            print(error, file=sys.stderr)
            sys.exit(3)
        found[token] = {"inputs": to_json(shape.inputs), "outputs": sorted(shape.outputs)}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
