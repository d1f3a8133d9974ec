"""The cluster's keys and certificate authorities: which exist, which one signs, and where each lies in the bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infra.plan.state_layout import pki_prefix
from infra.spec import EnvironmentSpec
from infra.spec.control_plane import SecretsEncryption

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
    encryptions: tuple[SecretsEncryption, ...]
    """Ways to encrypt Secrets in etcd for which there is a configuration: the declared one, and that of machines from
    before it."""

    def key(self, path: str) -> str:
        """Return the object key of a file of the certificate directory."""
        return f"{self.prefix}{path}"


def plan_pki(spec: EnvironmentSpec) -> PkiPlan:
    """Return the cluster's PKI."""
    pki = spec.cluster.pki
    others = sorted(set(pki.trusted) - {pki.signing})
    encryption = spec.cluster.control_plane.secrets_encryption
    return PkiPlan(
        signing=pki.signing,
        trusted=(pki.signing, *others),
        prefix=pki_prefix(spec),
        encryptions=("secretbox",) if encryption == "secretbox" else ("secretbox", encryption),
    )


def resource_name(what: str, generation: int) -> str:
    """Return the logical name of a key or certificate of a generation."""
    return what if generation == 1 else f"{what}-{generation}"
