"""Operations on single objects of a cluster, by kind, namespace and name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rehearsal.providers.kubernetes.api import APPLY, JSON_PATCH, ApiClient, ApiError
from rehearsal.providers.kubernetes.discovery import Discovery
from rehearsal.providers.kubernetes.schema import Schemas
from rehearsal.providers.kubernetes.tokens import Kind

# A field that the kind does not have is refused instead of dropped.
_STRICT: Final = {"fieldValidation": "Strict"}
_DRY_RUN: Final = {"dryRun": "All"}


class Cluster:
    """Objects of one API server; may be used from several threads."""

    def __init__(self, client: ApiClient) -> None:
        """Ask nothing yet."""
        self.client = client
        self.discovery = Discovery(client)
        self.schemas = Schemas(client)

    def get(self, kind: Kind, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Return the live object, None when there is none. Raises UnknownKindError, ApiError."""
        path = self.discovery.resolve(kind).path(namespace, name)
        try:
            return self.client.request("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def apply(self, fields: Mapping[str, Any], manager: str, *, force: bool, dry_run: bool) -> dict[str, Any]:
        """Apply `fields` on the server as `manager` and return the live object, or what it would be.

        `force` takes fields from other managers. Raises UnknownKindError, ApiError.
        """
        query = {"fieldManager": manager, "force": str(force).lower(), **_STRICT, **(_DRY_RUN if dry_run else {})}
        return self.client.request("PATCH", self._path(fields), query=query, body=fields, content_type=APPLY)

    def replace_managed_fields(self, live: Mapping[str, Any], managed: list[dict[str, Any]]) -> dict[str, Any]:
        """Give an object these `managedFields`, as `live` was read. Raises ApiError (409 if changed since)."""
        metadata = live["metadata"]
        patch = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
            {"op": "replace", "path": "/metadata/managedFields", "value": managed},
        ]
        return self.client.request("PATCH", self._path(live), body=patch, content_type=JSON_PATCH)

    def relinquish(self, live: Mapping[str, Any], manager: str) -> None:
        """Give up every field that `manager` owns; those that nobody else owns are removed. Raises ApiError."""
        metadata = {key: live["metadata"][key] for key in ("name", "namespace") if key in live["metadata"]}
        nothing = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": metadata}
        self.apply(nothing, manager, force=True, dry_run=False)

    def delete(self, kind: Kind, namespace: str | None, name: str, propagation: str) -> None:
        """Ask for an object to be deleted; one that is gone is no error. Raises UnknownKindError, ApiError."""
        path = self.discovery.resolve(kind).path(namespace, name)
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        try:
            self.client.request("DELETE", path, body=options)
        except ApiError as error:
            if error.status != 404:
                raise

    def finalize(self, namespace: Mapping[str, Any]) -> None:
        """Let a namespace go that is being deleted, as it was read. Raises ApiError, but not where it changed since."""
        body = {**namespace, "spec": {**namespace.get("spec", {}), "finalizers": []}}
        try:
            self.client.request("PUT", f"{self._path(namespace)}/finalize", body=body)
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    def forget(self) -> None:
        """Drop what is known of the kinds served, after a CRD was created, changed or deleted."""
        self.discovery.forget()
        self.schemas.forget()

    def _path(self, fields: Mapping[str, Any]) -> str:
        metadata = fields["metadata"]
        return self.discovery.resolve(kind_of(fields)).path(metadata.get("namespace"), metadata["name"])


def kind_of(fields: Mapping[str, Any]) -> Kind:
    """Return the kind of an object from its own words."""
    return Kind(str(fields["apiVersion"]), str(fields["kind"]))
