"""The images of the add-ons, each by its version: the one place to change for a new one.

Manifests name an image by its key here. Versions are tags, since a digest can be read from a registry only.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

_PINNED: Mapping[str, str] = {
    # The versions that Kubernetes 1.37.2 ships (cluster/addons/dns/coredns) and tests with (test/e2e/testing-manifests,
    # test/utils/image/manifest.go).
    "coredns": "registry.k8s.io/coredns/coredns:v1.14.6",
    "csi-attacher": "registry.k8s.io/sig-storage/csi-attacher:v4.12.0",
    "csi-node-driver-registrar": "registry.k8s.io/sig-storage/csi-node-driver-registrar:v2.17.0",
    "csi-provisioner": "registry.k8s.io/sig-storage/csi-provisioner:v6.3.0",
    "csi-resizer": "registry.k8s.io/sig-storage/csi-resizer:v2.2.0",
    "livenessprobe": "registry.k8s.io/sig-storage/livenessprobe:v2.19.0",
    "node-problem-detector": "registry.k8s.io/node-problem-detector/node-problem-detector:v1.35.2",
    # Each project's own release.
    # The project's manifests name a private registry of AWS; every release is in the public one, too, which asks nobody
    # who he is (aws/amazon-vpc-cni-k8s, issue 1306).
    "amazon-k8s-cni": "public.ecr.aws/eks/amazon-k8s-cni:v1.23.2",
    "amazon-k8s-cni-init": "public.ecr.aws/eks/amazon-k8s-cni-init:v1.23.2",
    "cilium": "quay.io/cilium/cilium:v1.20.2",
    "cilium-operator": "quay.io/cilium/operator-generic:v1.20.2",
    "ebs-csi-driver": "public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.67.1",
    "kubelet-csr-approver": "ghcr.io/postfinance/kubelet-csr-approver:v1.2.15",
    "metrics-server": "registry.k8s.io/metrics-server/metrics-server:v0.9.0",
    # What Traefik's chart 41.6.0 installs.
    "traefik": "docker.io/library/traefik:v3.7.13",
    "cert-manager-controller": "quay.io/jetstack/cert-manager-controller:v1.21.2",
    "node-termination-handler": "public.ecr.aws/aws-ec2/aws-node-termination-handler:v1.25.6",
}

_CLOUD_CONTROLLER_MANAGERS: Mapping[str, str] = {"1.37": "v1.37.1"}
"""Minor version of Kubernetes -> release of the AWS cloud provider of that minor, where it is not the first."""


@cache
def images(kubernetes_version: str) -> Mapping[str, str]:
    """Return key -> image for a cluster of that version.

    kube-proxy is of the cluster's own version; the cloud controller manager and the cluster-autoscaler are of its minor
    version, as both projects ask, and each has had a release ``.0`` for every minor so far.
    """
    minor = kubernetes_version.rpartition(".")[0]
    provider = _CLOUD_CONTROLLER_MANAGERS.get(minor, f"v{minor}.0")
    return {
        **_PINNED,
        "cloud-controller-manager": f"registry.k8s.io/provider-aws/cloud-controller-manager:{provider}",
        "cluster-autoscaler": f"registry.k8s.io/autoscaling/cluster-autoscaler:v{minor}.0",
        "kube-proxy": f"registry.k8s.io/kube-proxy:v{kubernetes_version}",
    }
