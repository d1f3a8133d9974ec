"""Resources that differ between two states, and their properties."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from infra.ops.state.checkpoint import Checkpoint
from infra.ops.urn import type_of

SECRET = "[secret]"  # noqa: S105
_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key by which the engine marks a value that is more than JSON (``sdk/go/common/resource/sig`` of the engine)."""
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105

_SHOWN = 80
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class PropertyChange:
    """One property. A side where it is not set is None."""

    path: str
    """As ``tags.Name`` or ``rules[0].cidr``; with ``outputs.`` before it where it is no input."""
    before: str | None
    after: str | None


@dataclass(frozen=True)
class ResourceChange:
    """One resource that is not the same in both states."""

    kind: Literal["added", "removed", "changed"]
    urn: str
    properties: tuple[PropertyChange, ...] = ()
    """What differs, where it is in both."""

    @property
    def type(self) -> str:
        """The resource's own type, without those of its parents."""
        return type_of(self.urn)

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.split("::", 3)[3] if self.urn.count("::") >= 3 else self.urn


@dataclass(frozen=True)
class Comparison:
    """What differs between two states, in the order of URNs."""

    changes: tuple[ResourceChange, ...]
    veiled: tuple[str, ...]
    """URNs of resources of which only the encrypted texts of secrets differ.

    The engine encrypts each secret anew in each update that is given it by the program
    (``batchingCachingSecretsManager``, ``pkg/resource/stack/secrets.go``: it keeps the text of what it read and passes
    on, and of nothing else), so that says nothing of whether a secret changed."""


def compare(before: Checkpoint, after: Checkpoint) -> Comparison:
    """Return what differs. What is only left to be deleted is no resource."""
    old, new = _living(before), _living(after)
    changes: list[ResourceChange] = []
    veiled: list[str] = []
    for urn in sorted({*old, *new}):
        if urn not in old:
            changes.append(ResourceChange("added", urn))
        elif urn not in new:
            changes.append(ResourceChange("removed", urn))
        elif properties := tuple(_properties(old[urn], new[urn])):
            if _is_told(properties):
                changes.append(ResourceChange("changed", urn, properties))
            else:
                veiled.append(urn)
    return Comparison(tuple(changes), tuple(veiled))


def _is_told(properties: tuple[PropertyChange, ...]) -> bool:
    return any((each.before, each.after) != (SECRET, SECRET) for each in properties)


def _living(checkpoint: Checkpoint) -> dict[str, Mapping[str, Any]]:
    return {str(each.get("urn", "")): each for each in checkpoint.resources if not each.get("delete")}


def _properties(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[PropertyChange]:
    before, after = _flat(old), _flat(new)
    for path in sorted({*before, *after}):
        left, right = before.get(path), after.get(path)
        if left != right:
            yield PropertyChange(path, _shown(left), _shown(right))


@dataclass(frozen=True)
class _Value:
    shown: str
    whole: str
    """What is compared; never printed."""


def _flat(resource: Mapping[str, Any]) -> dict[str, _Value]:
    """Return path -> value of everything that may be compared; outputs only where no input says the same."""
    inputs, outputs = _inputs(resource), resource.get("outputs") or {}
    kept = resource.get("inputs") or {}
    hidden = (key for each in (inputs, kept) for key, value in each.items() if _secret(value))
    secret = {*(resource.get("additionalSecretOutputs") or ()), *hidden}
    found = dict(_walk("", {key: each for key, each in inputs.items() if key != "__defaults"}, secret))
    plain = {key: each for key, each in outputs.items() if key not in inputs and key != "__meta"}
    found.update((f"outputs.{path}", each) for path, each in _walk("", plain, secret))
    for name in ("id", "protect", "provider", "parent"):
        if resource.get(name):
            found[f"({name})"] = _Value(str(resource[name]), str(resource[name]))
    if resource.get("initErrors"):
        found["(last update)"] = _Value("not finished", "not finished")
    return found


def _inputs(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the inputs that a resource has: of one whose last update did not come to its end, those that it sent.

    The engine keeps those of before then, and pulumi-kubernetes beside them what it sent (``pkg/provider/provider.go``,
    ``Update``).
    """
    sent = (resource.get("outputs") or {}).get("__inputs")
    if resource.get("initErrors") and isinstance(sent, Mapping):
        return sent
    return resource.get("inputs") or {}


def _walk(path: str, value: Any, secret: set[str]) -> Iterator[tuple[str, _Value]]:
    if path in secret or _secret(value):
        yield path, _Value(SECRET, json.dumps(value, sort_keys=True))
    elif isinstance(value, dict) and value:
        for key, each in value.items():
            if not key.startswith("__"):
                yield from _walk(f"{path}.{key}" if path else key, each, secret)
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from _walk(f"{path}[{index}]", each, secret)
    else:
        text = json.dumps(value, sort_keys=True)
        yield path, _Value(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)", text)


def _secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET_SIGNATURE


def _shown(value: _Value | None) -> str | None:
    return None if value is None else value.shown
