"""The resource provider: what the engine asks, answered with property values.

Nothing here knows of gRPC; `service.py` carries the calls in and out.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.providers.base.diff import Change, changes
from rehearsal.providers.base.diff import Kind as ChangeKind
from rehearsal.providers.base.values import UNKNOWN, Unknown, has_unknown, reveal
from rehearsal.providers.kubernetes import naming, objects
from rehearsal.providers.kubernetes.api import ApiError, ClusterUnreachableError
from rehearsal.providers.kubernetes.connection import Connection, UnreachableError, connect
from rehearsal.providers.kubernetes.discovery import UnknownKindError
from rehearsal.providers.kubernetes.inputs import Properties, metadata_failures, named, placed, with_kind
from rehearsal.providers.kubernetes.operations import OperationError, PartialError
from rehearsal.providers.kubernetes.ownership import new_field_manager
from rehearsal.providers.kubernetes.replacement import force_new, replaces
from rehearsal.providers.kubernetes.tokens import TokenError, parse_token
from rehearsal.providers.kubernetes.waiting import WaitError

Warn = Callable[[str, str], None]
"""Shows the user a message about a resource: (urn, text)."""

FAILURES = (
    UnreachableError,
    ApiError,
    ClusterUnreachableError,
    OperationError,
    UnknownKindError,
    TokenError,
    WaitError,
)
"""What an operation may raise besides PartialError; each text is for the user."""

_CHOSEN_BY_SERVER = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
# Addresses and ports that the server picks anew at each request (Kubernetes API reference, ServiceSpec).
_PICKED_FOR_SERVICES = ("clusterIP", "clusterIPs")


@dataclass(frozen=True)
class Difference:
    """What an update would change: each change with whether it needs a new object."""

    changes: tuple[tuple[Change, bool], ...] = ()
    delete_first: bool = False

    @property
    def replaces(self) -> list[str]:
        """The paths that need a new object."""
        return [change.text for change, replace in self.changes if replace]


@dataclass
class Provider:
    """One provider. `warn` shows a message to the user; setting `cancelled` ends every wait."""

    warn: Warn = lambda _urn, _text: None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    cancelled: threading.Event = field(default_factory=threading.Event)
    connection: Connection = field(default_factory=Connection)

    def configure(self, given: Mapping[str, Any]) -> None:
        """Take the configuration and look for the cluster. Raises SettingsError."""
        self.connection = connect(given, self.environment, self.cancelled, lambda text: self.warn("", text))

    def check(
        self, urn: str, token: str, olds: Properties, news: Properties, seed: bytes, proposed_name: str | None
    ) -> tuple[Properties, list[str]]:
        """Return the inputs to keep, complete with kind, name and namespace; and what is wrong with them.

        `proposed_name` is the engine's own choice of a name (its `autonaming` setting), "" when it forbids
        one.
        """
        connection = self.connection
        if connection.operations is None and connection.settings.skip_update_unreachable and olds:
            self.warn(urn, "the cluster is unreachable and skipUpdateUnreachable is set: not updated")
            return olds, []
        try:
            kind = parse_token(token)
        except TokenError as error:
            return news, [str(error)]
        fields, failures = with_kind(kind, news)
        failures += metadata_failures(kind, fields)
        if failures:
            return fields, failures
        fields, failures = named(urn, fields, olds, seed, proposed_name)
        try:
            fields = placed(connection, kind, fields)
            if has_unknown(fields) and connection.operations is not None:
                failures += connection.operations.cluster.schemas.unknown_fields(kind, objects.for_server(fields))
        except (UnknownKindError, ApiError, ClusterUnreachableError) as error:
            failures.append(str(error))
        return objects.normalized(fields), failures

    def diff(self, token: str, state: Properties, news: Properties, ignore: list[str]) -> Difference:
        """Return what differs between the inputs that the state was made with and `news`."""
        kept = reveal(state)
        live = objects.live_part(kept)
        old = objects.normalized(kept.get(objects.INPUTS) or live)
        new = objects.normalized(reveal(news))
        namespace = live.get("metadata", {}).get("namespace")
        if namespace:
            old, new = _with_namespace(old, namespace), _with_namespace(new, namespace)
        paths = force_new(
            new,
            config_maps_mutable=self.connection.settings.config_maps_mutable,
            secrets_mutable=self.connection.settings.secrets_mutable,
        )
        if parse_token(token).patch:
            paths = ("metadata.name", "metadata.namespace")
        found = tuple(
            (change, replaces(change.path, paths, _value_at(old if change.kind is ChangeKind.DELETE else new, change)))
            for change in changes(old, new, ignore=ignore)
        )
        must_replace = any(replace for _, replace in found)
        same_place = all(_metadata(old).get(key) == _metadata(new).get(key) for key in ("name", "namespace"))
        return Difference(found, must_replace and same_place and not naming.is_autonamed(new))

    def create(
        self, urn: str, token: str, inputs: Properties, timeout: float, *, preview: bool
    ) -> tuple[str, Properties]:
        """Create the object, or tell what creating it would make; return id and state.

        Raises PartialError and `FAILURES`.
        """
        kind = parse_token(token)
        manager = _manager(inputs, {})
        fields = objects.for_server(reveal(inputs))
        if preview:
            if has_unknown(inputs) or kind.patch or not self._reachable(urn):
                return "", inputs
            live = self.connection.required().preview_create(fields, manager)
            return "", inputs if live is None else _previewed(live, inputs, manager)
        live = self.connection.required().create(fields, manager, timeout, patch=kind.patch)
        return naming.object_id(live), self._state(live, inputs, manager)

    def update(
        self,
        urn: str,
        object_id: str,
        state: Properties,
        news: Properties,
        timeout: float,
        *,
        ignored: list[str],
        preview: bool,
    ) -> Properties:
        """Bring the object to `news`, or tell what it would become; return the state.

        Raises PartialError and `FAILURES`.
        """
        if preview and (has_unknown(news) or not self._reachable(urn)):
            return news
        manager = _manager(news, state)
        fields = objects.for_server(reveal(news))
        live = self.connection.required().update(
            fields, manager, timeout, object_id=object_id, ignored=ignored, preview=preview
        )
        return self._state(live, news, manager)

    def read(
        self, urn: str, token: str, object_id: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties]:
        """Return id, state and inputs of the live object; an empty id when it is gone.

        Raises `FAILURES`.
        """
        kind = parse_token(token)
        if self.connection.operations is None:
            return self._read_unreachable(urn, object_id, state, inputs)
        try:
            namespace, name = naming.parse_id(object_id)
        except ValueError as error:
            raise OperationError(f"{token}: {error}") from error
        if not self.connection.operations.cluster.discovery.serves(kind):
            return "", {}, {}
        live = self.connection.operations.cluster.get(kind, namespace, name)
        if live is None:
            return "", {}, {}
        kept = reveal(inputs)
        if kept.get("metadata"):
            before = objects.live_part(reveal(state))
            plain = objects.refreshed(objects.normalized(kept), before, objects.for_engine(live))
        else:
            plain = objects.importable(objects.for_engine(live))
        manager = _manager(plain, state)
        return object_id, self._state(live, inputs, manager, plain), objects.sealed_like(plain, inputs)

    def delete(self, urn: str, token: str, object_id: str, state: Properties, timeout: float) -> None:
        """Delete the object and wait until it is gone.

        Raises PartialError and `FAILURES`.
        """
        if self.connection.operations is None and self.connection.settings.delete_unreachable:
            self.warn(urn, "the cluster is unreachable and deleteUnreachable is set: dropped from the state alone")
            return
        kept = reveal(state)
        inputs = kept.get(objects.INPUTS) or {}
        manager = _manager(inputs, kept)
        warning = self.connection.required().delete(parse_token(token), object_id, inputs, manager, timeout)
        if warning is not None:
            self.warn(urn, warning)

    def partial_state(self, error: PartialError, inputs: Properties, state: Properties) -> tuple[str, Properties]:
        """Return id and state to keep of an operation that was done in part."""
        live = dict(error.live)
        return naming.object_id(live), self._state(live, inputs, _manager(inputs, state))

    def _state(
        self, live: Mapping[str, Any], inputs: Properties, manager: str, plain: Properties | None = None
    ) -> Properties:
        return objects.checkpoint(live, reveal(inputs) if plain is None else plain, inputs, manager)

    def _reachable(self, urn: str) -> bool:
        if self.connection.operations is None:
            self.warn(urn, f"configured Kubernetes cluster is unreachable: {self.connection.reason}")
        return self.connection.operations is not None

    def _read_unreachable(
        self, urn: str, object_id: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties]:
        if self.connection.settings.delete_unreachable:
            self.warn(urn, "the cluster is unreachable and deleteUnreachable is set: dropped from the state alone")
            return "", {}, {}
        if self.connection.settings.skip_update_unreachable:
            self.warn(urn, "the cluster is unreachable and skipUpdateUnreachable is set: not refreshed")
            return object_id, state, inputs
        self.connection.required()
        return object_id, state, inputs  # not reached: `required` has raised


def _manager(inputs: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    chosen = naming.annotation(reveal(inputs), "pulumi.com/patchFieldManager")
    return chosen or reveal(state.get(objects.FIELD_MANAGER)) or new_field_manager()


def _previewed(live: dict[str, Any], inputs: Properties, manager: str) -> Properties:
    """Return the state that creating would leave, unknown where the server chooses anew when it is done."""
    result = copy.deepcopy(live)
    for key in _CHOSEN_BY_SERVER:
        result["metadata"][key] = UNKNOWN
    if live["apiVersion"] == "v1" and live["kind"] == "Service":
        given = reveal(inputs).get("spec") or {}
        for key in _PICKED_FOR_SERVICES:
            if key in result.get("spec", {}) and key not in given:
                result["spec"][key] = UNKNOWN
    return objects.checkpoint(result, reveal(inputs), inputs, manager)


def _metadata(fields: Properties) -> Mapping[str, Any]:
    metadata = fields.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _with_namespace(fields: Properties, namespace: str) -> Properties:
    if isinstance(fields.get("metadata"), Unknown):
        return fields
    return {**fields, "metadata": {"namespace": namespace, **_metadata(fields)}}


def _value_at(fields: Any, change: Change) -> Any:
    for part in change.path:
        try:
            fields = fields[part]
        except (KeyError, IndexError, TypeError):
            return None
    return fields
