"""Routes of the router: Gateway API objects for host names, Traefik's own for plain TCP, and the allow-lists of both.

Every route lives in the router's namespace and the Gateway admits none from elsewhere, so that no route of
another's goes round an allow-list. ReferenceGrants in the namespaces of the Services say which of them may be reached.

Each HTTPRoute has one host name. Traefik gives a route the priority of its longest name, so that of two names in one
route the shorter would rank before a more exact name of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.plan.edge.entries import HTTP_ENTRY, HTTPS_ENTRY, Entry
from infra.plan.edge.manifest import EDGE_NAMESPACE, GATEWAY_GROUP, ROUTER, TRAEFIK_GROUP, Manifest, manifest
from infra.plan.edge.policy import AllowList, Exposure, allow_list, rules_for
from infra.spec.edge import EdgeRouteSpec, EdgeSpec

CONTROLLER = "traefik.io/gateway-controller"
"""Name by which Traefik knows its GatewayClasses (``pkg/provider/kubernetes/gateway/kubernetes.go``)."""


def plan_gateway(edge: EdgeSpec, entries: tuple[Entry, ...], exposures: tuple[Exposure, ...]) -> Iterator[Manifest]:
    """Yield the objects by which the router routes."""
    yield manifest(f"{GATEWAY_GROUP}/v1", "GatewayClass", ROUTER, None, spec={"controllerName": CONTROLLER})
    listeners = [*_listeners(edge, entries)]
    if listeners:
        spec = {"gatewayClassName": ROUTER, "listeners": listeners}
        yield manifest(f"{GATEWAY_GROUP}/v1", "Gateway", ROUTER, spec=spec)
    if edge.tls.acm is None:
        # Of this name it holds for all that the router ends TLS for (Traefik, "TLS Options", "default").
        oldest = {"minVersion": f"VersionTLS{edge.tls.min_version.replace('.', '')}"}
        yield manifest(f"{TRAEFIK_GROUP}/v1alpha1", "TLSOption", "default", spec=oldest)
    yield from _allow_lists(exposures)
    for exposure in exposures:
        # On port 80 there is nothing but the redirect, which no Ingress has a part in.
        if exposure.entry.kind == "redirect" or not any(route.ingress for route in exposure.routes):
            yield _http_route(edge, exposure)
    yield from _grants(edge)
    for entry in entries:
        if entry.tcp is not None:
            yield from _tcp(edge, entry)


def host_key(host: str) -> str:
    """Return a host as part of an object's name: wildcards and names never meet in one."""
    return f"below.{host[2:]}" if host.startswith("*.") else f"host.{host}"


def listener_name(route_host: str) -> str:
    """Return the name of the listener that serves a route's host."""
    return f"https-{host_key(route_host)}"


def tls_secret(route_host: str) -> str:
    """Return the name of the Secret that holds the certificate of a route's host."""
    return f"{host_key(route_host)}-tls"


def _listeners(edge: EdgeSpec, entries: tuple[Entry, ...]) -> Iterator[dict[str, Any]]:
    allowed = {"namespaces": {"from": "Same"}, "kinds": [{"group": GATEWAY_GROUP, "kind": "HTTPRoute"}]}
    for entry in entries:
        if entry.kind == "redirect":
            yield {"name": HTTP_ENTRY, "port": entry.router_port, "protocol": "HTTP", "allowedRoutes": allowed}
        if entry.kind == "https":
            for host in edge.route_hosts:
                yield {
                    "name": listener_name(host),
                    "hostname": host,
                    # Traefik finds its entry point by this number, which is why it is the router's own.
                    "port": entry.router_port,
                    **_protocol(edge, host),
                    "allowedRoutes": allowed,
                }


def _protocol(edge: EdgeSpec, host: str) -> dict[str, Any]:
    if edge.tls.acm is not None:
        return {"protocol": "HTTP"}
    secret = {"group": "", "kind": "Secret", "name": tls_secret(host)}
    return {"protocol": "HTTPS", "tls": {"mode": "Terminate", "certificateRefs": [secret]}}


