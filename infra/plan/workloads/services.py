"""Services: one way to make them, whatever it is that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.plan.node.registration import ROLE_LABEL
from infra.plan.tags import tag_pairs
from infra.plan.workloads.awaited import ready_by_default
from infra.plan.workloads.controllers import pods_service
from infra.plan.workloads.objects import KubernetesObject, await_annotations, metadata, selector
from infra.spec import EnvironmentSpec
from infra.spec.workloads.backend import BackendSpec, LoadBalancerSpec
from infra.spec.workloads.parts import PortSpec
from infra.spec.workloads.workload import ServiceSpec, WorkloadSpec

CLUSTER_DOMAIN = "cluster.local"
Service = ServiceSpec | BackendSpec
_APP_PROTOCOLS = {"http": "http", "h2c": "kubernetes.io/h2c"}
"""As the edge router knows them (Kubernetes, "Application protocol"; Traefik, ``provider/kubernetes/gateway``)."""
_NLB = "service.beta.kubernetes.io/aws-load-balancer-"
_OWN_PODS = {"externalTrafficPolicy": "Local"}
"""A node leads to its own pods alone and the client's address is kept, which network policies judge by.

What Cilium passes on to another node comes there from `world`, which no `ipBlock` means but that of all addresses: a
policy that lets the VPC in drops it (seen with 1.20.2, whose ``bpf/bpf_overlay.c`` takes the tunnel's word).
"""


@dataclass(frozen=True)
class BackendPlan:
    """A name that callers use and what answers to it."""

    name: str
    namespace: str
    objects: tuple[KubernetesObject, ...]


def workload_services(spec: EnvironmentSpec, workload: WorkloadSpec) -> tuple[KubernetesObject, ...]:
    """Return the Services in front of a workload's pods: its own, and a StatefulSet's headless one."""
    open_, all_ = _ports(workload.open_ports), _ports(workload.ports)
    made = []
    if open_:
        service = workload.service
        body = _by_type(spec, service, open_)
        body["selector"] = selector(spec, workload.name)
        if service.session_affinity != "None":
            body["sessionAffinity"] = service.session_affinity
        waited = {} if _awaited(workload) else {"pulumi.com/skipAwait": "true"}
        annotations = {**await_annotations(workload), **waited, **_annotations(spec, service)}
        meta = metadata(spec, workload, workload.name, annotations)
        made.append(KubernetesObject("v1", "Service", workload.name, {"metadata": meta, "spec": body}))
    if workload.kind == "StatefulSet":
        # Members find each other by it before they are ready, so it must tell of all. A Service needs no ports for it.
        body = {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": selector(spec, workload.name),
            **({"ports": all_} if all_ else {}),
        }
        name = pods_service(workload)
        meta = metadata(spec, workload, name, {"pulumi.com/skipAwait": "true"})
        made.append(KubernetesObject("v1", "Service", name, {"metadata": meta, "spec": body}))
    return tuple(made)


def _awaited(workload: WorkloadSpec) -> bool:
    """Return whether Pulumi waits for pods behind the Service in front, too.

    Not where there are none, nor where they may come later than it waits for any Service: it waits for what makes them.
    """
    return bool(workload.least_pods) and not workload.after and ready_by_default(workload)


def _ports(ports: Sequence[PortSpec]) -> list[dict[str, Any]]:
    return [
        {
            "name": p.name,
            "port": p.service_port or p.port,
            "targetPort": p.name,
            "protocol": p.protocol,
            **({} if p.app_protocol is None else {"appProtocol": _APP_PROTOCOLS[p.app_protocol]}),
        }
        for p in ports
    ]


def plan_backend(spec: EnvironmentSpec, backend: BackendSpec) -> BackendPlan:
    """Return the Service, and where it has no pods to select, the EndpointSlice, of a backend."""
    homes = {use.name: use.namespace for use in spec.workloads}
    body = _backend_body(spec, backend, homes)
    annotations = _annotations(spec, backend)
    # Nothing in the cluster tells when a name outside answers.
    waited = {} if backend.workload and backend.type != "otherNamespace" else {"pulumi.com/skipAwait": "true"}
    meta = _backend_metadata(spec, backend, {**waited, **annotations})
    logical = f"{backend.namespace}-{backend.name}"
    objects = [KubernetesObject("v1", "Service", logical, {"metadata": meta, "spec": body})]
    if backend.type == "addresses":
        objects.append(_endpoint_slice(spec, backend, logical))
    return BackendPlan(backend.name, backend.namespace, tuple(objects))


def _backend_body(spec: EnvironmentSpec, backend: BackendSpec, homes: Mapping[str, str]) -> dict[str, Any]:
    ports = [
        {"name": p.name, "port": p.port, "targetPort": p.target_port or p.port, "protocol": p.protocol}
        for p in backend.ports
    ]
    if backend.type == "externalName":
        return {"type": "ExternalName", "externalName": backend.host, "ports": ports}
    if backend.type == "otherNamespace":
        home = f"{backend.workload}.{homes[str(backend.workload)]}.svc.{CLUSTER_DOMAIN}"
        return {"type": "ExternalName", "externalName": home, "ports": ports}
    if backend.type == "addresses":
        return {"type": "ClusterIP", "ports": ports, **_distribution(backend.traffic_distribution)}
    body = _by_type(spec, backend, ports)
    body["selector"] = selector(spec, str(backend.workload))
    return body


def _by_type(spec: EnvironmentSpec, service: Service, ports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the spec of a Service that selects pods, but for the selector."""
    listed = [dict(port) for port in ports]
    if service.type == "headless":
        # DNS answers with the pods themselves; there is no proxying, so nothing to distribute.
        return {"clusterIP": "None", "ports": listed}
    distributed = _distribution(service.traffic_distribution)
    if service.type == "nodePort":
        if service.node_port is not None:
            listed[0]["nodePort"] = service.node_port
        return {"type": "NodePort", "ports": listed, **_OWN_PODS, **distributed}
    if service.type == "loadBalancer":
        return {"type": "LoadBalancer", "ports": listed, **_balanced(spec, service.load_balancer), **distributed}
    return {"type": "ClusterIP", "ports": listed, **distributed}


def _balanced(spec: EnvironmentSpec, balancer: LoadBalancerSpec) -> dict[str, Any]:
    """Return what a Service says to the controller that makes its load balancer."""
    # Without any, the cloud controller manager lets every address in, whatever the subnets lead to.
    ranges = list(balancer.source_ranges) or [spec.network.cidr]
    if balancer.target == "ip":
        # Straight to pods, no port of the nodes is needed.
        own = {"loadBalancerClass": "service.k8s.aws/nlb", "allocateLoadBalancerNodePorts": False}
    else:
        own = dict(_OWN_PODS)
    return {**own, "loadBalancerSourceRanges": ranges}


def _distribution(setting: str) -> dict[str, str]:
    return {} if setting == "Everywhere" else {"trafficDistribution": setting}


def _annotations(spec: EnvironmentSpec, service: Service) -> dict[str, str]:
    """Return the annotations that the controller reads which makes the load balancer.

    Sources: cloud-provider-aws, ``pkg/providers/v1/aws.go`` (``ServiceAnnotationLoadBalancer*``); AWS Load Balancer
    Controller, "Service annotations".
    """
    if service.type != "loadBalancer":
        return {}
    balancer = service.load_balancer
    if balancer.target == "ip":
        header = {f"{_NLB}proxy-protocol": "*"} if balancer.proxy_protocol else {}
        return {f"{_NLB}scheme": balancer.scheme, f"{_NLB}nlb-target-type": "ip", **header}
    proxy_protocol = "true" if balancer.proxy_protocol else "false"
    return {
        f"{_NLB}type": "nlb",
        # The machines of the edge router run no pods of workloads.
        f"{_NLB}target-node-labels": f"{ROLE_LABEL}=Node",
        f"{_NLB}additional-resource-tags": tag_pairs(spec),
        # An attribute that is not named stays as it was set last.
        f"{_NLB}target-group-attributes": f"proxy_protocol_v2.enabled={proxy_protocol}",
        **({f"{_NLB}internal": "true"} if balancer.scheme == "internal" else {}),
    }


def _backend_metadata(
    spec: EnvironmentSpec, backend: BackendSpec, annotations: Mapping[str, str], name: str | None = None
) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "name": name or backend.name,
        "namespace": backend.namespace,
        "labels": {
            "app.kubernetes.io/name": backend.name,
            "app.kubernetes.io/component": "backend",
            "app.kubernetes.io/part-of": spec.name[:63].rstrip("-"),
            "app.kubernetes.io/managed-by": "slipway",
        },
    }
    if annotations:
        meta["annotations"] = dict(annotations)
    return meta


def _endpoint_slice(spec: EnvironmentSpec, backend: BackendSpec, logical: str) -> KubernetesObject:
    meta = _backend_metadata(spec, backend, {}, f"{backend.name}-slipway"[:253])
    # The first label ties the slice to its Service; by the second, the EndpointSlice controller leaves it alone.
    meta["labels"] |= {
        "kubernetes.io/service-name": backend.name,
        "endpointslice.kubernetes.io/managed-by": "slipway",
    }
    body = {
        "metadata": meta,
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in backend.addresses],
        "ports": [{"name": p.name, "port": p.target_port or p.port, "protocol": p.protocol} for p in backend.ports],
    }
    return KubernetesObject("discovery.k8s.io/v1", "EndpointSlice", logical, body)
