"""The ports of the edge: what the load balancer listens on, and where the router's machines answer.

The router runs as a user that may bind no port below 1024, so the ports of its machines are others than those of the
load balancer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infra.spec.edge import HTTP_PORT, HTTPS_PORT, EdgeSpec, EdgeTcpPortSpec
from infra.spec.edge_rules import LOW_PORTS_AT

HTTP_ENTRY = "http"
HTTPS_ENTRY = "https"

PING_PORT = 8081
"""Where the router answers health checks, and says 503 while it shuts down."""

METRICS_PORT = 9101


@dataclass(frozen=True)
class Entry:
    """One open port."""

    name: str
    """Name of the router's entry point: ``http``, ``https`` or that of the TCP port."""
    policy_port: int | str
    """What firewall rules call it."""
    port: int
    """Port of the load balancer."""
    router_port: int
    """Port of the router and of its machines."""
    kind: Literal["redirect", "https", "tcp"]
    tcp: EdgeTcpPortSpec | None = None


def plan_entries(edge: EdgeSpec) -> tuple[Entry, ...]:
    """Return the ports that at least one rule of the firewall opens: 80, 443, then the TCP ports by number."""
    opened = {port for rule in edge.firewall for port in rule.ports}
    tcp_ports = sorted(edge.tcp_ports, key=lambda tcp: tcp.port)
    every = (
        Entry(HTTP_ENTRY, HTTP_PORT, HTTP_PORT, 8080, "redirect"),
        Entry(HTTPS_ENTRY, HTTPS_PORT, HTTPS_PORT, 8443, "https"),
        *(Entry(tcp.name, tcp.name, tcp.port, _router_port(tcp.port), "tcp", tcp) for tcp in tcp_ports),
    )
    return tuple(entry for entry in every if entry.policy_port in opened)


def _router_port(port: int) -> int:
    return port if port >= 1024 else LOW_PORTS_AT + port