def _allow_lists(exposures: tuple[Exposure, ...]) -> Iterator[Manifest]:
    for allowed in dict.fromkeys(exposure.allowed for exposure in exposures if not exposure.allowed.everyone):
        spec = {"ipAllowList": {"sourceRange": [*allowed.blocks], "rejectStatusCode": 403}}
        yield manifest(f"{TRAEFIK_GROUP}/v1alpha1", "Middleware", allowed.name, spec=spec)


def _filters(allowed: AllowList) -> list[dict[str, Any]]:
    if allowed.everyone:
        return []
    reference = {"group": TRAEFIK_GROUP, "kind": "Middleware", "name": allowed.name}
    return [{"type": "ExtensionRef", "extensionRef": reference}]


def _http_route(edge: EdgeSpec, exposure: Exposure) -> Manifest:
    redirect = exposure.entry.kind == "redirect"
    listener = HTTP_ENTRY if redirect else listener_name(exposure.route_host)
    # A redirect is for every path; what is behind it decides on 443.
    rules = [_redirect(exposure)] if redirect else [_forward(edge, exposure, route) for route in exposure.routes]
    return manifest(
        f"{GATEWAY_GROUP}/v1",
        "HTTPRoute",
        f"{HTTP_ENTRY if redirect else HTTPS_ENTRY}-{host_key(exposure.host)}",
        spec={
            "parentRefs": [{"name": ROUTER, "sectionName": listener}],
            "hostnames": [exposure.host],
            "rules": rules,
        },
    )


def _redirect(exposure: Exposure) -> dict[str, Any]:
    # Without a port, so that none stands in the address that the client is sent to.
    way = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    return {"matches": _under("/"), "filters": [*_filters(exposure.allowed), way]}


def _forward(edge: EdgeSpec, exposure: Exposure, route: EdgeRouteSpec) -> dict[str, Any]:
    backend = {"name": route.service, "namespace": route.namespace, "port": route.port}
    filters = _filters(exposure.allowed)
    if edge.tls.acm is not None:
        # The router sees plain HTTP; what is behind it must know that the client did not.
        header = {"name": "X-Forwarded-Proto", "value": "https"}
        filters.append({"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [header]}})
    made: dict[str, Any] = {"matches": _under(route.path), "backendRefs": [backend]}
    return {**made, "filters": filters} if filters else made


def _under(path: str) -> list[dict[str, Any]]:
    return [{"path": {"type": "PathPrefix", "value": path}}]


def _grants(edge: EdgeSpec) -> Iterator[Manifest]:
    services: dict[str, dict[str, None]] = {}
    for route in edge.routes:
        if route.ingress:
            continue  # An Ingress leads to Services of its own namespace only.
        services.setdefault(route.namespace, {})[route.service] = None
    for namespace, names in services.items():
        yield manifest(
            f"{GATEWAY_GROUP}/v1beta1",
            "ReferenceGrant",
            ROUTER,
            namespace,
            spec={
                "from": [{"group": GATEWAY_GROUP, "kind": "HTTPRoute", "namespace": EDGE_NAMESPACE}],
                "to": [{"group": "", "kind": "Service", "name": name} for name in names],
            },
        )


def _tcp(edge: EdgeSpec, entry: Entry) -> Iterator[Manifest]:
    tcp = entry.tcp
    assert tcp is not None  # noqa: S101 (for the type checker)
    allowed = allow_list(rules_for(edge, entry.policy_port, None))
    middlewares = [] if allowed.everyone else [{"name": f"tcp-{entry.name}"}]
    if middlewares:
        spec = {"ipAllowList": {"sourceRange": [*allowed.blocks]}}
        yield manifest(f"{TRAEFIK_GROUP}/v1alpha1", "MiddlewareTCP", f"tcp-{entry.name}", spec=spec)
    service = {"name": tcp.service, "namespace": tcp.namespace, "port": tcp.service_port or tcp.port}
    yield manifest(
        f"{TRAEFIK_GROUP}/v1alpha1",
        "IngressRouteTCP",
        f"tcp-{entry.name}",
        spec={
            "entryPoints": [entry.name],
            "routes": [
                {
                    "match": "HostSNI(`*`)",
                    "services": [service],
                    **({"middlewares": middlewares} if middlewares else {}),
                }
            ],
        },
    )
