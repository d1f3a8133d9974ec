"""The kubelet's configuration, as far as it is known before the machine is."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Network
from typing import Any

from infra.plan.launch_template import subnet_kind
from infra.plan.node.registration import node_taints
from infra.plan.node.yaml_text import yaml_text
from infra.spec import EnvironmentSpec, InstanceGroupSpec
from infra.spec.instance_group import Role
from infra.spec.labels import Taint

CLUSTER_DOMAIN = "cluster.local"

DNS_SERVICE_POSITION = 10
"""The cluster's DNS Service has the tenth address of the Service range, as in kubeadm (``GetDNSIP``) and kops."""

EVICTION_HARD = {
    "memory.available": "100Mi",
    "nodefs.available": "10%",
    "nodefs.inodesFree": "5%",
    "imagefs.available": "15%",
    "imagefs.inodesFree": "5%",
    "pid.available": "10%",
}
"""Thresholds at which pods are evicted at once. The first five are the kubelet's own defaults, and all are written out
because setting any one of them makes every other zero, which is off (Kubernetes documentation, "Node-pressure
Eviction"). The kubelet has no default for ``pid.available``: a fork bomb would take the kubelet down with it."""

EVICTION_SOFT = {"memory.available": "300Mi", "nodefs.available": "15%", "imagefs.available": "20%"}
EVICTION_SOFT_GRACE_PERIOD = {"memory.available": "1m30s", "nodefs.available": "2m", "imagefs.available": "2m"}
"""Thresholds that must hold for a while first; pods then get their own termination grace, up to a minute."""


def cluster_dns(service_cidr: str) -> str:
    """Return the address of the cluster's DNS Service."""
    return str(IPv4Network(service_cidr)[DNS_SERVICE_POSITION])


def kubelet_document(spec: EnvironmentSpec, group: InstanceGroupSpec) -> str:
    """Return the group's KubeletConfiguration as YAML."""
    public = subnet_kind(spec, group) == "public"
    return _document(cluster_dns(spec.cluster.service_cidr), group.max_pods, group.role, node_taints(group), public)


# Most groups of an environment share it, and writing YAML is what rendering spends its time on.
@cache
def _document(dns: str, max_pods: int, role: Role, taints: tuple[Taint, ...], public: bool) -> str:
    return yaml_text(kubelet_configuration(dns, max_pods, role, taints, public=public))


def kubelet_configuration(
    dns: str, max_pods: int, role: Role, taints: tuple[Taint, ...], *, public: bool = False
) -> dict[str, Any]:
    """Return a KubeletConfiguration of v1beta1.

    A kubelet with public addresses would ask for a certificate for those, too, and be refused by the approver: for a
    ``public`` one ``serving_certificate.py`` asks instead. Reserved resources, the provider ID and the resolver come
    from the machine itself, in a drop-in.
    """
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        **_access(asks=not public),
        **_pods(dns, max_pods, taints),
        **_node_pressure(),
        **_shutdown(),
        # Static pods obey nobody but the files of their machine, so only the control plane has a place for them.
        **({"staticPodPath": "/etc/kubernetes/manifests"} if role == "ControlPlane" else {}),
    }


def _access(*, asks: bool) -> dict[str, Any]:
    return {
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "readOnlyPort": 0,
        "rotateCertificates": True,
        "serverTLSBootstrap": asks,
    }


def _pods(dns: str, max_pods: int, taints: tuple[Taint, ...]) -> dict[str, Any]:
    config: dict[str, Any] = {
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "systemd",
        "clusterDomain": CLUSTER_DOMAIN,
        "clusterDNS": [dns],
        "maxPods": max_pods,
        "seccompDefault": True,
        "protectKernelDefaults": True,
        "containerLogMaxSize": "10Mi",
        "containerLogMaxFiles": 5,
    }
    if taints:
        config["registerWithTaints"] = [_taint(taint) for taint in taints]
    return config


def _taint(taint: Taint) -> dict[str, str]:
    value = {"value": taint.value} if taint.value else {}
    return {"key": taint.key, **value, "effect": taint.effect}


def _node_pressure() -> dict[str, Any]:
    return {
        "evictionHard": EVICTION_HARD,
        "evictionSoft": EVICTION_SOFT,
        "evictionSoftGracePeriod": EVICTION_SOFT_GRACE_PERIOD,
        "evictionMaxPodGracePeriod": 60,
        # Unused images go before pods do: below what imagefs.available allows to be used (80%).
        "imageGCHighThresholdPercent": 75,
        "imageGCLowThresholdPercent": 65,
    }


def _shutdown() -> dict[str, Any]:
    # Of the 60 s the last 20 belong to critical pods (CNI, DNS), so that others can still finish their requests.
    return {"shutdownGracePeriod": "60s", "shutdownGracePeriodCriticalPods": "20s"}
