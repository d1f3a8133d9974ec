"""CoreDNS: names of Services, at the address that every kubelet tells its pods."""

from __future__ import annotations

from infra.plan.addons.objects import AddonPlan, Manifest
from infra.plan.node.kubelet import cluster_dns
from infra.spec import EnvironmentSpec


def plan_coredns(spec: EnvironmentSpec) -> AddonPlan:
    """Return CoreDNS with the cluster's DNS address."""
    manifest = Manifest("coredns", spec)
    manifest.get("Service", "kube-dns")["spec"]["clusterIP"] = cluster_dns(spec.cluster.service_cidr)
    manifest.get("Deployment", "coredns")["spec"]["replicas"] = spec.cluster.addons.core_dns.replicas
    return manifest.plan()
