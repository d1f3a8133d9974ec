"""The configuration by which kubeadm writes a member's certificates, kubeconfigs and static pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.plan.control_plane.encryption import PROVIDER_FOLDER, encryption_file, reads_kms
from infra.plan.control_plane.issuer import plan_issuer
from infra.plan.control_plane.members import ETCD_MOUNT, MemberPlan, initial_cluster
from infra.plan.node.kubelet import CLUSTER_DOMAIN
from infra.plan.node.yaml_text import yaml_text
from infra.plan.security import API_PORT, ETCD_METRICS_PORT
from infra.spec import EnvironmentSpec
from infra.spec.scalars import duration_seconds

API_VERSION = "kubeadm.k8s.io/v1beta4"
"""Read by kubeadm since 1.31."""

PKI_FOLDER = "/etc/kubernetes/pki"
CONFIG_FOLDER = "/etc/kubernetes/config"
AUDIT_FOLDER = "/var/log/kubernetes/audit"
AUDIT_LOG = f"{AUDIT_FOLDER}/audit.log"
ETCD_DATA = f"{ETCD_MOUNT}/data"
"""Below the volume's root, which is not empty: it has ``lost+found``."""

NODE_NAME = "@NODE_NAME@"
INTERNAL_NAME = "@API_INTERNAL@"
PUBLIC_NAME = "@API_PUBLIC@"
"""What only the machine knows (its instance ID), and what AWS names when it makes the load balancers. The member fills
them in, so that the document itself is known before anything exists and its digest can stand in the user-data."""

LEAF_VALIDITY = "8760h"
"""A year, kubeadm's default. A member signs all anew at each boot, and each day what has less than 90 days left
(``infra/templates/control_plane/renew_certificates.py``): the last quarter, as for the certificate of `pulumi up`, so
that 60 days of failures pass before `slipway validate` and the alerts speak at 30."""

GOAWAY_CHANCE = "0.001"
"""Share of requests upon which a client is told to connect again, so that clients spread over the members after one
returns (Kubernetes documentation, kube-apiserver ``--goaway-chance``: 1 in 1,000 is its recommended start)."""

ETCD_FEATURES = "InitialCorruptCheck=true,SetMemberLocalAddr=true"
"""The first is kubeadm's own (``cmd/kubeadm/app/phases/etcd/local.go``), which this replaces. The second lets a member
speak to its peers from the member's address: the machine's own, which the kernel would take, is not in the certificate,
and peers look the sender up in it."""

Document = Mapping[str, Any]


def kubeadm_documents(spec: EnvironmentSpec, member: MemberPlan, members: tuple[MemberPlan, ...]) -> str:
    """Return InitConfiguration and ClusterConfiguration of one member, as YAML."""
    documents = (_init(member), _cluster(spec, member, members))
    return "---\n".join(yaml_text(dict(document)) for document in documents)


def _init(member: MemberPlan) -> Document:
    return {
        "apiVersion": API_VERSION,
        "kind": "InitConfiguration",
        "localAPIEndpoint": {"advertiseAddress": member.address, "bindPort": API_PORT},
        "nodeRegistration": {"name": NODE_NAME, "criSocket": "unix:///run/containerd/containerd.sock"},
    }


def _cluster(spec: EnvironmentSpec, member: MemberPlan, members: tuple[MemberPlan, ...]) -> Document:
    cluster = spec.cluster
    networking = {"serviceSubnet": cluster.service_cidr, "dnsDomain": CLUSTER_DOMAIN}
    if cluster.cni != "amazonVpc":
        networking["podSubnet"] = cluster.pod_cidr
    return {
        "apiVersion": API_VERSION,
        "kind": "ClusterConfiguration",
        "clusterName": cluster.name,
        "kubernetesVersion": f"v{cluster.kubernetes_version}",
        "controlPlaneEndpoint": f"{INTERNAL_NAME}:{API_PORT}",
        "certificatesDir": PKI_FOLDER,
        "certificateValidityPeriod": LEAF_VALIDITY,
        "encryptionAlgorithm": "ECDSA-P256",
        "networking": networking,
        "apiServer": _api_server(spec),
        "controllerManager": {"extraArgs": _arguments(_controller_manager(spec))},
        "scheduler": {"extraArgs": _arguments({"profiling": "false"})},
        "etcd": {"local": _etcd(spec, member, members)},
    }


