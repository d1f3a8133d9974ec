"""Property values on the wire and in Python.

The engine sends properties as a ``google.protobuf.Struct`` in which unknown values, secrets, outputs and resource
references are marked by well-known strings (``sdk/go/common/resource/properties.go`` of pulumi/pulumi). Here an
unknown value is the object `UNKNOWN`, a secret is a `Secret`, an output is its value, and a resource reference is the
id of the resource. A number without a fraction is an ``int``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a password
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE_SIGNATURE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
ASSET_SIGNATURE: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"

UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_STRINGS: Final = frozenset(
    {
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown:
    """The type of `UNKNOWN`: a value that exists only after another resource has been created."""

    def __repr__(self) -> str:
        """Return the constant's name."""
        return "UNKNOWN"

    def __copy__(self) -> Unknown:
        """Return itself: there is only one."""
        return self

    def __deepcopy__(self, memo: Mapping[int, Any]) -> Unknown:
        """Return itself: there is only one."""
        del memo
        return self


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value the engine encrypts in the state and hides on the screen."""

    value: Any


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return the properties of `struct`; a property that is null is left out, as the vendors' plugins do."""
    return {key: from_value(value) for key, value in struct.fields.items() if not _is_null(value)}


def from_value(value: struct_pb2.Value) -> Any:
    """Return one wire value as Python.

    Raises:
        ValueError: The value carries a signature this plugin does not know.
    """
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWN_STRINGS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [from_value(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _from_object(value.struct_value)
    return None


def _from_object(struct: struct_pb2.Struct) -> Any:
    if SIGNATURE not in struct.fields:
        return from_struct(struct)
    signature = struct.fields[SIGNATURE].string_value
    if signature == SECRET_SIGNATURE:
        return Secret(from_value(struct.fields["value"]))
    if signature == OUTPUT_SIGNATURE:
        content = from_value(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
        return Secret(content) if struct.fields["secret"].bool_value else content
    if signature == RESOURCE_SIGNATURE:
        return from_value(struct.fields["id"]) if "id" in struct.fields else struct.fields["urn"].string_value
    if signature in (ASSET_SIGNATURE, ARCHIVE_SIGNATURE):
        return from_struct(struct)
    raise ValueError(f"a property carries the signature {signature}, which this plugin does not know")


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return `properties` as the engine takes them."""
    struct = struct_pb2.Struct()
    for key, item in properties.items():
        _fill(struct.fields[key], item)
    return struct


def _fill(target: struct_pb2.Value, value: Any) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, Unknown):
        target.string_value = UNKNOWN_STRING
    elif isinstance(value, Secret):
        target.struct_value.fields[SIGNATURE].string_value = SECRET_SIGNATURE
        _fill(target.struct_value.fields["value"], value.value)
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        for key, item in value.items():
            _fill(target.struct_value.fields[key], item)
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for item in value:
            _fill(target.list_value.values.add(), item)
    else:
        raise TypeError(f"{value!r} ({type(value).__name__}) is not a property value")


def reveal(value: Any) -> Any:
    """Return `value` with every secret replaced by what it holds."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, Mapping):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def has_secret(value: Any) -> bool:
    """Tell whether `value` is a secret or holds one."""
    if isinstance(value, Secret):
        return True
    return any(has_secret(item) for item in _children(value))


def has_unknown(value: Any) -> bool:
    """Tell whether `value` is unknown or holds an unknown value."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Secret):
        return has_unknown(value.value)
    return any(has_unknown(item) for item in _children(value))


def reseal(plain: Mapping[str, Any], *sources: Mapping[str, Any]) -> dict[str, Any]:
    """Return `plain` with each property made secret that is, or holds, a secret in one of `sources`."""
    hidden = {key for source in sources for key, item in source.items() if has_secret(item)}
    return {key: Secret(reveal(item)) if key in hidden else item for key, item in plain.items()}


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_null(value: struct_pb2.Value) -> bool:
    return value.WhichOneof("kind") in (None, "null_value")
