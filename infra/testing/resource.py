"""One resource that the program registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.testing.recorder import is_secret


@dataclass(frozen=True)
class Secret:
    """A value that the engine would encrypt. What it is shows in no failed assertion."""

    value: Any = field(repr=False)


@dataclass(frozen=True)
class Resource:
    """A resource as the program gives it to the engine."""

    type: str
    """Type token: ``aws:autoscaling/group:Group``, ``kubernetes:apps/v1:Deployment``."""
    name: str
    """Logical name, the last part of the URN."""
    inputs: Mapping[str, Any]
    """As ``pulumi preview --json`` names them (``maxSize``), with each secret as a :class:`Secret`."""
    urn: str = ""
    """As in the state and in previews."""
    parent: str = ""
    """URN of the component that it belongs to."""
    protect: bool = False
    """Whether the engine refuses to delete it."""
    retain_on_delete: bool = False
    """Whether it stays in AWS when the program lets it go."""
    adopted: str = ""
    """ID of what is there already and becomes this resource; empty of one that is created."""
    ignore_changes: tuple[str, ...] = ()
    """Inputs whose changes are left to others, as an autoscaler's number of pods."""


def resource_of(urn: str, request: Any, inputs: Mapping[str, Any]) -> Resource:
    """Return the resource of a registration, as the engine would get it."""
    return Resource(
        type=request.type,
        name=request.name,
        inputs=plain(inputs),
        urn=urn,
        parent=request.parent,
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        adopted=request.importId,
        ignore_changes=tuple(request.ignoreChanges),
    )


def plain(value: Any) -> Any:
    """Return a value from the wire with its secrets as :class:`Secret`."""
    if is_secret(value):
        return Secret(plain(value["value"]))
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value
