"""A namespace with its guards: pod security, default-deny traffic, default limits, quota."""

from __future__ import annotations

from typing import Any

import pulumi

from infra.components.kubernetes_object import KubernetesObject
from infra.plan.namespaces import DNS_NAMESPACE, NamespacePlan


class Namespace(pulumi.ComponentResource):
    """Maps a :class:`NamespacePlan` to a Namespace, NetworkPolicies, a LimitRange and, where limited, a ResourceQuota.

    Deleting a namespace deletes all that is in it, so the Namespace object is protected.
    """

    def __init__(self, name: str, plan: NamespacePlan, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:Namespace", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        namespace = KubernetesObject(
            name,
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": plan.name, "labels": dict(plan.labels)}},
            pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=True)),
        )
        self.name: pulumi.Output[str] = namespace.object_name
        self._network_policies(name)
        self._limits(name, plan)
        self.register_outputs({"name": self.name})

    def _inside(self, logical_name: str, api_version: str, kind: str, name: str, spec: dict[str, Any]) -> None:
        metadata = {"name": name, "namespace": self.name, "labels": {"app.kubernetes.io/managed-by": "slipway"}}
        manifest = {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}
        KubernetesObject(logical_name, manifest, self._child)

    def _network_policies(self, name: str) -> None:
        version, kind = "networking.k8s.io/v1", "NetworkPolicy"
        denial = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        self._inside(f"{name}-default-deny", version, kind, "default-deny", denial)
        dns = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": DNS_NAMESPACE}}}
        ports = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
        allowed = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [dns], "ports": ports}]}
        self._inside(f"{name}-allow-dns", version, kind, "allow-dns", allowed)

    def _limits(self, name: str, plan: NamespacePlan) -> None:
        limit = {
            "type": "Container",
            "default": dict(plan.default_limits),
            "defaultRequest": dict(plan.default_requests),
        }
        self._inside(f"{name}-defaults", "v1", "LimitRange", "defaults", {"limits": [limit]})
        if plan.quota:
            self._inside(f"{name}-quota", "v1", "ResourceQuota", "quota", {"hard": dict(plan.quota)})
