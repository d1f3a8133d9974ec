"""Processors of EC2 instance types, told from their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Architecture = Literal["amd64", "arm64"]


def architecture_of(machine_type: str) -> Architecture:
    """Return ``arm64`` for Graviton instance types, else ``amd64``.

    A family's processor is the letter ``g`` behind its generation (EC2 User Guide, "Instance type naming conventions"):
    ``m7g``, ``c6gn``, ``t4g``; ``a1`` came before that rule, and in ``g4dn`` the letter is the family's own.
    """
    family = machine_type.split(".")[0]
    letters = family.lstrip("abcdefghijklmnopqrstuvwxyz")
    attributes = letters.lstrip("0123456789").split("-")[0]
    return "arm64" if family == "a1" or "g" in attributes else "amd64"


def architecture_of_group(fields: Mapping[str, Any]) -> Architecture:
    """Return the architecture of a group that names none: that of the first instance type that it names
    (or of the first pattern of allowed ones), else ``amd64``.

    ``fields`` are those of the group that were read and are valid; of the others nothing can be told.
    """
    mixed = fields.get("mixed_instances_policy")
    needs = mixed.instance_requirements if mixed is not None else None
    types = [
        *(mixed.instances if mixed is not None else ()),
        fields.get("machine_type"),
        *(needs.allowed_instance_types if needs is not None else ()),
    ]
    return next((architecture_of(each) for each in types if each is not None), "amd64")
