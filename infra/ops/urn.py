"""What a URN of the engine says."""

from __future__ import annotations


def type_of(urn: str) -> str:
    """Return the type token of the resource itself, without those of its parents; "" for what is no URN."""
    return urn.split("::")[2].rpartition("$")[2] if urn.count("::") >= 3 else ""
