"""Inputs of objects in the cluster, of which any part may be missing or be known only during the update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mapping_in(value: Any) -> Mapping[str, Any]:
    """Return a mapping as it is, and an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def list_in(value: Any) -> list[Any]:
    """Return a list as it is, and what stands in place of one that is not known yet as its only entry."""
    if isinstance(value, list):
        return value
    return [value] if value else []
