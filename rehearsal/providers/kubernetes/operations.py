"""Creating, reading, updating and deleting one resource's object, as the vendor's plugin does it.

Objects here are plain values with the API's names. An operation that was done in part raises PartialError
with the live object, so that the engine keeps it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rehearsal.providers.kubernetes import waiting
from rehearsal.providers.kubernetes.api import ApiError
from rehearsal.providers.kubernetes.cluster import Cluster, kind_of
from rehearsal.providers.kubernetes.discovery import UnknownKindError
from rehearsal.providers.kubernetes.naming import annotation, object_id, parse_id
from rehearsal.providers.kubernetes.objects import is_crd
from rehearsal.providers.kubernetes.ownership import is_taken_over_conflict, taken_over, with_ignored
from rehearsal.providers.kubernetes.tokens import Kind, is_built_in

PATCH_FORCE: Final = "pulumi.com/patchForce"
DELETION_POLICY: Final = "pulumi.com/deletionPropagationPolicy"
# A namespace or a CRD of the same update may be a moment away. The vendor tries as often (await.go,
# Creation).
_RETRY_PAUSES: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
_TAKE_OVER_RETRIES: Final = 4
_PROTECTED: Final = "this namespace may not be deleted"


class OperationError(Exception):
    """An object could not be created, updated or deleted; nothing of it needs to be kept."""


class PartialError(Exception):
    """The object was written but did not become what was waited for; `live` is how it is now."""

    def __init__(self, message: str, live: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.live = live


@dataclass(frozen=True)
class Operations:
    """What a resource's life needs of a cluster. `cancelled` ends every wait."""

    cluster: Cluster
    patch_force: bool = False
    upsert: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)

    def preview_create(self, fields: Mapping[str, Any], manager: str) -> dict[str, Any] | None:
        """Return what creating would make; None when the server cannot tell yet.

        It cannot while the kind's CRD or the namespace does not exist, or when the user may not write. An
        object that is to be replaced still exists: where a field of it is immutable, in just these words, the server
        is asked about one of another name, as the vendor does. Raises ApiError, and UnknownKindError for a kind
        that no CRD can bring.
        """
        if not self.serves(kind_of(fields)):
            return None
        try:
            live = self._dry_run(fields, manager)
        except ApiError as error:
            if error.is_missing_namespace or error.status == 403:
                return None
            if not error.is_immutable_field:
                raise
            metadata = {**fields["metadata"], "name": f"{fields['metadata']['name']}-{secrets.token_hex(3)}"}
            live = self._dry_run({**fields, "metadata": metadata}, manager)
            live["metadata"]["name"] = fields["metadata"]["name"]
        live.pop("status", None)
        return live

    def create(self, fields: Mapping[str, Any], manager: str, timeout: float, *, patch: bool) -> dict[str, Any]:
        """Create the object, wait until it is ready, and return it.

        An object that exists is an error unless `upsert`; one to be patched must exist. Raises
        OperationError, PartialError, ApiError.
        """
        conditions = waiting.ready_conditions(fields)
        for pause in (*_RETRY_PAUSES, None):
            try:
                self._expect(fields, patch=patch)
                live = self._apply(fields, manager, force=self._force(fields))
                break
            except UnknownKindError as error:
                if pause is None or is_built_in(kind_of(fields)):
                    raise OperationError(
                        f"{error}. Verify that any required CRDs have been created before it (depends_on)"
                    ) from error
            except ApiError as error:
                if not error.is_missing_namespace:
                    raise
                if pause is None:
                    raise OperationError(
                        f"{error}. Take the name from the Namespace resource's output, so that it is created first"
                    ) from error
            if self.cancelled.wait(pause):
                raise OperationError("cancelled before the object was created")
        if is_crd(fields):
            self.cluster.forget()
        return self._await(live, conditions, waiting.timeout_of(fields, timeout, waiting.READY_SECONDS))

    def update(
        self,
        fields: Mapping[str, Any],
        manager: str,
        timeout: float,
        *,
        object_id: str,
        ignored: list[str],
        preview: bool,
    ) -> dict[str, Any]:
        """Bring the live object to `fields` and return it, or what it would be.

        What kubectl changed by hand is taken over first; fields of other managers are a conflict. Raises
        OperationError, PartialError, ApiError.
        """
        live = self._live(kind_of(fields), object_id)
        if preview:
            return self._preview_update(with_ignored(fields, live, ignored, manager), manager)
        conditions = waiting.ready_conditions(fields)
        live = self._take_over(live, object_id, manager)
        wanted = with_ignored(fields, live, ignored, manager)
        live = self._apply(wanted, manager, force=self._force(fields))
        if is_crd(fields):
            self.cluster.forget()
        return self._await(live, conditions, waiting.timeout_of(fields, timeout, waiting.READY_SECONDS))

    def delete(self, kind: Kind, object_id: str, inputs: Mapping[str, Any], manager: str, timeout: float) -> str | None:
        """Delete the object and wait until it is gone; return a warning when it could only be given up.

        A patch gives its fields up. Dependents go first, unless the annotation says otherwise. Raises
        PartialError when the object is still there after the timeout, ApiError.
        """
        namespace, name = parse_id(object_id)
        if not self.cluster.discovery.serves(kind):
            return None  # its CRD is gone, and it with it
        live = self.cluster.get(kind, namespace, name)
        if live is None:
            return None
        if kind.patch:
            self.cluster.relinquish(live, manager)
            return None
        try:
            self.cluster.delete(kind, namespace, name, _propagation(inputs))
        except ApiError as error:
            if error.status != 403 or _PROTECTED not in error.message:
                raise
            self.cluster.relinquish(live, manager)
            return f"{kind} {object_id} may not be deleted; it was kept, without the fields managed here"
        if is_crd(live):
            self.cluster.forget()
        if annotation(inputs, waiting.SKIP_AWAIT) != "true":
            self._await_gone(kind, live, waiting.timeout_of(inputs, timeout, waiting.DELETE_SECONDS))
        return None

    def serves(self, kind: Kind) -> bool:
        """Tell whether the server serves the kind; raises UnknownKindError when it never will."""
        try:
            self.cluster.discovery.resolve(kind)
        except UnknownKindError:
            if is_built_in(kind):
                raise
            return False
        return True

    def _expect(self, fields: Mapping[str, Any], *, patch: bool) -> None:
        if self.upsert and not patch:
            return
        kind, metadata = kind_of(fields), fields["metadata"]
        found = self.cluster.get(kind, metadata.get("namespace"), metadata["name"])
        if found is not None and not patch:
            raise OperationError(
                f"{kind} {object_id(found)} already exists. Give the resource another name, adopt the object with the "
                "resource option `import_`, or set `kubernetes:upsertExistingObjects` to true to take it over"
            )
        if found is None and patch:
            raise OperationError(f"{kind} {metadata['name']} does not exist: there is nothing to patch")

    def _live(self, kind: Kind, object_id: str) -> dict[str, Any]:
        live = self.cluster.get(kind, *parse_id(object_id))
        if live is None:
            raise OperationError(
                f"{kind} {object_id} does not exist any more. Run `pulumi refresh`, then it is created again"
            )
        return live

    def _take_over(self, live: dict[str, Any], object_id: str, manager: str) -> dict[str, Any]:
        """Give `manager` what kubectl owns; a controller may write the object meanwhile, then it is read again."""
        kind = kind_of(live)
        for last in (*[False] * _TAKE_OVER_RETRIES, True):
            taken = taken_over(live["metadata"].get("managedFields") or [], manager, kind.api_version)
            if taken is None:
                break
            try:
                return self.cluster.replace_managed_fields(live, taken)
            except ApiError as error:
                if last or error.status != 409:
                    raise
            live = self._live(kind, object_id)
        return live

    def _preview_update(self, fields: Mapping[str, Any], manager: str) -> dict[str, Any]:
        """Ask what an update would make; a conflict counts only with managers that are not taken over first."""
        try:
            return self.cluster.apply(fields, manager, force=self._force(fields), dry_run=True)
        except ApiError as error:
            if not error.conflicts:
                raise
            force = all(map(is_taken_over_conflict, error.conflicts))
        return self._apply(fields, manager, force=force, dry_run=True)

    def _dry_run(self, fields: Mapping[str, Any], manager: str) -> dict[str, Any]:
        return self.cluster.apply(fields, manager, force=True, dry_run=True)

    def _apply(self, fields: Mapping[str, Any], manager: str, *, force: bool, dry_run: bool = False) -> dict[str, Any]:
        try:
            return self.cluster.apply(fields, manager, force=force, dry_run=dry_run)
        except ApiError as error:
            if error.conflicts:
                raise OperationError(
                    "Server-Side Apply field conflict detected. The resource managed by field manager "
                    f'"{manager}" had an apply conflict: {error}. To take the fields over, set the annotation '
                    f'{PATCH_FORCE}: "true"; to leave them to their manager, list them under `ignore_changes`'
                ) from error
            raise

    def _force(self, fields: Mapping[str, Any]) -> bool:
        return annotation(fields, PATCH_FORCE) == "true" or self.patch_force

    def _await(
        self, live: dict[str, Any], conditions: Mapping[str, waiting.Condition], timeout: float
    ) -> dict[str, Any]:
        kind, latest = kind_of(live), live
        end = time.monotonic() + timeout
        for words, holds in conditions.items():

            def met(holds: waiting.Condition = holds) -> bool:
                nonlocal latest
                if holds(latest):
                    return True
                found = self.cluster.get(kind, live["metadata"].get("namespace"), live["metadata"]["name"])
                latest = found or latest
                return holds(latest)

            if not waiting.poll(met, max(0.0, end - time.monotonic()), self.cancelled):
                raise PartialError(f"{kind} {object_id(live)} was written, but {words!r} did not come true", latest)
        return latest

    def _await_gone(self, kind: Kind, live: Mapping[str, Any], timeout: float) -> None:
        metadata = live["metadata"]
        latest = live

        def gone() -> bool:
            nonlocal latest
            found = self.cluster.get(kind, metadata.get("namespace"), metadata["name"])
            if found is None or found["metadata"].get("uid") != metadata.get("uid"):
                return True
            latest = found
            if waiting.is_emptied(found):
                self.cluster.finalize(found)
            return False

        if not waiting.poll(gone, timeout, self.cancelled):
            raise PartialError(
                f"{kind} {object_id(live)} was still there after {timeout:.0f} s: {waiting.why_not_gone(latest)}",
                latest,
            )


def _propagation(inputs: Mapping[str, Any]) -> str:
    policy = (annotation(inputs, DELETION_POLICY) or "").lower()
    return {"orphan": "Orphan", "background": "Background"}.get(policy, "Foreground")
