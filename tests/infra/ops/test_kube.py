"""The connection with an API server: which answers are errors, and of which kind."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from infra.ops import kube as kube_module
from infra.ops.errors import CredentialsError, OpsError
from infra.ops.kube import ClusterRefusedError, ClusterUnreachableError, Kube, Proxy, connect
from tests.infra.samples import sample_spec

POOL: Any = "the pool's own words"


class Server(HTTPServer):
    """Answers with what it was told to, and keeps what it was asked."""

    answers: list[tuple[int, Any]]
    asked: list[tuple[str, str, dict[str, Any] | None, str | None]]


class Handler(BaseHTTPRequestHandler):
    """Hands a request over."""

    server: Server

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, body, self.headers.get("Content-Type")))
        status, answer = self.server.answers.pop(0)
        data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.answers, made.asked = [], []
    name = "test.example.com"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": f"http://127.0.0.1:{made.server_port}"}}],
        "users": [{"name": name, "user": {"token": "t"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(file))
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def kube(server: Server) -> Kube:
    return connect(sample_spec())


def test_requests_and_answers(server: Server, kube: Kube) -> None:
    server.answers += [(200, {"a": 1}), (201, {}), (200, "")]
    assert kube.request("GET", "/x", query={"q": "a b"}) == {"a": 1}
    assert kube.request("PATCH", "/x", body={"b": 2}) == {}
    assert kube.request("POST", "/x", body={"b": 2}) == {}
    assert server.asked == [
        ("GET", "/x?q=a%20b", None, None),
        ("PATCH", "/x", {"b": 2}, "application/merge-patch+json"),
        ("POST", "/x", {"b": 2}, "application/json"),
    ]
    assert kube.requests == 3
    assert kube.server == f"http://127.0.0.1:{server.server_port}"


def test_a_list_is_read_page_by_page(server: Server, kube: Kube) -> None:
    server.answers += [
        (200, {"items": [{"n": 1}, {"n": 2}], "metadata": {"continue": "c"}}),
        (200, {"items": [{"n": 3}], "metadata": {}}),
    ]
    assert [each["n"] for each in kube.items("/x", labelSelector="a=b")] == [1, 2, 3]
    assert [path for _, path, _, _ in server.asked] == [
        "/x?limit=500&labelSelector=a%3Db",
        "/x?limit=500&labelSelector=a%3Db&continue=c",
    ]


def test_a_list_whose_version_is_gone_is_read_anew_and_whole(server: Server, kube: Kube) -> None:
    server.answers += [
        (200, {"items": [{"n": 1}, {"n": 2}], "metadata": {"continue": "c"}}),
        (410, {"reason": "Expired", "message": "The provided continue parameter is too old"}),
        (200, {"items": [{"n": 2}, {"n": 3}], "metadata": {}}),
    ]
    assert [each["n"] for each in kube.items("/x", labelSelector="a=b")] == [2, 3]
    assert server.asked[-1][1] == "/x?labelSelector=a%3Db"


@pytest.mark.parametrize("status", [403, 410])
def test_a_list_that_is_refused_is_not_asked_for_again(server: Server, kube: Kube, status: int) -> None:
    if status == 403:
        server.answers.append((200, {"items": [], "metadata": {"continue": "c"}}))
    server.answers.append((status, {"message": "no"}))
    with pytest.raises(ClusterRefusedError, match="no") as raised:
        kube.items("/x")
    assert raised.value.status == status
    assert not server.answers


@pytest.mark.parametrize(
    ("status", "answer", "error", "said"),
    [
        (401, {"message": "no"}, CredentialsError, "does not accept the credentials"),
        (403, {"message": "forbidden."}, ClusterRefusedError, "cannot GET /x: forbidden. Fix"),
        (404, {}, ClusterRefusedError, "HTTP 404"),
        (422, "not JSON", ClusterRefusedError, "not JSON"),
        (500, {"message": "two budgets"}, ClusterRefusedError, "two budgets"),
        (500, {"message": "etcdserver: request timed out"}, ClusterUnreachableError, "timed out"),
        (502, "", ClusterUnreachableError, "HTTP 502"),
        (503, {"message": "later"}, ClusterUnreachableError, "later"),
        (504, {"message": "late"}, ClusterUnreachableError, "late"),
    ],
)
def test_errors(server: Server, kube: Kube, status: int, answer: Any, error: type[OpsError], said: str) -> None:
    server.answers.append((status, answer))
    with pytest.raises(error, match=said) as raised:
        kube.request("GET", "/x")
    if isinstance(raised.value, ClusterRefusedError):
        assert raised.value.status == status


def test_what_is_gone_is_deleted(server: Server, kube: Kube) -> None:
    server.answers += [(404, {}), (200, {})]
    assert kube.request("DELETE", "/x") == {}
    assert kube.request("DELETE", "/x", body={"gracePeriodSeconds": 0}) == {}


def test_nobody_answers(server: Server, kube: Kube) -> None:
    server.shutdown()
    server.server_close()
    words = r"^cannot GET /x: \[Errno 111\] Connection refused\. Fix: check the API server"
    with pytest.raises(ClusterUnreachableError, match=words):
        kube.request("GET", "/x")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            MaxRetryError(
                POOL, "/x", NewConnectionError(POOL, "Failed to establish a new connection: [Errno 113] No route")
            ),
            "[Errno 113] No route",
        ),
        (MaxRetryError(POOL, "/x", NameResolutionError("a.b", POOL, socket.gaierror())), "its name cannot be resolved"),
        (MaxRetryError(POOL, "/x", ConnectTimeoutError(POOL, "late")), "no connection within 5 s"),
        (ReadTimeoutError(POOL, "/x", "late"), "no answer within 30 s"),
        (
            MaxRetryError(POOL, "/x", ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer"))),
            "the connection broke: [Errno 104] reset by peer",
        ),
        (ProtocolError("Response ended prematurely"), "Response ended prematurely"),
        (
            MaxRetryError(
                POOL, "/x", ProxyError("Unable to connect to proxy", OSError("Tunnel connection failed: 503"))
            ),
            "the proxy does not lead there: Tunnel connection failed: 503",
        ),
        (MaxRetryError(POOL, "/x", SSLError("certificate has expired")), "certificate has expired"),
        (OSError("reset"), "reset"),
    ],
)
def test_the_words_for_no_answer(error: Exception, words: str) -> None:
    assert kube_module._words(error) == words


@pytest.mark.parametrize(
    ("kubeconfig", "environment", "proxy"),
    [
        ({}, {}, None),
        ({}, {"HTTPS_PROXY": "http://proxy.example.com:3128"}, Proxy("proxy.example.com", 3128)),
        ({}, {"HTTPS_PROXY": "http://proxy.example.com:3128", "NO_PROXY": "api.test.example.com"}, None),
        ({"proxy-url": "http://squid.example.com"}, {}, Proxy("squid.example.com", 80)),
    ],
)
def test_the_proxy_is_told_that_requests_take(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kubeconfig: dict[str, str],
    environment: dict[str, str],
    proxy: Proxy | None,
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spec = sample_spec()
    name = spec.cluster.name
    document = {
        "clusters": [{"name": name, "cluster": {"server": "https://api.test.example.com", **kubeconfig}}],
        "users": [{"name": name, "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    (tmp_path / "config").write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    assert connect(spec).proxy == proxy


def test_no_way_to_the_cluster(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OpsError, match=r"no way to the cluster other\.x: .*a context named other\.x"):
        connect(sample_spec(cluster={"name": "other.x"}))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(OpsError, match="no way to the cluster test"):
        connect(sample_spec())
