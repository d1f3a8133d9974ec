"""The NetworkPolicy of a workload: its namespace denies all, this lets in and out whom its file names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.plan.edge.manifest import EDGE_NAMESPACE, ROUTER_LABELS
from infra.plan.workloads.objects import KubernetesObject, metadata, selector
from infra.spec import EnvironmentSpec
from infra.spec.workloads.backend import BackendSpec, LoadBalancerSpec
from infra.spec.workloads.environment_rules import target_of
from infra.spec.workloads.parts import PortSpec
from infra.spec.workloads.workload import WorkloadSpec

PLATFORM_NAMESPACES = {"edge": EDGE_NAMESPACE, "monitoring": "monitoring"}
"""Namespace of each caller that is no workload."""

PRIVATE_RANGES = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""RFC 1918, RFC 6598 and link-local, where the instance metadata service answers."""

_METADATA = "169.254.0.0/16"
_NAMESPACE_LABEL = "kubernetes.io/metadata.name"


def network_policy(spec: EnvironmentSpec, workload: WorkloadSpec) -> KubernetesObject:
    """Return the policy. It states both directions, so that one without rules lets nothing through.

    Kubelets reach the pods of their own node for probes whatever a policy says.
    """
    # The API server drops an empty list, and what it drops would look changed ever after.
    rules = {"ingress": _ingress(spec, workload), "egress": _egress(spec, workload)}
    body = {
        "podSelector": {"matchLabels": selector(spec, workload.name)},
        "policyTypes": ["Ingress", "Egress"],
        **{direction: listed for direction, listed in rules.items() if listed},
    }
    meta = metadata(spec, workload, workload.name)
    return KubernetesObject("networking.k8s.io/v1", "NetworkPolicy", workload.name, {"metadata": meta, "spec": body})


def _ingress(spec: EnvironmentSpec, workload: WorkloadSpec) -> list[dict[str, Any]]:
    peers = [_peer_of_caller(spec, name) for name in callers_of(spec, workload)]
    peers += [{"ipBlock": {"cidr": block}} for block in _blocks(spec, workload)]
    rules = [{"from": peers, "ports": _ports(workload.open_ports)}] if peers and workload.open_ports else []
    if workload.kind == "StatefulSet" and workload.ports:
        # Members of one set talk to each other.
        own = {"podSelector": {"matchLabels": selector(spec, workload.name)}}
        rules.append({"from": [own], "ports": _ports(workload.ports)})
    return rules


def callers_of(spec: EnvironmentSpec, workload: WorkloadSpec) -> tuple[str, ...]:
    """Return whom ``from`` names that this environment has."""
    here = {*PLATFORM_NAMESPACES, *(use.name for use in spec.workloads)}
    return tuple(name for name in workload.from_ if name in here)


def _peer_of_caller(spec: EnvironmentSpec, name: str) -> dict[str, Any]:
    homes = {use.name: use.namespace for use in spec.workloads}
    if name in homes:
        return _pods(spec, name, homes[name])
    peer = {"namespaceSelector": {"matchLabels": {_NAMESPACE_LABEL: PLATFORM_NAMESPACES[name]}}}
    # Beside the router there are pods that answer challenges of certificates, which call nobody.
    return {**peer, "podSelector": {"matchLabels": dict(ROUTER_LABELS)}} if name == "edge" else peer


def _pods(spec: EnvironmentSpec, name: str, namespace: str) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {_NAMESPACE_LABEL: namespace}},
        "podSelector": {"matchLabels": selector(spec, name)},
    }


def services_of(spec: EnvironmentSpec, workload: WorkloadSpec) -> list[tuple[str, LoadBalancerSpec]]:
    """Return type and load balancer of each Service that leads to a workload: its own and those of backends."""
    own = (workload.service.type, workload.service.load_balancer)
    return [own, *((each.type, each.load_balancer) for each in spec.backends if each.workload == workload.name)]


def _blocks(spec: EnvironmentSpec, workload: WorkloadSpec) -> list[str]:
    """Return the networks that a Service reachable from outside the cluster brings callers from."""
    blocks: dict[str, None] = {}
    for kind, balancer in services_of(spec, workload):
        if kind in ("nodePort", "loadBalancer"):
            # Nodes, and the load balancer where it does not keep the client's address, are in the VPC.
            blocks[spec.network.cidr] = None
        if kind == "loadBalancer":
            blocks |= dict.fromkeys(balancer.source_ranges)
    return list(blocks)


def _egress(spec: EnvironmentSpec, workload: WorkloadSpec) -> list[dict[str, Any]]:
    rules = [rule for name in workload.to if (rule := _way_to(spec, workload, name)) is not None]
    if workload.kind == "StatefulSet" and workload.ports:
        peers = [{"podSelector": {"matchLabels": selector(spec, workload.name)}}]
        rules.append({"to": peers, "ports": _ports(workload.ports)})
    if workload.aws:
        anywhere = {"ipBlock": {"cidr": "0.0.0.0/0", "except": [_METADATA]}}
        rules.append({"to": [anywhere], "ports": [{"port": 443, "protocol": "TCP"}]})
    return rules


def _way_to(spec: EnvironmentSpec, workload: WorkloadSpec, name: str) -> dict[str, Any] | None:
    target = target_of(spec, workload.namespace, name)
    if target is not None:
        declared = next((each for each in spec.declared_workloads if each.name == target), None)
        if declared is None or not declared.open_ports:
            return None
        # A policy sees the pod's own port: the Service's has been translated by then.
        return {"to": [_pods(spec, target, declared.namespace)], "ports": _ports(declared.open_ports)}
    found = (each for each in spec.backends if (each.name, each.namespace) == (name, workload.namespace))
    backend = next(found)
    ports = [{"port": port.target_port or port.port, "protocol": port.protocol} for port in backend.ports]
    return {"to": _outside(backend), "ports": ports}


def _outside(backend: BackendSpec) -> list[dict[str, Any]]:
    if backend.type == "addresses":
        return [{"ipBlock": {"cidr": f"{address}/32"}} for address in backend.addresses]
    if backend.reachable_in:
        return [{"ipBlock": {"cidr": block}} for block in backend.reachable_in]
    return [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE_RANGES)}}]


def _ports(ports: Sequence[PortSpec]) -> list[dict[str, Any]]:
    return [{"port": port.port, "protocol": port.protocol} for port in ports]
