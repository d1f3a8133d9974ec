"""The provider's settings and the cluster they lead to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.providers.base.values import has_unknown, reveal
from rehearsal.providers.kubernetes.api import ApiClient, ApiError, ClusterUnreachableError
from rehearsal.providers.kubernetes.cluster import Cluster
from rehearsal.providers.kubernetes.kubeconfig import KubeconfigError, load
from rehearsal.providers.kubernetes.operations import Operations
from rehearsal.providers.kubernetes.settings import Settings, parse_settings


class UnreachableError(Exception):
    """The cluster cannot be used; the text is the vendor's, with the reason and what to do."""


@dataclass(frozen=True)
class Connection:
    """What a configured provider works with. `operations` is None when the cluster cannot be used, for `reason`."""

    settings: Settings = field(default_factory=Settings)
    namespace: str = "default"
    operations: Operations | None = None
    reason: str = "the provider was not configured"

    def required(self) -> Operations:
        """Return the operations. Raises UnreachableError when the cluster cannot be used."""
        if self.operations is None:
            raise UnreachableError(
                f"configured Kubernetes cluster is unreachable: {self.reason}. If the cluster was deleted, the "
                "resource can be dropped from the state by running again with PULUMI_K8S_DELETE_UNREACHABLE=true"
            )
        return self.operations


def connect(
    given: Mapping[str, Any], environment: Mapping[str, str], cancelled: threading.Event, warn: Callable[[str], None]
) -> Connection:
    """Return the connection that the configuration describes.

    A cluster that cannot be reached is an error only once it is needed. `warn` takes the server's warnings. Raises
    SettingsError.
    """
    if any(has_unknown(value) for value in given.values()):
        return Connection(reason="its configuration is not known yet")
    settings = parse_settings(reveal(given), environment)
    try:
        target = load(
            settings.kubeconfig,
            environment,
            context=settings.context,
            cluster=settings.cluster,
            namespace=settings.namespace,
        )
        quiet = settings.suppress_deprecation_warnings
        client = ApiClient(target) if quiet else ApiClient(target, warn)
    except KubeconfigError as error:
        reason = f"failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- {error}"
        return Connection(settings, reason=reason)
    try:
        client.request("GET", "/version")
    except ApiError as error:
        return Connection(settings, reason=f"{client.server} refuses: {error} (status {error.status})")
    except ClusterUnreachableError as error:
        reason = f"unable to load schema information from the API server: {error}. Is the control plane running?"
        return Connection(settings, reason=reason)
    operations = Operations(Cluster(client), settings.patch_force, settings.upsert, cancelled)
    return Connection(settings, target.namespace, operations)
