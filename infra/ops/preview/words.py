"""Names and numbers in a sentence: many of them, those of objects in the cluster, and amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

TOLD = 12
"""Names, and sentences of a kind, that are told one by one; more are counted."""


def listed(names: Sequence[str], most: int) -> str:
    """Return names with commas between; of those beyond ``most`` only how many there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def groups_named(names: Sequence[str], most: int) -> str:
    """Return the beginning of a sentence about each of some instance groups."""
    return f"Group {names[0]}" if len(names) == 1 else f"Groups {listed(names, most)}, each"


def object_named(token: str, name: str, inputs: Mapping[str, Any]) -> str:
    """Return kind, namespace and name of a Kubernetes object: ``Deployment shop/web``.

    ``name`` is the program's, for an object that is named by the API server.
    """
    metadata = inputs.get("metadata")
    place = metadata if isinstance(metadata, Mapping) else {}
    kind, called = token.rpartition(":")[2], place.get("name") or name
    return f"{kind} {place['namespace']}/{called}" if place.get("namespace") else f"{kind} {called}"


def money(amount: float) -> str:
    """Return USD with its sign."""
    sign = "+" if amount > 0.005 else "-" if amount < -0.005 else "±"
    return f"{sign}${abs(amount):,.2f}"


def count(number: int, noun: str) -> str:
    """Return a number and its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
