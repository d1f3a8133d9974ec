"""Names of objects that the program leaves unnamed, and the ids under which the engine keeps objects."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

from rehearsal.providers.base.values import Unknown, reveal

AUTONAMED: Final = "pulumi.com/autonamed"
_HEX_DIGITS: Final = 8


def autoname(logical_name: str, seed: bytes) -> str:
    """Return `<logical name>-<8 hex digits>`.

    The digits follow from the engine's seed, so that a plan and the update made from it agree; with none
    they are random. The vendor's plugin takes as many (`NewUniqueName` with a length of 0 means 8).
    """
    digits = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(_HEX_DIGITS)
    return f"{logical_name}-{digits[:_HEX_DIGITS]}"


def name_of(fields: Mapping[str, Any]) -> str | Unknown | None:
    """Return `metadata.name`, unknown when the whole metadata are."""
    metadata = reveal(fields.get("metadata"))
    if isinstance(metadata, Unknown):
        return metadata
    if not isinstance(metadata, Mapping):
        return None
    name = metadata.get("name")
    return name if isinstance(name, Unknown) else name or None


def is_autonamed(fields: Mapping[str, Any]) -> bool:
    """Tell whether this plugin chose the object's name."""
    return annotation(fields, AUTONAMED) == "true"


def give_name(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return `fields` with a name that this plugin chose, marked as such by the vendor's annotation.

    Annotations that are unknown as a whole cannot be added to: the mark is then left out, as the vendor does.
    """
    metadata = dict(fields.get("metadata") or {})
    metadata["name"] = name
    annotations = metadata.get("annotations")
    if annotations is None or isinstance(annotations, Mapping):
        metadata["annotations"] = {**(annotations or {}), AUTONAMED: "true"}
    return {**fields, "metadata": metadata}


def annotation(fields: Mapping[str, Any], name: str) -> str | None:
    """Return an annotation; None when it is absent or not known yet."""
    metadata = fields.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    value = annotations.get(name) if isinstance(annotations, Mapping) else None
    return value if isinstance(value, str) else None


def object_id(live: Mapping[str, Any]) -> str:
    """Return `namespace/name`, or `name` for an object outside namespaces."""
    metadata = live["metadata"]
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])


def parse_id(text: str) -> tuple[str | None, str]:
    """Return namespace (None without one) and name of an id.

    Raises ValueError when the id holds no name or more than one slash.
    """
    namespace, slash, name = text.rpartition("/")
    if not name or "/" in namespace or (slash and not namespace):
        raise ValueError(f"{text!r} is not the id of an object: it is <namespace>/<name>, or <name>")
    return namespace or None, name
