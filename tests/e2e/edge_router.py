"""The real router before real Services, and a client that speaks as the load balancer does, for tests to import.

The configuration and every object are the plan's, with two changes: ports are free ones of this machine, and the load
balancer's subnets are put into 127.0.0.0/8, so that a test connects from an address that is believed, or from another.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from infra.plan.edge import EdgePlan

BALANCER = "127.20.0.5"
"""Stands for an address of the load balancer: 10.20.0.5 in the environment."""

STRANGER = "127.0.0.1"
"""An address in the cluster that is not the load balancer's."""


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: str
    certificate: bytes | None

    @property
    def told(self) -> Any:
        """What the Service was told."""
        return json.loads(self.body)


class Backend:
    """A Service's pods: says which Service it is and what it was asked."""

    def __init__(self, name: str, address: str) -> None:
        """Start to answer on a free port of an address that an EndpointSlice may hold."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"service": name, "path": self.path, "headers": {**self.headers}}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer((address, 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop to answer."""
        self._server.shutdown()
        self._server.server_close()


def own_address() -> str:
    """Return an address of this machine that is not loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class GrpcBackend:
    """A gRPC service's pod, without TLS: answers with what it was sent, whichever method it is asked."""

    def __init__(self, address: str) -> None:
        """Start to answer on a free port."""

        class Echo(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
            def service(self, _details: Any) -> Any:
                return grpc.unary_unary_rpc_method_handler(lambda request, _context: request)

        self._server = grpc.server(ThreadPoolExecutor(max_workers=2), handlers=(Echo(),))
        self.port = int(self._server.add_insecure_port(f"{address}:0"))
        self._server.start()

    def stop(self) -> None:
        """Stop to answer."""
        self._server.stop(None).wait()


def service(
    namespace: str, name: str, port: int, target: int, address: str, **of_port: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a Service without a selector, and the EndpointSlice that leads it to a port of this machine."""
    metadata = {"name": name, "namespace": namespace}
    body = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": [{"name": "it", "port": port, **of_port}]},
    }
    labels = {"kubernetes.io/service-name": name}
    return body, {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata, "labels": labels},
        "addressType": "IPv4",
        "ports": [{"name": "it", "port": target, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": True, "serving": True}}],
    }


def self_signed(name: str, names: Sequence[str]) -> tuple[bytes, bytes]:
    """Return a key and a certificate of a subject, for host names, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    hosts = [x509.DNSName(host) for host in names]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain), certificate.public_bytes(pem)


class Router:
    """Traefik with the configuration of a plan, against an API server, as its ServiceAccount."""

    def __init__(self, program: Path, plan: EdgePlan, ports: Mapping[int, int], kubeconfig: Path, folder: Path) -> None:
        """Start it; ``ports`` says which port of this machine stands for which of the router's."""
        (text,) = (
            each["data"]["traefik.yaml"]
            for each in plan.objects
            if (each["kind"], each["metadata"]["name"]) == ("ConfigMap", "edge-router")
        )
        config = yaml.safe_load(text.replace("10.20.", "127.20."))
        for point in config["entryPoints"].values():
            point["address"] = f"127.0.0.1:{ports[int(point['address'].removeprefix(':'))]}"
        file = folder / "traefik.yaml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        self.ports = ports
        self._ports = {entry.port: ports[entry.router_port] for entry in plan.entries}
        self.log = folder / "router.log"
        #: How many lines it had written when it first answered as planned.
        self.settled = 0
        with self.log.open("wb") as stream:
            self._process = subprocess.Popen(
                [str(program), f"--configFile={file}"],
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={"KUBECONFIG": str(kubeconfig)},
            )

    def call(self, host: str, sent: bytes) -> bytes:
        """Call a gRPC service by HTTP/2 without TLS, as the load balancer passes it on where it ends TLS."""
        own_name = [("grpc.default_authority", host), ("grpc.enable_http_proxy", 0)]
        with grpc.insecure_channel(f"127.0.0.1:{self._ports[443]}", options=own_name) as channel:
            return bytes(channel.unary_unary("/test.Echo/Say")(sent, timeout=10))

    def stop(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def lines(self) -> list[dict[str, Any]]:
        """Return its log so far."""
        whole = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in whole if line.startswith("{")]

    def ask(
        self,
        client: str,
        host: str,
        port: int = 443,
        path: str = "/",
        *,
        by: str = BALANCER,
        tls: ssl.TLSVersion | None = None,
        **headers: str,
    ) -> Answer:
        """Ask as ``client`` through the load balancer, or through whoever else has the address ``by``.

        ``tls``: by TLS of at most this version; the certificate is not judged.
        """
        destination = ("127.0.0.1", self._ports[port])
        with socket.create_connection(destination, timeout=10, source_address=(by, 0)) as raw:
            raw.sendall(proxy_header(client, port))
            if tls is None:
                return _asked(raw, host, path, headers, None)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.maximum_version = tls
            with context.wrap_socket(raw, server_hostname=host) as wrapped:
                return _asked(wrapped, host, path, headers, wrapped.getpeercert(binary_form=True))


def proxy_header(client: str, port: int) -> bytes:
    """Return the PROXY protocol's header, version 2, of a TCP connection over IPv4 (its specification, 2.2)."""
    addresses = socket.inet_aton(client) + socket.inet_aton("10.20.0.5") + struct.pack("!HH", 51234, port)
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x11]) + struct.pack("!H", len(addresses)) + addresses


def _asked(
    connection: socket.socket, host: str, path: str, headers: Mapping[str, str], certificate: bytes | None
) -> Answer:
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    response = http.client.HTTPResponse(connection)
    response.begin()
    return Answer(response.status, dict(response.getheaders()), response.read().decode(), certificate)
