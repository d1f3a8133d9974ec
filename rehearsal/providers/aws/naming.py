"""Between the vendor's names (``cidrBlock``) and the API's (``CidrBlock``), guided by botocore's models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rehearsal.providers.aws.session import Aws


def arguments(
    aws: Aws, service: str, operation: str, properties: Mapping[str, Any], rename: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return those of ``properties`` that the operation takes, with the API's names at every level.

    A name matches without regard to case, and in singular or plural. ``rename`` maps a vendor's name, at any level, to
    the API's where they differ; to the empty string where a property is not for this operation.
    """
    client = aws.client(service)
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
    converted = _to_api(model.input_shape, properties, rename or {})
    assert isinstance(converted, dict)  # noqa: S101 (an operation's input is a structure)
    return converted


def _to_api(shape: Any, value: Any, rename: Mapping[str, str]) -> Any:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        members = _by_folded_name(shape)
        result = {}
        for key, item in value.items():
            name = rename.get(key, key)
            member = members.get(_fold(name)) or members.get(_fold(name).removesuffix("s"))
            if name and member is not None and item is not None:
                result[member] = _to_api(shape.members[member], item, rename)
        return result
    if shape.type_name == "list" and isinstance(value, list):
        return [_to_api(shape.member, item, rename) for item in value]
    if shape.type_name == "list" and isinstance(value, Mapping):
        return [_to_api(shape.member, value, rename)]
    if shape.type_name in ("integer", "long") and isinstance(value, str) and value.isdigit():
        return int(value)
    if shape.type_name == "boolean" and value in ("true", "false"):
        return value == "true"
    if shape.type_name == "string" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _by_folded_name(shape: Any) -> dict[str, str]:
    names: dict[str, str] = {}
    for member in shape.members:
        names[_fold(member)] = member
        names.setdefault(_fold(member).removesuffix("s"), member)
    return names


def _fold(name: str) -> str:
    return name.replace("_", "").lower()


def to_vendor(value: Any, rename: Mapping[str, str] | None = None) -> Any:
    """Return an API answer with names as the vendor writes them: first letter small; ``rename`` for the others."""
    names = rename or {}
    if isinstance(value, Mapping):
        return {names.get(key, key[:1].lower() + key[1:]): to_vendor(item, rename) for key, item in value.items()}
    if isinstance(value, list):
        return [to_vendor(item, rename) for item in value]
    return value


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Return tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def tag_map(tags: Any, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Return tags as the vendor shows them, without those that AWS itself sets."""
    return {tag[key]: tag[value] for tag in tags or [] if not tag[key].startswith("aws:")}
