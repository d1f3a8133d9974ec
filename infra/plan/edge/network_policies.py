"""Network policies around the router: into it only from the load balancer, out of it only to the Services it serves.

Pods on the host's network cannot be selected by a policy. The router therefore has the pod network and host ports, and
the namespaces behind it, which deny all traffic by default, admit its pods and nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.plan.edge.balancer import balancer_blocks
from infra.plan.edge.entries import METRICS_PORT, PING_PORT, Entry
from infra.plan.edge.manifest import EDGE_NAMESPACE, ROUTER, ROUTER_LABELS, Manifest, manifest
from infra.plan.namespaces import DNS_NAMESPACE
from infra.plan.security import API_PORT, DNS_PORT
from infra.spec import EnvironmentSpec
from infra.spec.edge import EdgeRouteSpec, EdgeSpec, EdgeTcpPortSpec

MONITORING_NAMESPACE = "monitoring"
"""Whose pods may ask for the router's metrics."""

SOLVER_LABELS = {"acme.cert-manager.io/http01-solver": "true"}
SOLVER_PORT = 8089
"""Pods by which cert-manager answers http01 challenges (cert-manager, ``pkg/issuer/acme/http``)."""


@dataclass(frozen=True)
class Backend:
    """Pods behind the router."""

    key: str
    """What the policy's name is made of."""
    namespace: str
    labels: dict[str, str]
    port: int

    @property
    def policy(self) -> str:
        """Name of the network policy that lets the router to them."""
        return f"allow-edge-{self.key}"


def backend_of(target: EdgeRouteSpec | EdgeTcpPortSpec) -> Backend:
    """Return the pods behind a route or a TCP port."""
    labels = target.pod_labels or {"app.kubernetes.io/name": target.service}
    if isinstance(target, EdgeRouteSpec):
        return Backend(f"route-{target.name}", target.namespace, labels, target.target_port or target.port)
    port = target.target_port or target.service_port or target.port
    return Backend(f"tcp-{target.name}", target.namespace, labels, port)


def backends_of(route: EdgeRouteSpec) -> tuple[Backend, ...]:
    """Return all pods behind a route: those of its Service, then of those that Ingress objects may lead to besides."""
    further = (
        Backend(
            f"route-{route.name}-{each.service}",
            route.namespace,
            each.pod_labels or {"app.kubernetes.io/name": each.service},
            each.target_port,
        )
        for each in route.further_services
    )
    return (backend_of(route), *further)


def plan_network_policies(spec: EnvironmentSpec, edge: EdgeSpec, entries: tuple[Entry, ...]) -> Iterator[Manifest]:
    """Yield the policies of the router's namespace and those of the namespaces behind it."""
    routes = sorted(edge.routes, key=lambda route: route.name)
    backends = [backend for route in routes for backend in backends_of(route)]
    backends += [backend_of(entry.tcp) for entry in entries if entry.tcp is not None]
    solver = edge.tls.acm is None and (edge.tls.acme is None or edge.tls.acme.solver == "http01")
    yield _policy("default-deny", EDGE_NAMESPACE, {}, policyTypes=["Ingress", "Egress"])
    yield _router(spec, edge, entries, backends, solver)
    router = {"namespaceSelector": _namespace(EDGE_NAMESPACE), "podSelector": {"matchLabels": ROUTER_LABELS}}
    if solver:
        ingress = [{"from": [{"podSelector": {"matchLabels": ROUTER_LABELS}}], "ports": _ports(SOLVER_PORT)}]
        yield _policy("acme-solver", EDGE_NAMESPACE, SOLVER_LABELS, policyTypes=["Ingress"], ingress=ingress)
    for backend in backends:
        ingress = [{"from": [router], "ports": _ports(backend.port)}]
        yield _policy(backend.policy, backend.namespace, backend.labels, policyTypes=["Ingress"], ingress=ingress)


def _router(
    spec: EnvironmentSpec, edge: EdgeSpec, entries: tuple[Entry, ...], backends: list[Backend], solver: bool
) -> Manifest:
    blocks = [{"ipBlock": {"cidr": block}} for block in balancer_blocks(spec, edge)]
    ingress = [
        {"from": blocks, "ports": _ports(*(entry.router_port for entry in entries), PING_PORT)},
        {"from": [{"namespaceSelector": _namespace(MONITORING_NAMESPACE)}], "ports": _ports(METRICS_PORT)},
    ]
    dns = [{"namespaceSelector": _namespace(DNS_NAMESPACE)}]
    egress: list[dict[str, Any]] = [
        {"to": dns, "ports": [{"port": DNS_PORT, "protocol": protocol} for protocol in ("UDP", "TCP")]},
        # The API server is on the hosts' network, which no selector of a NetworkPolicy means in every CNI; so any
        # address, on the API's port alone.
        {"ports": _ports(API_PORT)},
    ]
    for backend in backends:
        pods = {"namespaceSelector": _namespace(backend.namespace), "podSelector": {"matchLabels": backend.labels}}
        rule = {"to": [pods], "ports": _ports(backend.port)}
        if rule not in egress:
            egress.append(rule)
    if solver:
        egress.append({"to": [{"podSelector": {"matchLabels": SOLVER_LABELS}}], "ports": _ports(SOLVER_PORT)})
    return _policy(
        ROUTER, EDGE_NAMESPACE, ROUTER_LABELS, policyTypes=["Ingress", "Egress"], ingress=ingress, egress=egress
    )


def _policy(name: str, namespace: str, labels: dict[str, str], **spec: Any) -> Manifest:
    selector = {"matchLabels": labels} if labels else {}
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name, namespace, spec={"podSelector": selector, **spec})


def _namespace(name: str) -> dict[str, Any]:
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}


def _ports(*ports: int) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"} for port in ports]
