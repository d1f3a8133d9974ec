"""The declarative form of a resource type: which calls make, read, change and end it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from rehearsal.providers.aws.naming import tag_list
from rehearsal.providers.aws.session import Aws

Props = dict[str, Any]


class Kind:
    """One resource type. A subclass states its table (the class variables) and the calls (the methods).

    Properties have the vendor's names. ``read`` returns the live state: every property the API tells of; a property
    with the value None is known to be unset; a property left out is one the API does not tell (it stays as declared).
    """

    token: ClassVar[str]
    """The vendor's type."""
    service: ClassVar[str]
    """The boto3 client."""
    handled: ClassVar[frozenset[str]]
    """Every property that the calls below carry out. The vendor's other properties are refused, not ignored."""
    force_new: ClassVar[frozenset[str]] = frozenset()
    """Properties that cannot be changed in place ("Forces new resource" in the vendor's documentation). A schema path
    such as ``rootBlockDevice.volumeSize`` may name a part."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """What the vendor's schema takes for a property left out; also how such a property is reset. None stands for
    "unset": a value that somebody set by hand is drift then."""
    computed: ClassVar[frozenset[str]] = frozenset()
    """Optional properties that AWS fills in: left out of the program, they stay as they are. A schema path may name a
    part (``healthCheck.timeout``)."""
    sets: ClassVar[frozenset[str]] = frozenset()
    """Schema paths of lists without order."""
    documents: ClassVar[frozenset[str]] = frozenset()
    """Properties that hold JSON text, compared by meaning."""
    name_property: ClassVar[str | None] = None
    """Property that gets a generated name when the program gives none."""
    generated_prefix: ClassVar[str] = ""
    """What a generated name begins with, before the resource's own name."""
    changing: ClassVar[Mapping[str, Collection[str]]] = {}
    """Outputs that an update changes, by the properties that change them; ``*`` stands for any property."""
    gone: ClassVar[frozenset[str]] = frozenset()
    """Error codes that mean that the thing does not exist."""

    def forced(self, old: Props, new: Props) -> Collection[str]:  # noqa: ARG002 (for those whose answer depends on them)
        """Return the properties besides :attr:`force_new` that cannot go from the old inputs to the new in place."""
        return ()

    def create(self, aws: Aws, inputs: Props) -> str:
        """Create it and return its id."""
        raise NotImplementedError

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        """Do what creation needs beyond the first call. When it fails, the thing exists and is kept in the state."""

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        """Return the live state, or None when there is no such thing. ``known`` is what the state said last."""
        raise NotImplementedError

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        """Change the properties named in ``changed``; ``new`` holds all, defaults included."""
        raise NotImplementedError(f"{self.token} has no property that can be changed in place")

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        """Delete it. An error code in ``gone`` means that it was deleted before."""
        raise NotImplementedError


def find_one(
    aws: Aws, service: str, operation: str, result: str, gone: Iterable[str], /, **arguments: Any
) -> dict[str, Any] | None:
    """Return the one item that a describe call gives, or None when there is none."""
    answer = aws.find(service, operation, frozenset(gone), **arguments)
    items = answer.get(result, []) if answer else []
    return dict(items[0]) if items else None


def change_tags(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[list[dict[str, str]], list[str]]:
    """Return the tags to set and the keys to remove."""
    return tag_list({k: v for k, v in new.items() if old.get(k) != v}), [key for key in old if key not in new]
