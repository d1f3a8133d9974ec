"""Check, diff, create, read, update and delete of any resource type, in terms of its :class:`Kind`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rehearsal.providers.aws import store
from rehearsal.providers.aws.kind import Kind, Props
from rehearsal.providers.aws.projection import project, same_document
from rehearsal.providers.aws.session import Aws, AwsError
from rehearsal.providers.base import shapes
from rehearsal.providers.base.diff import Change, changes, format_path, same, schema_path
from rehearsal.providers.base.diff import Kind as ChangeKind
from rehearsal.providers.base.values import UNKNOWN, reseal, reveal

_GENERATED = "__defaults"
"""Inputs that the plugin filled in, as the vendor's bridge writes them down; the engine does not show it."""
_META = (_GENERATED, "__meta")


class PartialCreationError(Exception):
    """The thing exists, and a call that should complete it failed: the state must keep it."""

    def __init__(self, identifier: str, state: Props, reason: str) -> None:
        super().__init__(reason)
        self.identifier = identifier
        self.state = state


@dataclass(frozen=True)
class Difference:
    """What an update would change, and which of it forces a replacement."""

    changes: list[tuple[Change, bool]]
    delete_first: bool = False
    """Whether a replacement must delete the old one first: the program gave it a name that only one can have."""

    @property
    def replaces(self) -> list[str]:
        """Paths that force a replacement."""
        return [change.text for change, replace in self.changes if replace]


