"""What differs between two environments: what an update from one to the other would touch."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from infra.testing.environment import Environment, Key


@dataclass(frozen=True)
class Changes:
    """What an update would create, delete and change. Equal to ``Changes()`` where it would do nothing.

    Whether a changed input replaces its resource is the provider's to say: ``pulumi preview`` asks it.
    """

    added: Set[Key] = frozenset()
    """Type token and logical name of what is new."""
    removed: Set[Key] = frozenset()
    """The same of what is there no more."""
    changed: Mapping[Key, Set[str]] = field(default_factory=dict)
    """The same of what differs -> the names of the inputs that do."""


def changes(before: Environment, after: Environment) -> Changes:
    """Return what an update from one environment to another would create, delete and change."""
    old, new = ({key: each.inputs for key, each in side.resources.items()} for side in (before, after))
    return differences(old, new)


def differences(old: Mapping[Key, Mapping[str, Any]], new: Mapping[Key, Mapping[str, Any]]) -> Changes:
    """Return how two sets of resources differ, each given by its inputs."""
    differing = {
        key: frozenset(name for name in {*old[key], *new[key]} if old[key].get(name) != new[key].get(name))
        for key in old.keys() & new.keys()
    }
    return Changes(
        added=frozenset(new.keys() - old.keys()),
        removed=frozenset(old.keys() - new.keys()),
        changed={key: names for key, names in differing.items() if names},
    )
