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

    def words(self) -> str:
        """Return the change as a sentence."""
        verb = {("Allow", True): "may now", ("Allow", False): "may no longer", ("Deny", True): "is now denied"}.get(
            (self.effect, self.added), "is no longer denied"
        )
        return f"{self.holder} {verb}: {self.action} on {self.target}"
