"""Checking the names of fields while some values are not known yet.

A preview sends an object to the server, which refuses unknown fields, only when all its values are known.
Otherwise the names are compared with the server's own OpenAPI document for the group and version: it covers
custom resources too, nested fields exactly as the server decodes them, and is read in a tenth of the time
that importing the SDK's input classes takes.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rehearsal.providers.base.diff import format_path
from rehearsal.providers.base.values import Secret, Unknown
from rehearsal.providers.kubernetes.api import ApiClient, ApiError
from rehearsal.providers.kubernetes.tokens import Kind

_REFERENCE: Final = "#/components/schemas/"
_KIND_KEY: Final = "x-kubernetes-group-version-kind"
_OPEN_KEY: Final = "x-kubernetes-preserve-unknown-fields"

Schema = Mapping[str, Any]


class Schemas:
    """The OpenAPI documents of an API server, each read once; may be used from several threads."""

    def __init__(self, client: ApiClient) -> None:
        """Read nothing yet."""
        self._client = client
        self._lock = threading.Lock()
        self._documents: dict[str, Schema] = {}

    def unknown_fields(self, kind: Kind, fields: Mapping[str, Any]) -> list[str]:
        """Return a sentence for each field of `fields` that the kind does not have.

        Nothing is said of a kind for which the server publishes no schema. Raises ApiError,
        ClusterUnreachableError.
        """
        document = self._document(kind)
        schemas = document.get("components", {}).get("schemas", {})
        root = find_schema(kind, schemas)
        return [] if root is None else list(unknown_fields((), fields, root, schemas))

    def forget(self) -> None:
        """Drop what is known, after a CRD was created, changed or deleted."""
        with self._lock:
            self._documents.clear()

    def _document(self, kind: Kind) -> Schema:
        with self._lock:
            if kind.api_version not in self._documents:
                path = f"/openapi/v3/apis/{kind.api_version}" if kind.group else f"/openapi/v3/api/{kind.version}"
                try:
                    self._documents[kind.api_version] = self._client.request("GET", path)
                except ApiError as error:
                    if error.status != 404:
                        raise
                    self._documents[kind.api_version] = {}
            return self._documents[kind.api_version]


def find_schema(kind: Kind, schemas: Mapping[str, Schema]) -> Schema | None:
    """Return the schema of a kind, which carries the kind's group, version and name."""
    wanted = {"group": kind.group, "version": kind.version, "kind": kind.name}
    return next((schema for schema in schemas.values() if wanted in schema.get(_KIND_KEY, [])), None)


def unknown_fields(
    path: tuple[str | int, ...], value: Any, schema: Schema, schemas: Mapping[str, Schema]
) -> Iterator[str]:
    """Yield a sentence for each field below `value` that `schema` does not have, with the nearest name it has."""
    schema = _resolved(schema, schemas)
    if isinstance(value, Secret):
        value = value.value
    if isinstance(value, Unknown) or schema.get(_OPEN_KEY):
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown_fields((*path, index), item, schema.get("items", {}), schemas)
    elif isinstance(value, Mapping):
        properties = schema.get("properties")
        other = schema.get("additionalProperties")
        if properties is None and not isinstance(other, Mapping):
            return  # any content will do
        for key, item in value.items():
            if properties is not None and key in properties:
                yield from unknown_fields((*path, key), item, properties[key], schemas)
            elif isinstance(other, Mapping):
                yield from unknown_fields((*path, key), item, other, schemas)
            elif other is not True:
                near = difflib.get_close_matches(key, properties or {}, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                yield f"unknown field {format_path((*path, key))!r}{hint}"


def _resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    while True:
        reference = schema.get("$ref")
        if reference is None and len(schema.get("allOf", [])) == 1:
            reference = schema["allOf"][0].get("$ref")  # a reference with a default or description beside it
        if not isinstance(reference, str):
            return schema
        schema = schemas.get(reference.removeprefix(_REFERENCE), {})
