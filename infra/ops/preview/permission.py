"""One right that an update gives or takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Permission:
    """One action that is granted, denied or taken back."""

    added: bool
    holder: str
    """The role, or the resource whose policy it is."""
    effect: str
    action: str
    target: str
    alarming: bool
    """Whether it is allowed anything, or anybody is allowed it."""
    folded: int = 0
    """Number of permissions that it stands for: all those of a role that goes; 0 where it is one."""

    @property
    def number(self) -> int:
        """Return how many permissions it stands for."""
        return self.folded or 1

    def words(self) -> str:
        """Return the change as a sentence."""
        if self.folded:
            return f"{self.holder} goes, with {self.folded} permission{'s' if self.folded > 1 else ''}"
        verb = {("Allow", True): "may now", ("Allow", False): "may no longer", ("Deny", True): "is now denied"}.get(
            (self.effect, self.added), "is no longer denied"
        )
        return f"{self.holder} {verb}: {self.action} on {self.target}"


def holder_of(permission: Permission) -> str:
    """Return who has it, without what is said of the holder in parentheses."""
    return permission.holder.partition(" (")[0]