@dataclass(frozen=True)
class Lifecycle:
    """The life of one resource type at one endpoint."""

    kind: Kind
    aws: Aws

    @property
    def shape(self) -> shapes.ResourceShape:
        """What the vendor's SDK says of the type."""
        return store.resource_shape(self.kind.token)

    def check(self, name: str, olds: Props, news: Props, seed: bytes) -> tuple[Props, list[tuple[str, str]]]:
        """Return the completed inputs, and (property, reason) of each that the vendor's plugin would refuse."""
        inputs = {key: value for key, value in news.items() if key not in _META and value is not None}
        found = [(format_path(f.location), f.reason) for f in shapes.findings(self.shape.inputs, inputs)]
        for key in sorted(inputs.keys() & self.shape.inputs.fields.keys() - self.kind.handled - {"region"}):
            known = ", ".join(sorted(self.kind.handled))
            found.append((key, f"is not supported by the stand-in, which has of {self.kind.token} {known}"))
        region = inputs.get("region")
        if isinstance(region, str) and region != self.aws.region:
            found.append(("region", f"is {region}, and this stand-in works in the provider's region {self.aws.region}"))
        named = self.kind.name_property
        if named is not None and named not in inputs:
            inputs[named] = self._generated_name(name, olds, inputs, seed)
            inputs[_GENERATED] = [named]
        return inputs, found

    def _generated_name(self, name: str, olds: Props, inputs: Props, seed: bytes) -> Any:
        named = str(self.kind.name_property)
        prefix = inputs.get(f"{named}Prefix", f"{self.kind.generated_prefix}{name}-")
        if named in olds.get(_GENERATED, ()) and named in olds:
            known_prefix = isinstance(prefix, str)
            if not known_prefix or str(reveal(olds[named])).startswith(prefix):
                return olds[named]
        if not isinstance(prefix, str):
            return UNKNOWN
        # The engine's seed is the same for a preview and the update that follows it.
        return prefix + hashlib.sha256(seed or name.encode()).hexdigest()[:7]

    def diff(self, old_inputs: Props, news: Props, ignore: Iterable[str]) -> Difference:
        """Return what the new inputs change."""
        old, new = self._normal(old_inputs), self._normal(news)
        found = [
            change for change in changes(old, new, sets=self.kind.sets, ignore=ignore) if not self._left_to_aws(change)
        ]
        forcing = {*self.kind.force_new, *self.kind.forced(old, new)}
        judged = [(change, _is_of(change, forcing)) for change in found]
        return Difference(judged, delete_first=self._keeps_given_name(old, news))

    def _left_to_aws(self, change: Change) -> bool:
        """Tell whether the program leaves to AWS what it, or an import, said before; an item of a list is not that."""
        named = isinstance(change.path[-1], str)
        return change.kind is ChangeKind.DELETE and named and schema_path(change.path) in self.kind.computed

    def _keeps_given_name(self, old: Props, news: Props) -> bool:
        """Tell whether the program gave the name itself, and the same as before, so that two cannot exist at once."""
        named = self.kind.name_property
        if named is None or named in news.get(_GENERATED, ()):
            return False
        return named in news and bool(reveal(news)[named] == old.get(named))

    def _normal(self, inputs: Props) -> Props:
        """Return inputs as they compare: defaults filled in, documents read, empty tags the same as none."""
        plain = {key: value for key, value in self._filled(inputs).items() if value is not None}
        for key in self.kind.documents & plain.keys():
            if isinstance(plain[key], str):
                plain[key] = json.dumps(json.loads(plain[key]), sort_keys=True)
        if plain.get("tags") == {}:
            del plain["tags"]
        return plain

    def create(
        self, inputs: Props, *, preview: bool, created: Callable[[str], None] = lambda _: None
    ) -> tuple[str, Props]:
        """Create it; in a preview, return what is known of it beforehand.

        ``created`` is called with its id as soon as it exists, before the calls that complete it.
        """
        if preview:
            return "", self._foreseen(inputs)
        plain = self._filled(inputs)
        identifier = self.kind.create(self.aws, plain)
        created(identifier)
        try:
            self.kind.complete(self.aws, identifier, plain)
            live = self.kind.read(self.aws, identifier, plain)
        except AwsError as error:
            raise PartialCreationError(identifier, self._state(inputs, None), str(error)) from error
        if live is None:
            raise PartialCreationError(identifier, self._state(inputs, None), "it was created, and cannot be found")
        return identifier, self._state(inputs, live)

    def _foreseen(self, inputs: Props) -> Props:
        """Return the outputs of a creation as far as they are known before it."""
        outputs = self.shape.outputs
        foreseen: Props = dict.fromkeys(outputs - {"id", "urn"} - self.kind.defaults.keys(), UNKNOWN)
        foreseen |= {k: v for k, v in {**self.kind.defaults, **inputs}.items() if k in outputs and v is not None}
        if "tagsAll" in outputs:
            foreseen["tagsAll"] = inputs.get("tags", {})
        if "region" in outputs:
            foreseen["region"] = self.aws.region
        return foreseen

    def read(self, identifier: str, state: Props, inputs: Props) -> tuple[Props, Props] | None:
        """Return (state, inputs) of the live thing, for a refresh or, without inputs, for an import."""
        known = {**reveal(state), **reveal(inputs)}
        live = self.kind.read(self.aws, identifier, known)
        if live is None:
            return None
        if not inputs:
            fresh = self._imported(live)
            return self._state(fresh, live), fresh
        fresh = reseal(self._refreshed(reveal(inputs), live), inputs)
        return self._state(fresh, live), fresh

    def _imported(self, live: Props) -> Props:
        fields = self.shape.inputs.fields
        defaults = self.kind.defaults
        return {
            key: value
            for key, value in live.items()
            if key in fields and value not in (None, {}, []) and value != defaults.get(key) and key != "region"
        }

    def _refreshed(self, inputs: Props, live: Props) -> Props:
        fresh: Props = {}
        for key, declared in inputs.items():
            if key not in live:
                fresh[key] = declared
                continue
            shape = self.shape.inputs.fields.get(key)
            value = live[key] if shape is None else project(shape, declared, live[key], self.kind.sets, (key,))
            if value is None:
                if not declared:
                    fresh[key] = declared  # unset is what an empty list, or false, asks for
                continue
            if key in self.kind.documents and same_document(declared, value):
                value = declared
            equal = same(declared, value, sets=self.kind.sets, at=(key,))
            fresh[key] = declared if equal else value
        # Tags that somebody added where the program set none are drift too.
        if "tags" not in inputs and live.get("tags") and "tags" in self.shape.inputs.fields:
            fresh["tags"] = live["tags"]
        for key, default in self.kind.defaults.items():
            if key not in inputs and key in live and live[key] not in (None, default):
                fresh[key] = live[key]
        return fresh

    def update(
        self, identifier: str, state: Props, old_inputs: Props, news: Props, ignore: Iterable[str], *, preview: bool
    ) -> Props:
        """Change it in place; in a preview, return what is known of it beforehand."""
        changed = {str(change.path[0]) for change, _ in self.diff(old_inputs, news, ignore).changes}
        if preview:
            foreseen = {**state, **{key: value for key, value in news.items() if key in self.shape.outputs}}
            for output, causes in self.kind.changing.items():
                if "*" in causes or changed & set(causes):
                    foreseen[output] = UNKNOWN
            if "tags" in changed and "tagsAll" in self.shape.outputs:
                foreseen["tagsAll"] = news.get("tags", {})
            return foreseen
        plain = self._filled(news)
        for key in self.kind.computed:
            if key not in plain and reveal(state).get(key) is not None:
                plain[key] = reveal(state)[key]
        if changed:
            self.kind.update(self.aws, identifier, plain, changed, self._filled(old_inputs))
        live = self.kind.read(self.aws, identifier, {**reveal(state), **plain})
        if live is None:
            raise AwsError("NotFound", "it is gone; run pulumi refresh, then up again to have it created anew")
        return self._state(news, live)

    def delete(self, identifier: str, state: Props) -> None:
        """Delete it; that it is gone already is as good."""
        try:
            self.kind.delete(self.aws, identifier, reveal(state))
        except AwsError as error:
            if error.code not in self.kind.gone:
                raise

    def _filled(self, inputs: Props) -> Props:
        return {**self.kind.defaults, **{k: v for k, v in reveal(inputs).items() if k not in _META and v is not None}}

    def _state(self, inputs: Props, live: Props | None) -> Props:
        outputs = self.shape.outputs
        told = {key: value for key, value in (live or {}).items() if key in outputs and value is not None}
        declared = {key: value for key, value in inputs.items() if key in outputs}
        filled = {k: v for k, v in self.kind.defaults.items() if k in outputs and v is not None}
        state = {**filled, **told, **reseal(declared, inputs)}
        if "region" in outputs:
            state["region"] = self.aws.region
        if "tagsAll" in outputs:
            state["tagsAll"] = state.get("tags", {})
        return state


def _is_of(change: Change, names: Iterable[str]) -> bool:
    """Say whether a change is one of these properties, or inside of one."""
    path = schema_path(change.path)
    return any(path == name or path.startswith(f"{name}.") for name in names)
