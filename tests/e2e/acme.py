"""A certificate authority that speaks ACME, the names that it and cert-manager look up, and who answers its challenges.

The authority is Pebble, which Let's Encrypt publishes for tests: it validates each challenge as Let's Encrypt does.
Every name leads to one address of this machine.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, StreamRequestHandler, ThreadingTCPServer, ThreadingUDPServer
from typing import Any

from tests.e2e.addon_pod import Cluster, eventually
from tests.e2e.edge_router import free_port, self_signed

ADDRESS = "127.0.0.77"
"""Where every name leads. Ports 53 and 80 are asked there, as on the internet."""

_AUTHORITY = "acme.test"
_TYPE_A, _TYPE_TXT = 1, 16
_ANSWER = 0x8580  # QR, AA, RD, RA
_TTL_SECONDS = 1
_SOLVING = "acme.cert-manager.io/http01-solver=true"


def answer(query: bytes, texts: Callable[[str], list[str]]) -> bytes:
    """Return the answer to a query (RFC 1035) with one question: the address, texts, or no record at all."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii").lower())
        at += 1 + length
    (kind,) = struct.unpack_from("!H", query, at + 1)
    records = [socket.inet_aton(ADDRESS)] if kind == _TYPE_A else []
    if kind == _TYPE_TXT:
        records = [bytes([len(each)]) + each.encode() for each in texts(".".join(labels))]
    header = struct.pack("!HHHHHH", struct.unpack_from("!H", query)[0], _ANSWER, 1, len(records), 0, 0)
    told = (struct.pack("!HHHIH", 0xC00C, kind, 1, _TTL_SECONDS, len(each)) + each for each in records)
    return header + query[12 : at + 5] + b"".join(told)


class Names:
    """A name server, asked by datagrams and by TCP."""

    def __init__(self, texts: Callable[[str], list[str]]) -> None:
        """Start to answer; `texts` are a name's TXT records."""

        class Datagram(BaseRequestHandler):
            def handle(self) -> None:
                query, bound = self.request
                bound.sendto(answer(query, texts), self.client_address)

        class Stream(StreamRequestHandler):
            def handle(self) -> None:
                while length := self.rfile.read(2):
                    told = answer(self.rfile.read(int.from_bytes(length)), texts)
                    self.wfile.write(len(told).to_bytes(2) + told)

        self._servers = (_Datagrams((ADDRESS, 53), Datagram), _Streams((ADDRESS, 53), Stream))
        for each in self._servers:
            threading.Thread(target=each.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End it."""
        for each in self._servers:
            each.shutdown()
            each.server_close()


class _Datagrams(ThreadingUDPServer):
    daemon_threads = True


class _Streams(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class Front:
    """In place of router and solver: finds a challenge's route, Service and pod, and says what the pod would.

    The pod is an object alone, of which nothing runs.
    """

    def __init__(self, cluster: Cluster) -> None:
        """Start to answer on port 80."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = solved(cluster, self.headers["Host"].partition(":")[0], self.path)
                self.send_response(404 if found is None else 200)
                self.end_headers()
                self.wfile.write((found or "").encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer((ADDRESS, 80), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


def solving(cluster: Cluster) -> dict[str, list[dict[str, Any]]]:
    """Return what answers challenges now, by its kind."""
    core, gateway = "/api/v1", "/apis/gateway.networking.k8s.io/v1"
    kinds = {"pods": core, "services": core, "httproutes": gateway}
    return {
        kind: cluster.ask("GET", f"{group}/namespaces/slipway-edge/{kind}", query={"labelSelector": _SOLVING})["items"]
        for kind, group in kinds.items()
    }


def solved(cluster: Cluster, host: str, path: str) -> str | None:
    """Return the key that the pod behind a host's path was given; None where no route leads to one."""
    found = solving(cluster)
    for route in (each["spec"] for each in found["httproutes"]):
        (rule,) = route["rules"]
        (match,), (backend,) = rule["matches"], rule["backendRefs"]
        if host not in route["hostnames"] or match["path"] != {"type": "Exact", "value": path}:
            continue
        (service,) = (each["spec"] for each in found["services"] if each["metadata"]["name"] == backend["name"])
        assert backend["port"] in [each["port"] for each in service["ports"]]
        for pod in found["pods"]:
            if service["selector"].items() <= pod["metadata"]["labels"].items():
                arguments = dict(each.split("=", 1) for each in pod["spec"]["containers"][0]["args"])
                assert arguments["--domain"] == host
                return str(arguments["--key"])
    return None


class Authority:
    """Pebble, with a certificate of its own."""

    def __init__(self, program: Path, folder: Path) -> None:
        """Start it, and wait until it listens."""
        folder.mkdir()
        key, certificate = self_signed(_AUTHORITY, [_AUTHORITY])
        (folder / "key.pem").write_bytes(key)
        (folder / "certificate.pem").write_bytes(certificate)
        port = free_port()
        self.issuer = {
            "server": f"https://{_AUTHORITY}:{port}/dir",
            "caBundle": base64.b64encode(certificate).decode(),
        }
        """What of an Issuer says which authority it asks."""
        settings = {
            "listenAddress": f"{ADDRESS}:{port}",
            "certificate": str(folder / "certificate.pem"),
            "privateKey": str(folder / "key.pem"),
            "httpPort": 80,
            "tlsPort": 443,
            "retryAfter": {"authz": 1, "order": 1},
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": settings}), encoding="utf-8")
        self._log = folder / "log"
        with self._log.open("wb") as stream:
            self._process = subprocess.Popen(
                [program, "-config", folder / "pebble.json", "-dnsserver", f"{ADDRESS}:53"],
                # Else it waits before it validates, and refuses some requests for no reason, to test its clients.
                env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        eventually(lambda: _listens(port), 20, self.told)

    def told(self) -> str:
        """Return its log."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((ADDRESS, port)) == 0
