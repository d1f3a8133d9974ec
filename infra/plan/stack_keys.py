"""Keys under which the engine keeps one stack in its bucket (``pkg/backend/diy`` of the engine, v3.259.0)."""

from __future__ import annotations

from dataclasses import dataclass

ORGANIZATION = "organization"
"""What a self-managed backend has for the organization of every stack; it is part of the keys of locks alone."""

COMPRESSED = ("", ".gz", ".zst")
"""Endings of a state's key: plain, or compressed as ``PULUMI_DIY_BACKEND_GZIP`` or ``PULUMI_DIY_BACKEND_ZSTD`` says."""


@dataclass(frozen=True)
class StackKeys:
    """Where everything of one stack lies."""

    project: str
    """Name of the Pulumi project, as ``Pulumi.yaml`` has it."""
    stack: str

    @property
    def state(self) -> str:
        """Key of the state, when it is not compressed."""
        return f".pulumi/stacks/{self.project}/{self.stack}.json"

    @property
    def states(self) -> tuple[str, ...]:
        """All keys that the state may have."""
        return tuple(f"{self.state}{ending}" for ending in COMPRESSED)

    @property
    def tags(self) -> str:
        """Key of the stack's tags."""
        return f".pulumi/stacks/{self.project}/{self.stack}.pulumi-tags"

    @property
    def history(self) -> str:
        """Prefix of what each update did. A key goes on with the nanoseconds since 1970 at the update's end."""
        return f".pulumi/history/{self.project}/{self.stack}/{self.stack}-"

    @property
    def backups(self) -> str:
        """Prefix of the engine's own backups of the state, one for each update."""
        return f".pulumi/backups/{self.project}/{self.stack}/"

    @property
    def locks(self) -> str:
        """Prefix of the locks. Any object below it is a lock."""
        return f".pulumi/locks/{ORGANIZATION}/{self.project}/{self.stack}/"
