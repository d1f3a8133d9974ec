"""The form in which the calls of a type of resource are written down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Calls:
    """The calls of one type, each with what it acts on."""

    create: str = ""
    read: str = ""
    update: str = ""
    delete: str = ""
