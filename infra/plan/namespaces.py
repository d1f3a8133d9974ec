"""Namespaces of an environment, and what guards each from the first moment."""

from __future__ import annotations

from dataclasses import dataclass

from infra.spec import EnvironmentSpec
from infra.spec.cluster import NamespaceSpec

DNS_NAMESPACE = "kube-system"
"""Where CoreDNS runs in every kubeadm and kops cluster."""


@dataclass(frozen=True)
class NamespacePlan:
    """One namespace: its labels, its ceilings and the limits that containers get when they state none."""

    name: str
    labels: dict[str, str]
    quota: dict[str, str]
    """The ResourceQuota's ``hard`` map; empty where nothing is limited."""
    default_requests: dict[str, str]
    default_limits: dict[str, str]


def plan_namespaces(spec: EnvironmentSpec) -> tuple[NamespacePlan, ...]:
    """Return the namespaces in the order of the spec."""
    return tuple(_plan_namespace(spec, namespace) for namespace in spec.cluster.namespaces)


def _plan_namespace(spec: EnvironmentSpec, namespace: NamespaceSpec) -> NamespacePlan:
    level = namespace.pod_security
    modes = ("enforce", "audit", "warn")
    return NamespacePlan(
        name=namespace.name,
        labels={
            "app.kubernetes.io/managed-by": "slipway",
            "app.kubernetes.io/part-of": spec.name,
            **{f"pod-security.kubernetes.io/{mode}": level for mode in modes},
            # Pinned to the cluster's own minor version: an upgrade must not tighten the rules by itself.
            **{f"pod-security.kubernetes.io/{mode}-version": _minor(spec) for mode in modes},
        },
        quota=_quota(namespace),
        # A container that states nothing would be BestEffort, the first to be evicted. Memory has a limit equal to
        # what a small service needs; CPU has none, since a CPU limit throttles a pod on an idle node.
        default_requests={"cpu": "50m", "memory": "64Mi"},
        default_limits={"memory": "256Mi"},
    )


def _minor(spec: EnvironmentSpec) -> str:
    major, minor, _ = spec.cluster.kubernetes_version.split(".")
    return f"v{major}.{minor}"


def _quota(namespace: NamespaceSpec) -> dict[str, str]:
    quota = namespace.quota
    hard = {
        "requests.cpu": quota.cpu,
        "requests.memory": None if quota.memory_gi is None else f"{quota.memory_gi}Gi",
        "pods": quota.pods,
    }
    return {key: str(value) for key, value in hard.items() if value is not None}
