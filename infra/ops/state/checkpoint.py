"""What a state object holds, and whether the engine would take it.

The rules are the engine's own: ``UnmarshalVersionedCheckpointToLatestCheckpoint`` (``pkg/resource/stack``) and
``Snapshot.VerifyIntegrity`` (``pkg/resource/deploy/snapshot.go``). All that is wrong is told, where the engine stops at
the first.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import zstandard

SCHEMA_VERSIONS = (3, 4)
"""Versions of the schema whose shape is read here. The engine still reads 1 and 2, which it last wrote in 2019."""


_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class DamagedStateError(ValueError):
    """The content is no state."""


@dataclass(frozen=True)
class PendingOperation:
    """Something an update had begun whose end was never recorded."""

    kind: str
    """``creating``, ``updating``, ``deleting``, ``reading`` or ``importing``."""
    urn: str
    id: str
    """What the provider calls the resource; empty for a creation."""


@dataclass(frozen=True)
class Checkpoint:
    """A state that can be read."""

    schema: int
    resources: tuple[Mapping[str, Any], ...]
    pending: tuple[PendingOperation, ...]
    manifest: Mapping[str, Any]
    secrets: Mapping[str, Any]
    """What encrypts the secrets in it: a type, as ``cloud`` or ``passphrase``, and its settings."""


def parse(content: bytes) -> Checkpoint:
    """Read a state.

    Raises:
        DamagedStateError: with a sentence on what is wrong.
    """
    content = unpacked(content)
    try:
        document = json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        where = f" at byte {error.pos} of {len(content)}" if isinstance(error, json.JSONDecodeError) else ""
        raise DamagedStateError(f"it is no JSON{where}: {'cut short' if _is_cut(content) else error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("checkpoint"), dict):
        raise DamagedStateError("it has no checkpoint")
    schema = document.get("version")
    if schema not in SCHEMA_VERSIONS:
        raise DamagedStateError(f"its schema is version {schema!r}, and only 3 and 4 are known")
    latest = document["checkpoint"].get("latest") or {}
    if not isinstance(latest, dict):
        raise DamagedStateError("it has no deployment")
    resources, pending = (_of(latest, name) for name in ("resources", "pending_operations"))
    if not _is_list_of_mappings(resources) or not _is_list_of_mappings(pending):
        raise DamagedStateError("its resources are no list of resources")
    return Checkpoint(schema, tuple(resources), tuple(_operations(pending)), latest.get("manifest") or {},
                      latest.get("secrets_providers") or {})  # fmt: skip


def unpacked(content: bytes) -> bytes:
    """Return what the engine wrote, before it compressed it as ``PULUMI_DIY_BACKEND_GZIP`` or ``..._ZSTD`` says.

    Raises:
        DamagedStateError: it is cut short, or what its checksum tells.
    """
    try:
        if content.startswith(_ZSTD):
            return _from_zstandard(content)
        return gzip.decompress(content) if content.startswith(_GZIP) else content
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise DamagedStateError(f"it cannot be unpacked: {error}") from None


def _from_zstandard(content: bytes) -> bytes:
    # Other ways of reading return what there is of a stream that is cut short.
    reader = zstandard.ZstdDecompressor().decompressobj()
    whole = reader.decompress(content)
    if not reader.eof:
        raise EOFError("the end of its stream is missing")
    return whole


def _is_cut(content: bytes) -> bool:
    return not content.rstrip().endswith(b"}")


def _of(latest: Mapping[str, Any], name: str) -> Any:
    return [] if latest.get(name) is None else latest[name]


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _operations(pending: Sequence[Mapping[str, Any]]) -> Iterator[PendingOperation]:
    for each in pending:
        resource = each.get("resource") or {}
        yield PendingOperation(str(each.get("type", "")), str(resource.get("urn", "")), str(resource.get("id", "")))


def integrity_problems(checkpoint: Checkpoint) -> list[str]:
    """Return what is wrong with a state that can be read, one sentence each."""
    found = []
    version = checkpoint.manifest.get("version", "")
    magic = hashlib.sha256(version.encode()).hexdigest() if version else ""
    if checkpoint.manifest.get("magic", "") != magic:
        found.append("its manifest's magic does not fit its version: it was edited or damaged")
    every = {str(each.get("urn", "")) for each in checkpoint.resources}
    before: set[str] = set()
    alive: set[str] = set()
    providers: set[str] = set()
    for index, resource in enumerate(checkpoint.resources):
        urn = str(resource.get("urn", ""))
        if not urn:
            found.append(f"resource {index} has no URN")
            continue
        found += [f"{urn} {problem}" for problem in _of_resource(resource, before, every, providers)]
        if not resource.get("delete"):
            if urn in alive:
                found.append(f"{urn} is there twice")
            alive.add(urn)
        before.add(urn)
        if str(resource.get("type", "")).startswith("pulumi:providers:"):
            providers.add(f"{urn}::{resource.get('id', '')}")
    return found


def _of_resource(resource: Mapping[str, Any], before: set[str], every: set[str], providers: set[str]) -> Iterator[str]:
    if not resource.get("type"):
        yield "has no type"
    if resource.get("id") and not resource.get("custom"):
        yield "is a component and has an ID"
    provider = resource.get("provider")
    if provider and provider not in providers and not resource.get("pendingReplacement"):
        yield f"names the provider {provider}, which is not in the state before it"
    for role, urn in references(resource):
        if urn not in before:
            yield f"names the {role} {urn}, which {'comes after it' if urn in every else 'is not in the state'}"


def references(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a resource refers to, as role and URN. Each role names a URN once."""
    if resource.get("parent"):
        yield "parent", resource["parent"]
    direct = tuple(dict.fromkeys(resource.get("dependencies") or ()))
    yield from (("dependency", urn) for urn in direct)
    by_property = (urn for urns in (resource.get("propertyDependencies") or {}).values() for urn in urns or ())
    yield from (("dependency", urn) for urn in dict.fromkeys(by_property) if urn not in direct)
    if resource.get("deletedWith"):
        yield "resource it is deleted with,", resource["deletedWith"]
    yield from (("resource it is replaced with,", urn) for urn in dict.fromkeys(resource.get("replaceWith") or ()))
