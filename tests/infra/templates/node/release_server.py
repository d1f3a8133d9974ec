"""A stand-in for the Kubernetes release host: HTTPS with a certificate of its own, and faults on demand."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BINARY = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(4096))
PATH = "/release/v1.37.2/bin/linux/amd64/kubelet"


@dataclass
class ReleaseHost:
    """What the server does, and what it was asked for."""

    url: str = ""
    certificate: Path = Path()
    cut_after: list[int] = field(default_factory=list)
    """For the next downloads: bytes after which the connection breaks."""
    refuse: int = 0
    """How many of the next requests are answered with 503."""
    ranges: bool = True
    digest: bytes = hashlib.sha256(BINARY).hexdigest().encode()
    binary: bytes = BINARY
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range header of each request."""


def _handler(host: ReleaseHost) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            host.requests.append((self.path, asked))
            if host.refuse:
                host.refuse -= 1
                self.send_error(503)
            elif self.path == f"{PATH}.sha256":
                self._send(200, host.digest)
            elif self.path != PATH:
                self.send_error(404)
            elif asked is None or not host.ranges:
                self._send(200, host.binary, cut=True)
            elif (start := int(asked.removeprefix("bytes=").rstrip("-"))) < len(host.binary):
                self._send(206, host.binary[start:], cut=True, start=start)
            else:
                self.send_error(416)

        def _send(self, status: int, body: bytes, *, cut: bool = False, start: int = 0) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{start + len(body)}")
            self.end_headers()
            self.wfile.write(body[: host.cut_after.pop(0)] if cut and host.cut_after else body)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextmanager
def release_host(folder: Path) -> Iterator[ReleaseHost]:
    """Serve the stand-in until the block ends."""
    host = ReleaseHost()
    host.certificate = own_certificate(folder)
    with served(_handler(host), host.certificate) as address:
        host.url = f"https://{address}/release"
        yield host


@contextmanager
def served(handler: type[BaseHTTPRequestHandler], certificate: Path) -> Iterator[str]:
    """Answer by TLS on this computer until the block ends; yield the name and port where."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def own_certificate(folder: Path) -> Path:
    """Write a certificate for 127.0.0.1 that signed itself, and its key, into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "release host")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "release-host.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(encoding))
    return path
