"""The router in the cluster: Traefik on the machines of role Edge.

Why not Traefik's chart: a chart is rendered to files before an environment is known, and the ports, the addresses that
are believed and the namespaces that may be read are the environment's. Its kinds (``crds/``) and its rules of access
are taken over. Why host ports and no host network: :mod:`infra.plan.edge.network_policies`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from infra.plan.addons.objects import AddonObject, AddonPlan
from infra.plan.addons.objects import Manifest as Files
from infra.plan.edge.entries import METRICS_PORT, PING_PORT, Entry
from infra.plan.edge.manifest import EDGE_NAMESPACE, GATEWAY_GROUP, ROUTER, Manifest, manifest
from infra.plan.edge.router_config import ingress_namespaces, router_config, served_namespaces
from infra.plan.node.yaml_text import yaml_text
from infra.spec import EnvironmentSpec
from infra.spec.edge import EdgeSpec

CONFIG_FILE = "traefik.yaml"
CONFIG_DIGEST = "slipway/config-digest"
"""Annotation by which a change of the configuration replaces the pods."""

_READ = ["get", "list", "watch"]


def plan_router(
    spec: EnvironmentSpec, edge: EdgeSpec, entries: Sequence[Entry], routes: Sequence[Manifest]
) -> AddonPlan:
    """Return the router with its routes: its kinds and namespace first."""
    template = Files(ROUTER, spec)
    config = yaml_text(router_config(spec, edge, entries))
    template.get("ConfigMap", ROUTER)["data"][CONFIG_FILE] = config
    pod = template.get("DaemonSet", ROUTER)["spec"]["template"]
    pod["metadata"]["annotations"] = {CONFIG_DIGEST: hashlib.sha256(config.encode()).hexdigest()[:16]}
    container = template.container("DaemonSet", ROUTER, "traefik")
    container["ports"] += [*_ports(entries)]
    planned = template.plan()
    first = [AddonObject(ROUTER, body) for body in kinds()]
    rest = [AddonObject(ROUTER, body) for body in (*_roles(edge), *routes)]
    return AddonPlan(ROUTER, (planned.objects[0], *first, *planned.objects[1:], *rest))


@cache
def kinds(folder_name: str = "edge_crds") -> tuple[Manifest, ...]:
    """Return definitions of kinds; by default those that the router reads, the Gateway API's and Traefik's."""
    folder = files("infra.templates").joinpath(folder_name)
    documents = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return tuple(json.loads(file.read_text(encoding="utf-8")) for file in documents)


def _ports(entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    open_ports = [*((entry.name, entry.router_port) for entry in entries), ("ping", PING_PORT)]
    for name, port in open_ports:
        yield {"name": name, "containerPort": port, "hostPort": port, "protocol": "TCP"}
    # Asked for inside the cluster only, so no port of the machine.
    yield {"name": "metrics", "containerPort": METRICS_PORT, "protocol": "TCP"}


def _roles(edge: EdgeSpec) -> Iterator[Manifest]:
    """Yield what the router may read in each namespace that it watches.

    Traefik watches the Secrets of a namespace or does not watch it at all, so it reads those of all it serves.
    """
    gateway = ["backendtlspolicies", "gateways", "grpcroutes", "httproutes", "tlsroutes"]
    traefik = [
        "ingressroutes", "ingressroutetcps", "ingressrouteudps", "middlewares", "middlewaretcps", "serverstransports",
        "serverstransporttcps", "tlsoptions", "tlsstores", "traefikservices",
    ]  # fmt: skip
    rules = [
        {"apiGroups": [""], "resources": ["configmaps", "secrets", "services"], "verbs": _READ},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
        {"apiGroups": [GATEWAY_GROUP], "resources": [*gateway, "referencegrants"], "verbs": _READ},
        {"apiGroups": [GATEWAY_GROUP], "resources": [f"{each}/status" for each in gateway], "verbs": ["update"]},
        {"apiGroups": ["traefik.io"], "resources": traefik, "verbs": _READ},
    ]
    ingress = {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": _READ}
    with_ingress = ingress_namespaces(edge)
    rbac = "rbac.authorization.k8s.io"
    for namespace in served_namespaces(edge):
        granted = [*rules, ingress] if namespace in with_ingress else rules
        yield manifest(f"{rbac}/v1", "Role", ROUTER, namespace, rules=granted)
        yield manifest(
            f"{rbac}/v1",
            "RoleBinding",
            ROUTER,
            namespace,
            roleRef={"apiGroup": rbac, "kind": "Role", "name": ROUTER},
            subjects=[{"kind": "ServiceAccount", "name": ROUTER, "namespace": EDGE_NAMESPACE}],
        )
