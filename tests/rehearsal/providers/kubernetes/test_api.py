"""Requests, against a server of our own that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rehearsal.ports import port_is_free
from rehearsal.providers.kubernetes.api import APPLY, ApiClient, ApiError, ClusterUnreachableError
from rehearsal.providers.kubernetes.discovery import Discovery, UnknownKindError
from rehearsal.providers.kubernetes.kubeconfig import Target
from rehearsal.providers.kubernetes.tokens import Kind

Answer = tuple[int, Any, dict[str, str]]


class Server:
    """Gives the answers put in `answers`, one a request and then 404, and keeps the requests."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[tuple[str, str, dict[str, str], str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length).decode()
                outer.requests.append((self.command, self.path, dict(self.headers), body))
                status, answer, headers = outer.answers.pop(0) if outer.answers else (404, {}, {})
                data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_PATCH = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


def client(server: Server, warnings: list[str] | None = None) -> ApiClient:
    target = Target(server.url, "default", token="t0k")
    return ApiClient(target) if warnings is None else ApiClient(target, warnings.append)


def test_a_request(server: Server) -> None:
    server.answers = [(200, {"kind": "X"}, {})]
    answer = client(server).request("PATCH", "/a/b", query={"q": "x y"}, body={"c": 1}, content_type=APPLY)
    assert answer == {"kind": "X"}
    method, path, headers, body = server.requests[0]
    assert (method, path, body) == ("PATCH", "/a/b?q=x+y", '{"c": 1}')
    assert headers["Authorization"] == "Bearer t0k"
    assert headers["Content-Type"] == "application/apply-patch+yaml"
    assert headers["Accept"] == "application/json"


def test_a_refusal(server: Server) -> None:
    causes = [
        {"reason": "FieldManagerConflict", "message": 'conflict with "flux" using v1', "field": ".a"},
        {"reason": "Other", "message": "other"},
    ]
    status = {"kind": "Status", "reason": "Conflict", "message": "no", "details": {"kind": "x", "causes": causes}}
    server.answers = [(409, status, {})]
    with pytest.raises(ApiError) as caught:
        client(server).request("GET", "/a")
    error = caught.value
    assert (error.status, error.reason, str(error)) == (409, "Conflict", "no")
    assert error.conflicts == ['conflict with "flux" using v1']
    assert not error.is_missing_namespace
    assert not error.is_immutable_field


@pytest.mark.parametrize(
    ("error", "missing_namespace", "immutable"),
    [
        (ApiError(404, "NotFound", 'namespaces "a" not found', {"kind": "namespaces"}), True, False),
        (ApiError(404, "NotFound", 'pods "a" not found', {"kind": "pods"}), False, False),
        (ApiError(422, "Invalid", "spec.selector: Invalid value: field is immutable"), False, True),
        (
            ApiError(422, "Invalid", 'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'),
            False,
            False,
        ),
        (
            ApiError(422, "Invalid", "Invalid value: \"None\": may not be set to 'None' for NodePort services"),
            False,
            False,
        ),
        (ApiError(422, "Invalid", "spec: Forbidden: spec is immutable after creation except"), False, False),
        (ApiError(422, "Invalid", "spec.replicas: Invalid value"), False, False),
        (ApiError(409, "Conflict", "field is immutable", {"kind": "namespaces"}), False, False),
    ],
)
def test_kinds_of_refusal(error: ApiError, missing_namespace: bool, immutable: bool) -> None:
    assert (error.is_missing_namespace, error.is_immutable_field) == (missing_namespace, immutable)


def test_a_refusal_that_is_no_status(server: Server) -> None:
    server.answers = [(502, "<html>bad gateway</html>", {}), (503, {}, {})]
    with pytest.raises(ApiError, match=r"^<html>bad gateway</html>$"):
        client(server).request("GET", "/a")
    with pytest.raises(ApiError, match=r"^GET /a: HTTP status 503$"):
        client(server).request("GET", "/a")


def test_a_busy_server_is_asked_again(server: Server) -> None:
    server.answers = [(429, {"message": "busy"}, {"Retry-After": "0"})] * 10 + [(200, {"ok": 1}, {})]
    assert client(server).request("GET", "/a") == {"ok": 1}
    assert len(server.requests) == 11
    server.answers = [(429, {"message": "busy"}, {"Retry-After": "0"})] * 11
    with pytest.raises(ApiError, match=r"^busy$"):
        client(server).request("GET", "/a")


def test_warnings_are_passed_on_once(server: Server) -> None:
    warning = {"Warning": '299 - "old \\"x\\"", 299 - "older"'}
    server.answers = [(200, {}, warning), (200, {}, warning)]
    warnings: list[str] = []
    asking = client(server, warnings)
    asking.request("GET", "/a")
    asking.request("GET", "/a")
    assert warnings == ['old "x"', "older"]


def test_nobody_answers() -> None:
    port = next(port for port in range(21000, 22000) if port_is_free(port))
    with pytest.raises(ClusterUnreachableError) as caught:
        ApiClient(Target(f"http://127.0.0.1:{port}", "default")).request("GET", "/version")
    assert str(caught.value).startswith(f"http://127.0.0.1:{port} does not answer: ")
    assert "refused" in str(caught.value)


LISTING = {
    "resources": [
        {"name": "deployments", "kind": "Deployment", "namespaced": True},
        {"name": "deployments/scale", "kind": "Scale", "namespaced": True},
        {"name": "shelves", "kind": "Shelf", "namespaced": False},
    ]
}


def test_kinds_are_asked_for_once(server: Server) -> None:
    server.answers = [(200, LISTING, {})]
    discovery = Discovery(client(server))
    deployment = discovery.resolve(Kind("apps/v1", "Deployment"))
    assert deployment.path("my ns", "a/b") == "/apis/apps/v1/namespaces/my%20ns/deployments/a%2Fb"
    assert deployment.path(None) == "/apis/apps/v1/deployments"
    assert discovery.resolve(Kind("apps/v1", "Shelf")).path("ns", "s") == "/apis/apps/v1/shelves/s"
    assert [path for _, path, _, _ in server.requests] == ["/apis/apps/v1"]


def test_a_kind_that_comes_later_is_found(server: Server) -> None:
    discovery = Discovery(client(server))
    assert discovery.serves(Kind("slipway.test/v1", "Widget")) is False
    server.answers = [(200, {"resources": [{"name": "widgets", "kind": "Widget", "namespaced": True}]}, {})]
    assert discovery.serves(Kind("slipway.test/v1", "Widget")) is True
    discovery.forget()
    assert discovery.serves(Kind("slipway.test/v1", "Widget")) is False


def test_an_unknown_kind_is_named_with_its_relatives(server: Server) -> None:
    groups = {
        "items": [
            {
                "metadata": {"name": "apps"},
                "versions": [{"version": "v1", "resources": [{"responseKind": {"kind": "Deployment"}}]}],
            }
        ]
    }
    server.answers = [(200, LISTING, {}), (404, {}, {}), (200, groups, {})]
    with pytest.raises(UnknownKindError) as caught:
        Discovery(client(server)).resolve(Kind("apps/v1", "Deploymnt"))
    assert str(caught.value) == (
        f"the API server at {server.url} serves no kind 'Deploymnt' in 'apps/v1'; it serves apps/v1/Deployment"
    )


def test_another_refusal_is_not_an_unknown_kind(server: Server) -> None:
    server.answers = [(403, {"message": "forbidden"}, {})]
    with pytest.raises(ApiError, match=r"^forbidden$"):
        Discovery(client(server)).resolve(Kind("v1", "Pod"))
    assert server.requests[0][1] == "/api/v1"
