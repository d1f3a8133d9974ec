"""A small evaluator of the refusals in a bucket policy, after the IAM User Guide, "Policy evaluation logic".

It knows the operators that the policies under test use, and fails on any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase


def refusing_statements(policy: str, action: str, resource: str, context: Mapping[str, str]) -> set[str]:
    """Return the Sids of the Deny statements that hold for a request."""
    return {
        statement["Sid"]
        for statement in json.loads(policy)["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and fnmatchcase(action, statement["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in _listed(statement["Resource"]))
        and all(
            _holds(operator, key, value, context)
            for operator, tests in statement["Condition"].items()
            for key, value in tests.items()
        )
    }


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _holds(operator: str, key: str, value: str, context: Mapping[str, str]) -> bool:
    given = context.get(key)
    if operator == "Null":
        return (given is None) == (value == "true")
    if operator == "StringNotEquals":
        # "Negated matching": a key that is absent does not match, so the condition holds.
        return given != value
    if operator == "Bool":
        return given == value
    if operator == "NumericLessThan":
        return given is not None and float(given) < float(value)
    raise AssertionError(f"the evaluator does not know {operator}")
