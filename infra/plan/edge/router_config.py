"""The router's own configuration: Traefik's static file, ``traefik.yaml``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.plan.edge.balancer import balancer_blocks
from infra.plan.edge.entries import METRICS_PORT, PING_PORT, Entry
from infra.plan.edge.manifest import CAME_BY_TLS, EDGE_NAMESPACE, INGRESS_CLASS
from infra.spec import EnvironmentSpec
from infra.spec.edge import EdgeSpec
from infra.spec.scalars import duration_seconds

ACCEPT_GRACE = 30
"""Seconds a router that shuts down still takes requests while ``/ping`` says 503: two failed health checks of the load
balancer, 10 s apart, and the time for its addresses to notice."""

REQUEST_GRACE = 60
"""Seconds it then gives to requests that are running."""

IDLE_SECONDS = 180
"""Seconds until a silent connection is closed: less than the 350 s after which the load balancer forgets it (Network
Load Balancers, "Connection idle timeout")."""


def router_config(spec: EnvironmentSpec, edge: EdgeSpec, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return Traefik's static configuration."""
    served = served_namespaces(edge)
    ingress = ingress_namespaces(edge)
    return {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "INFO", "format": "json"},
        "accessLog": {
            "format": "json",
            # The guards before Ingress objects end in a service of the router's own; whom they refuse is to be seen.
            "addInternals": True,
            "fields": {
                # ClientAddr and ClientHost are the client's, from the PROXY header. Headers may hold secrets.
                "defaultMode": "keep",
                "headers": {"defaultMode": "drop", "names": {"User-Agent": "keep", "X-Request-Id": "keep"}},
            },
        },
        "ping": {"entryPoint": "ping", "terminatingStatusCode": 503},
        "metrics": {"prometheus": {"entryPoint": "metrics", "addEntryPointsLabels": True, "addRoutersLabels": True}},
        "entryPoints": {
            **{entry.name: _entry_point(spec, edge, entry) for entry in entries},
            # Health checks have the load balancer's header as well, once its target group puts one before connections.
            "ping": {
                "address": f":{PING_PORT}",
                "proxyProtocol": {"trustedIPs": [*balancer_blocks(spec, edge)]},
                "observability": {"accessLogs": False},
            },
            "metrics": {"address": f":{METRICS_PORT}", "observability": {"accessLogs": False}},
        },
        "providers": {
            "kubernetesGateway": {"namespaces": served},
            # For the allow-lists, and for plain TCP: a TCPRoute of the Gateway API has no filters.
            # By the plain scheme's names others are called in this file, and the plan has no two alike.
            "kubernetesCRD": {"namespaces": served, "allowCrossNamespace": bool(edge.tcp_ports), "safeNaming": False},
            **({"kubernetesIngress": _ingress_provider(ingress)} if ingress else {}),
        },
    }


def served_namespaces(edge: EdgeSpec) -> list[str]:
    """Return the namespaces that the router watches: its own, and those of the Services it leads to."""
    backends = {target.namespace for target in edge.routes} | {target.namespace for target in edge.tcp_ports}
    return [EDGE_NAMESPACE, *sorted(backends)]


def ingress_namespaces(edge: EdgeSpec) -> list[str]:
    """Return the namespaces whose Ingress objects the router reads."""
    return sorted({route.namespace for route in edge.routes if route.ingress})


def _ingress_provider(namespaces: list[str]) -> dict[str, Any]:
    return {
        "namespaces": namespaces,
        "ingressClass": INGRESS_CLASS,
        # As the Ingress specification has it: /shop does not match /shopping.
        "strictPrefixMatching": True,
        # An Ingress names no middleware or TLS option, not even where its admission was not checked.
        "crossProviderNamespaces": [EDGE_NAMESPACE],
    }


def _entry_point(spec: EnvironmentSpec, edge: EdgeSpec, entry: Entry) -> dict[str, Any]:
    point: dict[str, Any] = {
        "address": f":{entry.router_port}",
        # Whose word on the client's address is taken: the load balancer's, and no header of a client.
        "proxyProtocol": {"trustedIPs": [*balancer_blocks(spec, edge)]},
        "transport": {
            "lifeCycle": {"requestAcceptGraceTimeout": f"{ACCEPT_GRACE}s", "graceTimeOut": f"{REQUEST_GRACE}s"},
            "respondingTimeouts": {
                "readTimeout": f"{duration_seconds(edge.read_timeout)}s",
                "idleTimeout": f"{IDLE_SECONDS}s",
            },
        },
    }
    if entry.kind == "https":
        # What an Ingress that names no entry point is served on, which is all of them.
        point["asDefault"] = True
        if ingress_namespaces(edge):
            # Of an Ingress nothing else says that its requests came by TLS, or are to. And until the router has read
            # the guards, which come with this middleware, what names one that does not exist answers nothing.
            ended_here: dict[str, Any] = {} if edge.tls.acm is not None else {"tls": {}}
            point["http"] = {"middlewares": [f"{EDGE_NAMESPACE}-{CAME_BY_TLS}@kubernetescrd"], **ended_here}
    return point
