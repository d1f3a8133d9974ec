"""Completing a resource's inputs: its kind, its name, its namespace; and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rehearsal.providers.base.values import Secret, Unknown, reveal
from rehearsal.providers.kubernetes import naming
from rehearsal.providers.kubernetes.connection import Connection
from rehearsal.providers.kubernetes.tokens import CLUSTER_WIDE, Kind, is_built_in

Properties = dict[str, Any]


def with_kind(kind: Kind, news: Properties) -> tuple[Properties, list[str]]:
    """Return the inputs with group, version and kind, which must agree with the resource's type where given."""
    wanted = {"apiVersion": kind.api_version, "kind": kind.name}
    failures = [
        f"{key}: {news[key]!r} does not agree with the resource's type, which is {value!r}"
        for key, value in wanted.items()
        if reveal(news.get(key, value)) != value
    ]
    fields = {**news, **wanted}
    if isinstance(fields.get("metadata"), Secret):  # secret as a whole: each part is, and can be added to
        whole = fields["metadata"].value
        fields["metadata"] = {key: Secret(value) for key, value in whole.items()} if isinstance(whole, dict) else whole
    return fields, failures


def metadata_failures(kind: Kind, fields: Properties) -> list[str]:
    """Return what is wrong with the metadata of an object that this plugin is to manage."""
    metadata = fields.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping | Unknown):
        return [f"metadata: {metadata!r} is not an object"]
    if isinstance(metadata, Mapping) and metadata.get("generateName") and not metadata.get("name"):
        return ["metadata.generateName: not supported in Server-Side Apply mode; leave the name out to have one chosen"]
    if kind.patch and naming.name_of(fields) is None:
        return ["metadata.name: a Patch resource must name the object it patches"]
    return []


def named(
    urn: str, fields: Properties, olds: Properties, seed: bytes, proposed_name: str | None
) -> tuple[Properties, list[str]]:
    """Return the inputs with a name: their own, the one chosen before, the engine's choice, or a new one.

    `proposed_name` is what the project's `autonaming` setting says: "" when it forbids choosing.
    """
    if naming.name_of(fields) is not None:
        return fields, []
    kept = reveal(olds)
    if naming.is_autonamed(kept):
        return naming.give_name(fields, str(naming.name_of(kept))), []
    if proposed_name == "":
        return fields, ["metadata.name: required, because the project's autonaming is disabled"]
    name = proposed_name or naming.autoname(urn.rpartition("::")[2], seed)
    return naming.give_name(fields, name), []


def placed(connection: Connection, kind: Kind, fields: Properties) -> Properties:
    """Return the inputs in the default namespace, or without one for a kind that lies in none.

    A kind whose CRD does not exist yet is taken to lie in namespaces, as the vendor does; of Kubernetes' own kinds it
    knows without a server which lie in none. Raises UnknownKindError for a kind of Kubernetes itself that the server
    does not serve, ApiError, ClusterUnreachableError.
    """
    metadata = fields.get("metadata") or {}
    if isinstance(metadata, Unknown):
        return fields
    namespaced = not (is_built_in(kind) and kind.name in CLUSTER_WIDE)
    if connection.operations is not None and connection.operations.serves(kind):
        namespaced = connection.operations.cluster.discovery.resolve(kind).namespaced
    metadata = dict(metadata)
    if not namespaced:
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        metadata["namespace"] = connection.namespace
    return {**fields, "metadata": metadata}
