"""The documents that the control plane's components and its users read."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any

import yaml

from rehearsal.controlplane.layout import Layout, Settings
from rehearsal.processes import write_private


def write_documents(layout: Layout, settings: Settings) -> None:
    """Write what the components read, and the administrator's kubeconfig; needs the keys and certificates.

    The key that Secrets are encrypted with is made once: with another one those in etcd could not be read.
    """
    write_private(layout.config / "audit-policy.yaml", yaml.safe_dump(audit_policy(), sort_keys=False))
    encryption = layout.config / "encryption.yaml"
    if not encryption.exists():
        write_private(encryption, yaml.safe_dump(encryption_configuration(secrets.token_bytes(32)), sort_keys=False))
    for component in ("kube-controller-manager", "kube-scheduler"):
        document = kubeconfig(layout, settings, component, component)
        write_private(layout.component_kubeconfig(component), yaml.safe_dump(document, sort_keys=False))
    administrator = kubeconfig(layout, settings, "admin", settings.cluster_name)
    write_private(layout.kubeconfig, yaml.safe_dump(administrator, sort_keys=False))


def kubeconfig(layout: Layout, settings: Settings, certificate: str, user: str) -> dict[str, Any]:
    """Return a kubeconfig that holds its certificates itself, so that the file can be carried elsewhere.

    Cluster and context are named after the cluster.
    """
    cluster = settings.cluster_name
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": cluster,
                "cluster": {
                    "server": settings.server,
                    "certificate-authority-data": _encoded(layout.certificate("ca").read_bytes()),
                },
            }
        ],
        "users": [
            {
                "name": user,
                "user": {
                    "client-certificate-data": _encoded(layout.certificate(certificate).read_bytes()),
                    "client-key-data": _encoded(layout.key(certificate).read_bytes()),
                },
            }
        ],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": user}}],
        "current-context": cluster,
    }


def audit_policy() -> Mapping[str, Any]:
    """Return the policy: who did what to which object, once a request is answered, without any body."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "omitManagedFields": True,
        "rules": [{"level": "Metadata"}],
    }


def encryption_configuration(key: bytes) -> Mapping[str, Any]:
    """Return the configuration that encrypts Secrets in etcd with this 32-byte key (XSalsa20 and Poly1305).

    The key lies beside the data it protects, as only a rehearsal may have it.
    """
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {
                "resources": ["secrets"],
                "providers": [
                    {"secretbox": {"keys": [{"name": "rehearsal", "secret": _encoded(key)}]}},
                    {"identity": {}},
                ],
            }
        ],
    }


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
