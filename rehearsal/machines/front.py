"""What machines reach by HTTP: the metadata service, AWS's endpoints, and where Kubernetes's binaries are downloaded.

AWS's endpoints are the environment's AWS stand-in: requests reach it as they are, host name and signature included.
"""

from __future__ import annotations

import hashlib
import http.client
import shutil
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from rehearsal.machines.metadata import Metadata

DOWNLOADS: Final = "dl.k8s.io"
_FORWARD_SECONDS: Final = 60
# Headers of one connection, not of the request (RFC 9110, section 7.6.1).
_OF_THE_CONNECTION: Final = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect"}


def endpoint_names(region: str) -> tuple[str, ...]:
    """Return the names that the front's certificate is for: those of AWS's endpoints and of the downloads."""
    return ("*.amazonaws.com", f"*.{region}.amazonaws.com", f"*.s3.{region}.amazonaws.com", DOWNLOADS)


class _Server(ThreadingHTTPServer):
    """A server on a socket that was made elsewhere."""

    daemon_threads = True

    def __init__(self, bound: socket.socket, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(bound.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = bound

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  the base's signature
        """Tell of a connection that failed in one line; the others go on."""
        sys.stderr.write(f"a connection from {client_address[0]} failed: {sys.exc_info()[1]}\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120

    def log_message(self, *_: Any) -> None:
        """Say nothing: what matters is in the machines' own journals."""

    def _reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "content-length" not in {name.lower() for name in headers}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def serve_metadata(bound: socket.socket, metadata: Metadata) -> None:
    """Answer as the metadata service on that socket, in a thread of its own: so near that no answer passes a router.

    EC2 lets an answer go as far as the instance's hop limit says, which is 1 in all launch templates of ours.
    """
    bound.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)

    class Handler(_Handler):
        def _any(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            told = metadata.answer(self.command, self.path, headers, self.client_address[0])
            self._reply(told.status, told.body, {"Content-Type": "text/plain", **told.headers})

        do_GET = do_PUT = do_POST = do_HEAD = _any  # noqa: N815  the base's names

    _start(_Server(bound, Handler), "metadata")


def serve_endpoints(bound: socket.socket, context: ssl.SSLContext, cloud: tuple[str, int], binaries: Downloads) -> None:
    """Answer TLS on that socket: downloads from `binaries`, and everything else from the AWS stand-in at `cloud`."""

    class Handler(_Handler):
        def setup(self) -> None:
            # Here, in the connection's own thread: a client that does not shake hands keeps nobody waiting.
            self.request.settimeout(self.timeout)
            self.request.do_handshake()
            super().setup()

        def _any(self) -> None:
            if self.headers.get("Host", "").split(":")[0] == DOWNLOADS:
                self._download()
            else:
                self._forward()

        def _download(self) -> None:
            status, size, copy = binaries.find(self.path, self.headers.get("Range"))
            self.send_response_only(status)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            if self.command != "HEAD":
                copy(self.wfile)

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = {n: v for n, v in self.headers.items() if n.lower() not in _OF_THE_CONNECTION}
            connection = http.client.HTTPConnection(*cloud, timeout=_FORWARD_SECONDS)
            try:
                connection.request(self.command, self.path, body, kept)
                answer = connection.getresponse()
                content = answer.read()
            except OSError as error:
                self._reply(HTTPStatus.BAD_GATEWAY, f"the AWS stand-in does not answer: {error}\n".encode(), {})
                return
            finally:
                connection.close()
            headers = {n: v for n, v in answer.getheaders() if n.lower() not in _OF_THE_CONNECTION}
            self._reply(answer.status, content, headers)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = _any  # noqa: N815  the base's names

    secured = context.wrap_socket(bound, server_side=True, do_handshake_on_connect=False)
    _start(_Server(secured, Handler), "endpoints")


class Downloads:
    """Kubernetes's binaries as its release server has them: `/release/v1.37.2/bin/linux/amd64/kubelet`."""

    def __init__(self, version: str, architecture: str, programs: Mapping[str, Path]) -> None:
        self._prefix = f"/release/v{version}/bin/linux/{architecture}/"
        self._programs = programs
        self._digests: dict[str, str] = {}
        self._lock = threading.Lock()

    def find(self, path: str, wanted: str | None) -> tuple[HTTPStatus, int, Callable[[Any], None]]:
        """Return the status, the length and what writes the body of a request for `path` from an offset on."""
        name = path.removeprefix(self._prefix) if path.startswith(self._prefix) else ""
        program = self._programs.get(name.removesuffix(".sha256"))
        if program is None:
            return HTTPStatus.NOT_FOUND, 0, lambda _out: None
        if name.endswith(".sha256"):
            text = self._digest(name.removesuffix(".sha256")).encode()
            return HTTPStatus.OK, len(text), lambda out: out.write(text)
        size, begin = program.stat().st_size, _offset(wanted)
        if begin >= size:
            return HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, lambda _out: None

        def copy(out: Any) -> None:
            with program.open("rb") as stream:
                stream.seek(begin)
                shutil.copyfileobj(stream, out, 1024 * 1024)

        return HTTPStatus.PARTIAL_CONTENT if begin else HTTPStatus.OK, size - begin, copy

    def _digest(self, name: str) -> str:
        with self._lock:
            if name not in self._digests:
                with self._programs[name].open("rb") as stream:
                    self._digests[name] = hashlib.file_digest(stream, "sha256").hexdigest()
            return self._digests[name]


def _offset(wanted: str | None) -> int:
    begin = (wanted or "").removeprefix("bytes=").removesuffix("-")
    return int(begin) if begin.isdigit() else 0


def _start(server: _Server, name: str) -> None:
    threading.Thread(target=server.serve_forever, name=name, daemon=True).start()
