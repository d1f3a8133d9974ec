"""Resources that live in the state alone: made once from their inputs, kept, and made anew when one changes.

The vendors' tls and random plugins have only such resources. There is nothing to ask, so a refresh finds what the state
says, and a deletion is the engine's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from rehearsal.providers.base.diff import Change, Kind, changes, format_path
from rehearsal.providers.base.shapes import ResourceShape, findings
from rehearsal.providers.base.values import UNKNOWN, Secret, Unknown, has_unknown, reveal

Props = dict[str, Any]
Problems = Iterable[tuple[str, str]]
"""(property, what is wrong with it) pairs."""

_META: Final = ("__defaults", "__meta")


class LocalError(Exception):
    """What was asked for cannot be made; the message is for the user."""


class LocalKind:
    """One resource type. A subclass states its table (the class variables) and how it is made."""

    token: ClassVar[str]
    """The vendor's type."""
    refused: ClassVar[frozenset[str]] = frozenset()
    """Properties of the vendor's that the stand-in does not carry out. They are refused, not ignored."""
    in_place: ClassVar[frozenset[str]] = frozenset()
    """Properties that can change without another being made; all others force a replacement."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """What the vendor's schema takes for a property left out."""
    secrets: ClassVar[frozenset[str]] = frozenset()
    """Outputs that are secret whatever the inputs are."""

    def problems(self, inputs: Props) -> Problems:
        """Return what is wrong with known inputs, defaults filled in, beyond their names and types."""
        del inputs
        return ()

    def make(self, inputs: Props, now: datetime) -> tuple[str, Props]:
        """Make it from plain inputs, defaults filled in; return its id and its outputs.

        Raises:
            LocalError: it cannot be made.
        """
        raise NotImplementedError

    def stale(self, state: Props, inputs: Props, now: datetime) -> str | None:
        """Return the output that says that another must be made although no input changed; None when none does."""
        del state, inputs, now
        return None

    def refreshed(self, state: Props, now: datetime) -> Props:
        """Return the outputs that time alone has changed."""
        del state, now
        return {}


@dataclass(frozen=True)
class LocalLifecycle:
    """The life of one such resource type. `clock` returns the time, with its zone."""

    kind: LocalKind
    shape: ResourceShape
    clock: Callable[[], datetime]

    def check(self, news: Props) -> tuple[Props, list[tuple[str, str]]]:
        """Return the inputs, and (property, reason) of each that the vendor's plugin would refuse."""
        inputs = {key: value for key, value in news.items() if key not in _META and value is not None}
        found = [(format_path(f.location), f.reason) for f in findings(self.shape.inputs, inputs)]
        found += [(key, "is not supported by this stand-in") for key in sorted(self.kind.refused & inputs.keys())]
        if not found:
            known = {key: value for key, value in self._filled(inputs).items() if not has_unknown(value)}
            found += self.kind.problems(known)
        return inputs, found

    def diff(
        self, state: Props, old_inputs: Props, news: Props, ignore: Iterable[str]
    ) -> tuple[list[tuple[Change, bool]], list[str]]:
        """Return each change with whether it forces a replacement, and the paths that do."""
        old, new = self._filled(old_inputs), self._filled(news)
        found = [(each, each.path[0] not in self.kind.in_place) for each in changes(old, new, ignore=ignore)]
        stale = self.kind.stale(reveal(state), new, self.clock())
        if stale is not None:
            found.append((Change((stale,), Kind.UPDATE), True))
        return found, [change.text for change, replace in found if replace]

    def create(self, inputs: Props, *, preview: bool) -> tuple[str, Props]:
        """Make it; in a preview, return what is known of it beforehand."""
        if preview:
            return "", self._state(inputs, dict.fromkeys(self._outputs_of_its_own(), UNKNOWN))
        identifier, outputs = self.kind.make(self._filled(inputs), self.clock())
        return identifier, self._state(inputs, outputs)

    def update(self, state: Props, news: Props) -> Props:
        """Change what can change in place."""
        kept = {key: value for key, value in reveal(state).items() if key in self._outputs_of_its_own()}
        return self._state(news, kept)

    def read(self, state: Props) -> Props:
        """Return the state as it is now.

        Raises:
            LocalError: there is no state: it is to be imported.
        """
        if not state:
            raise LocalError(f"{self.kind.token} cannot be imported: it exists in the state alone")
        return {**state, **self.kind.refreshed(reveal(state), self.clock())}

    def _outputs_of_its_own(self) -> frozenset[str]:
        return self.shape.outputs - self.shape.inputs.fields.keys() - {"id", "urn"}

    def _filled(self, inputs: Props) -> Props:
        given = {key: value for key, value in reveal(inputs).items() if key not in _META and value is not None}
        return {**self.kind.defaults, **given}

    def _state(self, inputs: Props, outputs: Props) -> Props:
        declared = {key: value for key, value in inputs.items() if key in self.shape.outputs}
        state = {**self.kind.defaults, **outputs, **declared}
        return {key: _sealed(value) if key in self.kind.secrets else value for key, value in state.items()}


def _sealed(value: Any) -> Any:
    return value if isinstance(value, Secret | Unknown) else Secret(value)
