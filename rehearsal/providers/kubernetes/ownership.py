"""Whose a field is: field managers in `metadata.managedFields` (Kubernetes, "Server-Side Apply")."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rehearsal.providers.base.diff import parse_path

# Changes by these are taken over at the next update instead of being a conflict, as the vendor's plugin
# does (pulumi-kubernetes, `provider/pkg/await/await.go`, fixCSAFieldManagers). The names are prefixes:
# kubectl calls itself kubectl-edit, kubectl-patch and so on.
_TAKEN_OVER: Final = (
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    ("pulumi-kubernetes", "Update"),
    ("pulumi-resource-kubernetes", "Update"),
)

# Kubernetes, `structured-merge-diff/merge/conflict.go`; a change through a subresource names it and does not
# match.
_CONFLICT: Final = re.compile(r'conflict with "(?P<manager>[^"]+)"(?: using \S+)?\Z')

ManagedFields = Sequence[Mapping[str, Any]]


def new_field_manager() -> str:
    """Return a name for the owner of one resource's fields, of the vendor's form."""
    return f"pulumi-kubernetes-{secrets.token_hex(4)}"


def taken_over(managed: ManagedFields, manager: str, api_version: str) -> list[dict[str, Any]] | None:
    """Return `managed` with what kubectl and older plugins own given to `manager`; None when they own nothing."""
    theirs = [entry for entry in managed if _is_taken_over(entry, manager)]
    if not theirs:
        return None
    ours = [entry for entry in managed if _is_ours(entry, manager)]
    fields: dict[str, Any] = {}
    for entry in (*ours, *theirs):
        fields = merged_fields(fields, entry.get("fieldsV1") or {})
    rest = [dict(entry) for entry in managed if entry not in theirs and entry not in ours]
    mine = {
        "manager": manager,
        "operation": "Apply",
        "apiVersion": api_version,
        "time": max(str(entry.get("time", "")) for entry in (*ours, *theirs)) or None,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    return [*rest, {key: value for key, value in mine.items() if value is not None}]


def is_taken_over_conflict(sentence: str) -> bool:
    """Tell whether the API server's sentence on a conflict names a manager whose fields are taken over."""
    found = _CONFLICT.match(sentence)
    return found is not None and any(
        found["manager"].startswith(prefix) for prefix, operation in _TAKEN_OVER if operation == "Update"
    )


def merged_fields(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the union of two field sets in the form FieldsV1."""
    result = dict(one)
    for key, value in other.items():
        result[key] = merged_fields(result[key], value) if key in result else value
    return result


def with_ignored(
    fields: Mapping[str, Any], live: Mapping[str, Any], ignored: Iterable[str], manager: str
) -> dict[str, Any]:
    """Return `fields` for an update that leaves the paths in `ignored` (`ignoreChanges`) as the cluster has
    them.

    A field that others own and `manager` does not is left out of the update; any other takes its live
    value. Paths through lists stay as the engine filled them in.
    """
    result: Any = dict(fields)
    managed = live["metadata"].get("managedFields") or []
    for text in ignored:
        path = parse_path(text)
        if not all(isinstance(part, str) and part != "*" for part in path):
            continue
        owners = {entry.get("manager") for entry in managed if _owns(entry.get("fieldsV1") or {}, path)}
        if owners and manager not in owners:
            result = _without(result, path)
        else:
            found, value = _get(live, path)
            if found:
                result = _set(result, path, value)
    return dict(result)


def _is_taken_over(entry: Mapping[str, Any], manager: str) -> bool:
    name, operation = str(entry.get("manager", "")), entry.get("operation")
    if entry.get("subresource") or (name == manager and operation == "Apply"):
        return False
    return any(name.startswith(prefix) and operation == kind for prefix, kind in _TAKEN_OVER)


def _is_ours(entry: Mapping[str, Any], manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")


def _owns(fields: Mapping[str, Any], path: Sequence[str | int]) -> bool:
    for part in path:
        if f"f:{part}" not in fields:
            return False
        fields = fields[f"f:{part}"]
    return True


def _get(value: Any, path: Sequence[str | int]) -> tuple[bool, Any]:
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return False, None
        value = value[part]
    return True, value


def _without(value: Any, path: Sequence[str | int]) -> Any:
    if not isinstance(value, Mapping) or path[0] not in value:
        return value
    if len(path) == 1:
        return {key: item for key, item in value.items() if key != path[0]}
    return {key: _without(item, path[1:]) if key == path[0] else item for key, item in value.items()}


def _set(value: Any, path: Sequence[str | int], new: Any) -> Any:
    if not path:
        return new
    base = dict(value) if isinstance(value, Mapping) else {}
    base[path[0]] = _set(base.get(path[0]), path[1:], new)
    return base
