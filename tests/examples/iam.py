"""What IAM answers to a request, as far as the documents of examples/ci/iam need it.

An explicit Deny wins over any Allow. Each resource of a request must be allowed, by whichever statement ("Policy
evaluation logic" of the IAM User Guide). An operator of conditions that is not known here is an error, not a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Request:
    """One action on one resource, with what is known of the request."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def statements(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the statements of policy documents."""
    return [each for path in paths for each in json.loads(path.read_text(encoding="utf-8"))["Statement"]]


def allowed(policy: Sequence[Mapping[str, Any]], request: Request) -> bool:
    """Return whether a role with these statements may do it."""
    effects = {each["Effect"] for each in policy if _applies(each, request)}
    return effects == {"Allow"}


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    return (
        any(_like(request.action.lower(), each.lower()) for each in _list(statement["Action"]))
        and any(_like(request.resource, each) for each in _list(statement["Resource"]))
        and all(
            _holds(operator, key, _list(values), request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _holds(operator: str, key: str, values: list[str], context: Mapping[str, str]) -> bool:
    found = context.get(key)
    if operator == "Null":
        return (found is None) is (values == ["true"])
    if operator == "StringEquals":
        return found in values
    if operator == "ForAllValues:StringEquals":
        # True of a request that has none of the key; a statement that minds that says so by Null.
        return set((found or "").split()) <= set(values)
    if operator in ("StringLike", "ArnLike"):
        return found is not None and any(_like(found, each) for each in values)
    raise NotImplementedError(operator)


def _like(text: str, pattern: str) -> bool:
    # IAM knows `*` and `?`; brackets, which fnmatch knows besides, are ordinary characters.
    return fnmatchcase(text, re.sub(r"\[", "[[]", pattern))


def _list(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]
