"""Kubernetes objects of the edge as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Manifest = Mapping[str, Any]
"""A Kubernetes object as its YAML has it."""

EDGE_NAMESPACE = "slipway-edge"
"""Where the router and its routes live."""

ROUTER = "edge-router"
"""Name of the router's objects, and of its Gateway and class."""

ROUTER_LABELS = {"app.kubernetes.io/name": ROUTER}
"""What selects the router's pods."""

GATEWAY_GROUP = "gateway.networking.k8s.io"
TRAEFIK_GROUP = "traefik.io"

INGRESS_CLASS = ROUTER
"""Class of the Ingress objects that the router reads, where it reads any."""

CAME_BY_TLS = "came-by-tls"
"""Middleware that tells an Ingress's Service that its client came by TLS, also where the load balancer ended it."""


def manifest(api_version: str, kind: str, name: str, namespace: str | None = EDGE_NAMESPACE, **body: Any) -> Manifest:
    """Return an object with the edge's labels; ``namespace`` None is for what has none."""
    labels = {"app.kubernetes.io/managed-by": "slipway", "app.kubernetes.io/part-of": "edge"}
    where = {} if namespace is None else {"namespace": namespace}
    metadata = {"name": name, **where, "labels": {**labels, **body.pop("labels", {})}}
    if "annotations" in body:
        metadata["annotations"] = body.pop("annotations")
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}
