"""Requests to an API server.

urllib3 alone, which boto3 needs anyway: the official client takes longer to import than this plugin may
take to start, and its typed classes would be in the way of kinds that only the server knows.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError

from rehearsal.providers.kubernetes.kubeconfig import Target

APPLY: Final = "application/apply-patch+yaml"
JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
JSON: Final = "application/json"
_ANSWER_SECONDS: Final = 60.0
# As often as the official clients ask again when the server is too busy (client-go, `rest/request.go`).
_BUSY_RETRIES: Final = 10
_WARNING: Final = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


class ClusterUnreachableError(Exception):
    """Nothing answers at the server's address; the text says why."""


@dataclass
class ApiError(Exception):
    """The server refused a request: its `Status` object (Kubernetes API reference, meta/v1 Status)."""

    status: int
    reason: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the server's own words."""
        return self.message

    @property
    def is_missing_namespace(self) -> bool:
        """The object's namespace does not exist."""
        return self.status == 404 and self.details.get("kind") == "namespaces"

    @property
    def is_immutable_field(self) -> bool:
        """A field may not be changed once set, in the words that the vendor's plugin goes by (``await.go``, Creation).

        Of a Service that is to be headless, or was, and of a claim the server says it in others.
        """
        return self.status == 422 and "field is immutable" in self.message

    @property
    def conflicts(self) -> list[str]:
        """A sentence for each field that an apply would take from another manager, which it names."""
        causes = self.details.get("causes") or []
        return [str(cause.get("message")) for cause in causes if cause.get("reason") == "FieldManagerConflict"]


class ApiClient:
    """Speaks JSON with one API server; may be used from several threads."""

    def __init__(self, target: Target, on_warning: Callable[[str], None] = lambda _text: None) -> None:
        """Prepare connections to `target`; none is opened yet.

        `on_warning` is called with each warning that comes with an answer (an API that is deprecated, say), once.
        """
        self.server = target.server
        self._on_warning = on_warning
        self._warned: set[str] = set()
        self._headers = {"Accept": JSON, "User-Agent": "slipway-rehearsal-kubernetes"}
        if target.token:
            self._headers["Authorization"] = f"Bearer {target.token}"
        self._pool = _pool(target)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = JSON,
        accept: str | None = None,
    ) -> dict[str, Any]:
        """Return the answer's JSON object.

        Raises ApiError when the server refuses, ClusterUnreachableError when it does not answer.
        """
        headers = dict(self._headers)
        data = None
        if body is not None:
            data = _encoded(body)
            headers["Content-Type"] = content_type
        if accept is not None:
            headers["Accept"] = accept
        for retry in range(_BUSY_RETRIES + 1):
            try:
                response = self._pool.request(method, self.server + path + _query(query), body=data, headers=headers)
            except HTTPError as error:
                raise ClusterUnreachableError(f"{self.server} does not answer: {_innermost(error)}") from error
            if response.status != 429 or retry == _BUSY_RETRIES:
                break
            time.sleep(_pause(response.headers.get("Retry-After")))
        for text in _WARNING.findall(", ".join(response.headers.getlist("Warning"))):
            if text not in self._warned:
                self._warned.add(text)
                self._on_warning(text.replace('\\"', '"'))
        document = _decoded(response.data)
        if response.status >= 400:
            raise ApiError(
                status=response.status,
                reason=str(document.get("reason", "")),
                message=str(document.get("message") or f"{method} {path}: HTTP status {response.status}"),
                details=document.get("details") or {},
            )
        return document


def _query(query: Mapping[str, str] | None) -> str:
    return f"?{urlencode(query)}" if query else ""


def _pause(retry_after: str | None) -> float:
    """Return the seconds that a busy server asks us to wait; a date or nonsense counts as one second."""
    return min(float(retry_after), 5.0) if retry_after and retry_after.isdigit() else 1.0


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except ValueError:
        return {"message": data.decode(errors="replace").strip()[:400]}
    return document if isinstance(document, dict) else {"items": document}


def _innermost(error: BaseException) -> BaseException:
    inner = getattr(error, "reason", None) or error.__cause__ or error.__context__
    return _innermost(inner) if isinstance(inner, BaseException) else error


def _pool(target: Target) -> urllib3.PoolManager:
    """Return connections to the target, through the proxy that the environment names, as client-go's."""
    settings: dict[str, Any] = {
        "maxsize": 64,
        "retries": False,
        "timeout": urllib3.Timeout(connect=5.0, read=_ANSWER_SECONDS),
        "ssl_context": target.tls() if target.server.startswith("https") else None,
        "server_hostname": target.server_name,
        "assert_hostname": target.server_name,
    }
    address = urlsplit(target.server)
    proxy = getproxies().get(address.scheme)
    if proxy is None or proxy_bypass(address.hostname or ""):
        return urllib3.PoolManager(**settings)
    # What is behind it may only start when it is asked for.
    settings["timeout"] = urllib3.Timeout(connect=_ANSWER_SECONDS, read=_ANSWER_SECONDS)
    return urllib3.ProxyManager(proxy, **settings)


_ASTRAL = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")


def _encoded(body: Any) -> bytes:
    """Return a body as JSON that is YAML as well: applied objects are read as YAML, which has no surrogate pairs.

    Everything else stays escaped, since YAML refuses some characters as they are.
    """

    def written(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        return bytes.fromhex(match[1] + match[2]).decode("utf-16-be")

    return _ASTRAL.sub(written, json.dumps(body)).encode()
