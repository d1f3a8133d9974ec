"""The cluster's API server, through the official client: one request at a time, answers as plain JSON.

The client's models are not used: reading 100 nodes into them takes longer than all else that is done with them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3
from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException, new_client_from_config
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
)

from infra.ops.errors import CredentialsError, OpsError
from infra.spec import EnvironmentSpec

_SECONDS = (5.0, 30.0)
"""Time to connect and time to answer."""

PAGE = 500
"""Objects of one page of a list: what kubectl asks for (``--chunk-size``)."""


class ClusterUnreachableError(OpsError):
    """The API server does not answer, or says that it cannot now: the same may succeed later."""


class ClusterRefusedError(OpsError):
    """The API server answered with an error."""

    def __init__(self, what: str, status: int, answer: Mapping[str, Any]) -> None:
        message = str(answer.get("message") or f"HTTP {status}")
        super().__init__(what, message.rstrip("."), "correct what the API server names, then run the command again")
        self.status = status
        """HTTP status."""
        self.answer = answer
        """The ``Status`` object, as far as there is one."""


@dataclass(frozen=True)
class Proxy:
    """A proxy of HTTP through which an API server is reached."""

    host: str
    port: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What it is told with each connection: who asks, where it must know."""


class Kube:
    """A connection with the API server of one cluster."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        client.rest_client.pool_manager.connection_pool_kw["retries"] = urllib3.Retry(0, redirect=0)
        self.requests = 0
        """Requests made so far."""

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return str(self._client.configuration.host)

    @property
    def proxy(self) -> Proxy | None:
        """The proxy that the kubeconfig or ``HTTPS_PROXY`` names for the API server; None where it is asked itself."""
        manager = self._client.rest_client.pool_manager
        if not isinstance(manager, urllib3.ProxyManager) or manager.proxy is None:
            return None
        return Proxy(str(manager.proxy.host), int(manager.proxy.port or 80), dict(manager.proxy_headers))

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        patch: str = "merge",
    ) -> dict[str, Any]:
        """Make a request and return the answer's JSON. A 404 to a DELETE is no error.

        Raises:
            ClusterUnreachableError: no answer, or one that says "later" (429, 502 to 504).
            CredentialsError: the API server does not know who asks.
            ClusterRefusedError: any other answer that is an error.
        """
        status, text = self.raw(method, path, query=query, body=body, patch=patch)
        try:
            answer = json.loads(text) if text else {}
        except ValueError:
            answer = {"message": text.strip()[:200]}
        if status < 400 or (status == 404 and method == "DELETE"):
            return dict(answer)
        what = f"cannot {method} {path}"
        if status == 401:
            raise CredentialsError(what, "the API server does not accept the credentials", "renew the kubeconfig")
        busy = status == 429 and not path.endswith("/eviction")
        if busy or status in (502, 503, 504) or (status == 500 and "etcdserver" in text):
            raise _unreachable(what, answer.get("message", f"HTTP {status}"))
        raise ClusterRefusedError(what, status, answer)

    def raw(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        patch: str = "merge",
    ) -> tuple[int, str]:
        """Make a request and return the status and the text of the answer, whatever they are.

        Raises:
            ClusterUnreachableError: there is no answer.
        """
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = f"application/{patch}-patch+json" if method == "PATCH" else "application/json"
        self.requests += 1
        try:
            serialized = self._client.param_serialize(
                method,
                path,
                query_params=list((query or {}).items()),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            answer = self._client.call_api(*serialized, _request_timeout=_SECONDS)
            return int(answer.status), bytes(answer.read() or b"").decode("utf-8", "replace")  # type: ignore[no-untyped-call]
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _unreachable(f"cannot {method} {path}", _words(error)) from error

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Return all objects of a list, page by page.

        Where the API server no longer holds the version that the pages are of (410, after etcd was compacted), the list
        is read anew and whole, as client-go's pager does (``FullListIfExpired`` in ``tools/pager/pager.go``).
        """
        found: list[dict[str, Any]] = []
        more = {"limit": str(PAGE), **query}
        while True:
            try:
                answer = self.request("GET", path, query=more)
            except ClusterRefusedError as error:
                if error.status != 410 or "continue" not in more:
                    raise
                return list(self.request("GET", path, query=query).get("items", []))
            found += answer.get("items", [])
            token = answer.get("metadata", {}).get("continue")
            if not token:
                return found
            more = {**more, "continue": token}


def connect(spec: EnvironmentSpec) -> Kube:
    """Return the connection that ``KUBECONFIG`` describes in the context named as the cluster.

    Raises:
        OpsError: there is no kubeconfig, or no such context in it.
    """
    try:
        return Kube(_client(spec.cluster.name))
    except ConfigException as error:
        raise OpsError(
            f"no way to the cluster {spec.cluster.name}",
            str(error).rstrip("."),
            f"set KUBECONFIG to a file with a context named {spec.cluster.name}",
        ) from error


def _unreachable(what: str, why: object) -> ClusterUnreachableError:
    return ClusterUnreachableError(what, str(why).rstrip("."), "check the API server and the way to it")


def _words(error: BaseException) -> str:
    """Return what went wrong with a connection, without the names of the library's classes and objects."""
    while isinstance(error, MaxRetryError) and error.reason is not None:
        error = error.reason
    if isinstance(error, ProxyError):
        return f"the proxy does not lead there: {_words(error.original_error)}"
    if isinstance(error, NameResolutionError):
        return "its name cannot be resolved"
    if isinstance(error, ConnectTimeoutError) and not isinstance(error, NewConnectionError):
        return f"no connection within {_SECONDS[0]:.0f} s"
    if isinstance(error, ReadTimeoutError):
        return f"no answer within {_SECONDS[1]:.0f} s"
    if isinstance(error, ProtocolError) and isinstance(error.args[-1], Exception):
        return f"the connection broke: {error.args[-1]}"
    return str(error).rpartition("Failed to establish a new connection: ")[2]


def _client(context: str) -> ApiClient:
    # The client reads KUBECONFIG when it is imported, which may be before it is set.
    file = os.environ.get("KUBECONFIG") or None
    made: ApiClient = new_client_from_config(config_file=file, context=context)  # type: ignore[no-untyped-call]
    return made
