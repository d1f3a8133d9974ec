"""The certificate that an API server shows, also through a proxy."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from infra.ops.errors import OpsError
from infra.ops.kube import Proxy
from infra.ops.validate.certificates import check_served, served_certificate
from tests.infra.ops.validate.samples import NOW, told
from tests.infra.ops.validate.test_certificates import certificate


class Server(ThreadingTCPServer):
    """Says hello over TLS with a certificate that nobody trusts."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Hello)
        self.context = context
        self.names: list[str | None] = []
        context.sni_callback = lambda _, name, __: self.names.append(name)


class Hello(BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        with suppress(OSError), self.server.context.wrap_socket(self.request, server_side=True) as secure:
            secure.recv(1)


class Tunnel(ThreadingTCPServer):
    """A proxy that leads every name to one port of this machine, or refuses."""

    daemon_threads = True

    def __init__(self, port: int, status: str = "200 OK") -> None:
        super().__init__(("127.0.0.1", 0), Connect)
        self.port, self.status = port, status
        self.asked: list[str] = []


class Connect(BaseRequestHandler):
    server: Tunnel

    def handle(self) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += self.request.recv(4096)
        self.server.asked.append(asked.decode())
        self.request.sendall(f"HTTP/1.1 {self.server.status}\r\n\r\n".encode())
        if not self.server.status.startswith("200"):
            return
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.server.port)) as onward:
            back = threading.Thread(target=pass_on, args=(onward, self.request), daemon=True)
            back.start()
            pass_on(self.request, onward)


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(4096):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def serving(server: ThreadingTCPServer) -> Iterator[int]:
    with server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def shown() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    return certificate(-400, -1, key), key


@pytest.fixture
def server(tmp_path: Path, shown: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]) -> Server:
    found, key = shown
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "both.pem").write_bytes(private + found.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    return Server(context)


def test_an_expired_certificate_that_nobody_trusts_is_seen(
    server: Server, shown: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
) -> None:
    with serving(server) as port:
        assert served_certificate(f"https://localhost:{port}") == shown[0]
        ended = f"{NOW - datetime.timedelta(days=1):%Y-%m-%d}"
        assert told(check_served(f"https://localhost:{port}", NOW)) == [
            ("invalid", f"the certificate of https://localhost:{port}: ended on {ended}")
        ]


def test_it_is_seen_through_a_proxy_which_alone_knows_the_name(
    server: Server, shown: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
) -> None:
    with serving(server) as port, serving(tunnel := Tunnel(port)) as at:
        proxy = Proxy("127.0.0.1", at, {"Proxy-Authorization": "Basic aHVzaA=="})
        assert served_certificate("https://api.inside.example.com", proxy) == shown[0]
    assert tunnel.asked[0].startswith("CONNECT api.inside.example.com:443 HTTP/1.")
    assert "Proxy-Authorization: Basic aHVzaA==" in tunnel.asked[0]
    assert server.names == ["api.inside.example.com"]
    assert "aHVzaA" not in repr(proxy)


def test_a_proxy_that_refuses_is_told() -> None:
    with serving(Tunnel(0, "403 Forbidden")) as at, pytest.raises(OpsError, match=r"api\.x: .*403 Forbidden"):
        served_certificate("https://api.x", Proxy("127.0.0.1", at))


@pytest.mark.parametrize("host", ["a..b", f"{'x' * 64}.example.com"])
def test_what_is_no_name_is_told(host: str) -> None:
    with pytest.raises(OpsError, match="cannot see the certificate of"):
        served_certificate(f"https://{host}:6443")
