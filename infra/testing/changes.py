"""What differs between two environments: what an update from one to the other would touch."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

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
    old, new = before.resources, after.resources
    differing = {
        key: frozenset(
            name
            for name in {*old[key].inputs, *new[key].inputs}
            if old[key].inputs.get(name) != new[key].inputs.get(name)
        )
        for key in old.keys() & new.keys()
    }
    return Changes(
        added=frozenset(new.keys() - old.keys()),
        removed=frozenset(old.keys() - new.keys()),
        changed={key: names for key, names in differing.items() if names},
    )