def _api_server(spec: EnvironmentSpec) -> Document:
    public = [PUBLIC_NAME] if spec.cluster.api.access == "public" else []
    return {
        "certSANs": [INTERNAL_NAME, *public, "localhost", "127.0.0.1"],
        "extraArgs": _arguments(_api_server_arguments(spec)),
        "extraVolumes": [
            _mount("config", CONFIG_FOLDER, read_only=True),
            _mount("audit", AUDIT_FOLDER, read_only=False),
            *([_mount("kms", PROVIDER_FOLDER, read_only=True)] if reads_kms(spec) else ()),
        ],
    }


def _api_server_arguments(spec: EnvironmentSpec) -> dict[str, str]:
    audit, controllers = spec.cluster.control_plane.audit, spec.cluster.control_plane.controllers
    issuer = plan_issuer(spec)
    return {
        "audit-log-maxage": str(audit.max_age_days),
        "audit-log-maxbackup": str(audit.max_files),
        "audit-log-maxsize": str(audit.max_size_mi),
        "audit-log-path": AUDIT_LOG,
        "audit-policy-file": f"{CONFIG_FOLDER}/audit-policy.yaml",
        "authentication-config": f"{CONFIG_FOLDER}/authentication.yaml",
        "default-not-ready-toleration-seconds": str(duration_seconds(controllers.not_ready_toleration)),
        "default-unreachable-toleration-seconds": str(duration_seconds(controllers.unreachable_toleration)),
        "encryption-provider-config": f"{PKI_FOLDER}/{encryption_file(spec.cluster.control_plane.secrets_encryption)}",
        "goaway-chance": GOAWAY_CHANCE,
        "profiling": "false",
        "service-account-issuer": issuer.url,
        "service-account-jwks-uri": issuer.jwks_url,
    }


def _controller_manager(spec: EnvironmentSpec) -> dict[str, str]:
    controllers = spec.cluster.control_plane.controllers
    return {
        "cloud-provider": "external",
        # A new CA comes before the old one in ca.crt while both are trusted, and a signer takes one certificate alone.
        "cluster-signing-cert-file": f"{PKI_FOLDER}/ca-signing.crt",
        # Routes of pods are the CNI's.
        "configure-cloud-routes": "false",
        "node-monitor-grace-period": controllers.node_monitor_grace_period,
        "node-monitor-period": controllers.node_monitor_period,
        "profiling": "false",
        "terminated-pod-gc-threshold": str(controllers.terminated_pods_kept),
    }


def _etcd(spec: EnvironmentSpec, member: MemberPlan, members: tuple[MemberPlan, ...]) -> Document:
    return {
        "dataDir": ETCD_DATA,
        "extraArgs": _arguments(
            {
                "feature-gates": ETCD_FEATURES,
                "initial-cluster": initial_cluster(members),
                # Of no effect once there are data. A member whose volume is lost must not come up by itself as if the
                # cluster were new: slipway-member refuses it.
                "initial-cluster-state": "new",
                "initial-cluster-token": spec.cluster.name,
                # The first is kubeadm's own, which the pod's probes ask; the other is for the collector of metrics.
                "listen-metrics-urls": ",".join(
                    f"http://{host}:{ETCD_METRICS_PORT}" for host in ("127.0.0.1", member.address)
                ),
                "name": member.name,
                # etcd's own limit ("System limits"); its default of 2 GiB stops a cluster of many objects.
                "quota-backend-bytes": str(8 * 1024**3),
            }
        ),
    }


def _arguments(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(values.items())]


def _mount(name: str, path: str, *, read_only: bool) -> Document:
    return {
        "name": name,
        "hostPath": path,
        "mountPath": path,
        "readOnly": read_only,
        "pathType": "DirectoryOrCreate",
    }
