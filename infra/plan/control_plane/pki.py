"""The cluster's keys and certificate authorities: which exist, which one signs, and where each lies in the bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from infra.plan.node.yaml_text import yaml_text
from infra.plan.state_layout import pki_prefix
from infra.spec import EnvironmentSpec

AuthorityName = Literal["ca", "etcd-ca", "front-proxy-ca"]

AUTHORITIES: dict[AuthorityName, tuple[str, str]] = {
    "ca": ("kubernetes", "ca"),
    "etcd-ca": ("etcd-ca", "etcd/ca"),
    "front-proxy-ca": ("front-proxy-ca", "front-proxy-ca"),
}
"""Authority -> its common name and the path of its files below kubeadm's certificate directory (Kubernetes
documentation, "PKI certificates and requirements")."""

CA_VALIDITY_HOURS = 87_600
"""Ten years, as in kops and kubeadm."""

ADMIN_VALIDITY_HOURS = 8_760
ADMIN_RENEWAL_HOURS = 2_160
"""The certificate with which `pulumi up` speaks to the API lives a year, and an `up` in its last 90 days renews it."""

ADMIN_NAME = "slipway-pulumi"
ADMIN_GROUP = "system:masters"
"""The group that needs no binding: at the first `up` there is nobody who could have bound another."""


@dataclass(frozen=True)
class PkiPlan:
    """Generations of the authorities and of the service-account key."""

    signing: int
    trusted: tuple[int, ...]
    """Sorted, the signing one first."""
    prefix: str
    """Where the files lie in the state bucket."""

    def key(self, path: str) -> str:
        """Return the object key of a file of the certificate directory."""
        return f"{self.prefix}{path}"


def plan_pki(spec: EnvironmentSpec) -> PkiPlan:
    """Return the cluster's PKI."""
    pki = spec.cluster.pki
    others = sorted(set(pki.trusted) - {pki.signing})
    return PkiPlan(signing=pki.signing, trusted=(pki.signing, *others), prefix=pki_prefix(spec))


def resource_name(what: str, generation: int) -> str:
    """Return the logical name of a key or certificate of a generation."""
    return what if generation == 1 else f"{what}-{generation}"


def encryption_configuration(keys: Mapping[int, str]) -> str:
    """Return the EncryptionConfiguration by which API servers encrypt Secrets, as YAML.

    ``keys`` has a 32-byte key, in base64, for each trusted generation, the signing one first: the first encrypts, all
    decrypt. XSalsa20 with Poly1305 is the strongest of the local providers (Kubernetes documentation, "Encrypting
    Confidential Data at Rest"); docs/adr/0010-secrets-at-rest.md says why the key comes from the bucket.
    """
    return yaml_text(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [
                {
                    "resources": ["secrets"],
                    "providers": [
                        {"secretbox": {"keys": [{"name": f"key-{g}", "secret": key} for g, key in keys.items()]}},
                        {"identity": {}},
                    ],
                }
            ],
        }
    )
