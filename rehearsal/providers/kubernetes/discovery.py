"""What kinds an API server serves, asked once for each group and version and kept for the life of the process."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from rehearsal.providers.kubernetes.api import JSON, ApiClient, ApiError
from rehearsal.providers.kubernetes.tokens import Kind

# Every group's kinds in one answer (Kubernetes API concepts, "Aggregated discovery").
_AGGREGATED: Final = f"{JSON};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class UnknownKindError(LookupError):
    """The API server serves no such kind; the text names it and those that resemble it."""


@dataclass(frozen=True)
class Resource:
    """Where objects of a kind are found: the group's path, their plural name, and whether they lie in namespaces."""

    kind: Kind
    root: str
    plural: str
    namespaced: bool

    def path(self, namespace: str | None, name: str | None = None) -> str:
        """Return the URL path of an object, or of all objects of the kind in the namespace."""
        middle = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        end = f"/{quote(name, safe='')}" if name else ""
        return f"{self.root}{middle}/{self.plural}{end}"


class Discovery:
    """Finds the resource of a kind; may be used from several threads."""

    def __init__(self, client: ApiClient) -> None:
        """Ask nothing yet."""
        self._client = client
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, Resource]] = {}

    def resolve(self, kind: Kind) -> Resource:
        """Return where objects of `kind` are found.

        A kind that was not served before is asked for again: its CRD may have been installed since. Raises
        UnknownKindError when the server serves no such kind, ApiError and ClusterUnreachableError.
        """
        with self._lock:
            resource = self._known.get(kind.api_version, {}).get(kind.name)
            if resource is None:
                self._known[kind.api_version] = self._fetch(kind)
                resource = self._known[kind.api_version].get(kind.name)
        if resource is None:
            raise UnknownKindError(self._explain(kind))
        return resource

    def serves(self, kind: Kind) -> bool:
        """Tell whether the server serves `kind` now."""
        try:
            self.resolve(kind)
        except UnknownKindError:
            return False
        return True

    def forget(self) -> None:
        """Drop what is known, after a CRD was created, changed or deleted."""
        with self._lock:
            self._known.clear()

    def _fetch(self, kind: Kind) -> dict[str, Resource]:
        root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.version}"
        try:
            listing = self._client.request("GET", root)
        except ApiError as error:
            if error.status == 404:
                return {}
            raise
        return {
            entry["kind"]: Resource(
                Kind(kind.api_version, entry["kind"]), root, entry["name"], bool(entry["namespaced"])
            )
            for entry in listing.get("resources", [])
            if "/" not in entry["name"]  # a subresource
        }

    def _explain(self, kind: Kind) -> str:
        text = f"the API server at {self._client.server} serves no kind {kind.name!r} in {kind.api_version!r}"
        near = nearest(kind, self._served())
        if near:
            text += f"; it serves {', '.join(near)}"
        return text

    def _served(self) -> list[Kind]:
        found: list[Kind] = []
        for root in ("/api", "/apis"):
            try:
                listing = self._client.request("GET", root, accept=_AGGREGATED)
            except ApiError:
                continue  # an older server; the error stays without a hint
            for group in listing.get("items", []):
                found += _kinds_of(group)
        return found


def nearest(kind: Kind, served: list[Kind]) -> list[str]:
    """Return up to three served kinds that resemble `kind`, the same name in another version first."""
    same_name = sorted(str(other) for other in served if other.name == kind.name)
    names = sorted({other.name for other in served if other.api_version == kind.api_version})
    alike = [f"{kind.api_version}/{name}" for name in difflib.get_close_matches(kind.name, names)]
    return list(dict.fromkeys(same_name + alike))[:3]


def _kinds_of(group: Mapping[str, Any]) -> list[Kind]:
    name = group.get("metadata", {}).get("name", "")
    kinds = []
    for version in group.get("versions", []):
        api_version = f"{name}/{version['version']}" if name else version["version"]
        kinds += [
            Kind(api_version, resource["responseKind"]["kind"])
            for resource in version.get("resources", [])
            if resource.get("responseKind", {}).get("kind")
        ]
    return kinds
