"""A database outside the cluster, for tests on machines: a server in the VPC."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any

from rehearsal.machines import namespaces
from rehearsal.machines.network import FRONT_ADDRESS
from tests.e2e.machine_objects import named

DATABASE = "orders.c0ffee.eu-central-1.rds.amazonaws.com"
"""Name that the VPC's resolver has for it, as for all of AWS's."""
DATABASE_PORT = 5432


def ways_to_the_database() -> tuple[dict[str, Any], ...]:
    """Return the Service `orders`, which is another name of it, and `ledger`, whose EndpointSlice has its address."""
    ports = [{"name": "postgresql", "port": DATABASE_PORT}]
    slices = named(
        "EndpointSlice",
        "ledger-1",
        "discovery.k8s.io/v1",
        metadata={"name": "ledger-1", "labels": {"kubernetes.io/service-name": "ledger"}},
        addressType="IPv4",
        endpoints=[{"addresses": [str(FRONT_ADDRESS)]}],
        ports=ports,
    )
    other_name = named("Service", "orders", spec={"type": "ExternalName", "externalName": DATABASE})
    return other_name, named("Service", "ledger", spec={"ports": ports}), slices


class Database(http.server.BaseHTTPRequestHandler):
    """The stand-in of a database: tells who asks."""

    def do_GET(self) -> None:
        body = f"database asked by {self.client_address[0]}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def database(network: str) -> Iterator[None]:
    """Serve the database in the VPC of that network namespace, where the name of an RDS instance leads."""
    bound = namespaces.listener(network, str(FRONT_ADDRESS), DATABASE_PORT)
    server = http.server.ThreadingHTTPServer(bound.getsockname(), Database, bind_and_activate=False)
    server.socket.close()
    server.socket = bound
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
