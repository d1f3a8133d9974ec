"""The keys and certificates of a rehearsed control plane: made once, leaves renewed before they expire.

Two authorities as kubeadm has them: the cluster's, and etcd's, so that a certificate for the API opens no
door to the store. Elliptic-curve keys (P-256) save seconds at the first start; the service-account key is
RSA because AWS takes RS256 alone in web-identity tokens.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rehearsal.controlplane.layout import LOOPBACK, Layout, Settings
from rehearsal.processes import write_private

_AUTHORITY_LIFE: Final = datetime.timedelta(days=3650)
_LEAF_LIFE: Final = datetime.timedelta(days=365)
_RENEW_BEFORE: Final = datetime.timedelta(days=30)
_BACKDATE: Final = datetime.timedelta(minutes=5)

_SERVER, _CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


class PkiError(ValueError):
    """A key is of a kind that this program did not make."""


@dataclass(frozen=True)
class Leaf:
    """One certificate to be issued: its file name, authority, subject, uses and alternative names."""

    name: str
    authority: str
    common_name: str
    organization: str | None = None
    uses: tuple[x509.ObjectIdentifier, ...] = (_CLIENT,)
    dns: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def leaves(settings: Settings) -> tuple[Leaf, ...]:
    """Return the certificates of a control plane with these settings.

    The users and groups of clients are those that the API server's bootstrap roles bind (Kubernetes, "Using RBAC
    Authorization", default roles).
    """
    local, loopback = ("localhost",), (LOOPBACK,)
    names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
    return (
        Leaf("etcd", "etcd-ca", "etcd", uses=(_SERVER, _CLIENT), dns=local, addresses=loopback),
        Leaf("apiserver-etcd-client", "etcd-ca", "kube-apiserver-etcd-client"),
        Leaf(
            "apiserver",
            "ca",
            "kube-apiserver",
            uses=(_SERVER,),
            dns=(*local, *names),
            addresses=(*loopback, settings.api_service_address),
        ),
        Leaf("apiserver-kubelet-client", "ca", "kube-apiserver-kubelet-client", "system:masters"),
        Leaf("admin", "ca", "rehearsal-admin", "system:masters"),
        Leaf("kube-controller-manager", "ca", "system:kube-controller-manager"),
        Leaf("kube-scheduler", "ca", "system:kube-scheduler"),
        Leaf(
            "kube-controller-manager-server",
            "ca",
            "kube-controller-manager",
            uses=(_SERVER,),
            dns=local,
            addresses=loopback,
        ),
        Leaf("kube-scheduler-server", "ca", "kube-scheduler", uses=(_SERVER,), dns=local, addresses=loopback),
    )


def ensure(layout: Layout, settings: Settings, now: datetime.datetime) -> list[str]:
    """Make what is missing of the keys and certificates; return the names of what was made.

    A leaf is also made anew when it expires within 30 days, was issued by another authority than the
    present one, or carries other names than it should. Authorities and the service-account key are never
    replaced: what they signed would be lost.
    """
    made = [name for name in ("ca", "etcd-ca") if _ensure_authority(layout, name, now)]
    made += [leaf.name for leaf in leaves(settings) if _ensure_leaf(layout, leaf, now)]
    if not (layout.key("service-account").exists() and (layout.pki / "service-account.pub").exists()):
        _write_service_account_key(layout)
        made.append("service-account")
    return made


def _ensure_authority(layout: Layout, name: str, now: datetime.datetime) -> bool:
    if layout.key(name).exists() and layout.certificate(name).exists():
        return False
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"rehearsal {name}")])
    builder = _builder(subject, subject, key.public_key(), now, _AUTHORITY_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
    _write_pair(layout, name, key, builder.sign(key, hashes.SHA256()))
    return True


def _ensure_leaf(layout: Layout, leaf: Leaf, now: datetime.datetime) -> bool:
    authority = x509.load_pem_x509_certificate(layout.certificate(leaf.authority).read_bytes())
    if layout.key(leaf.name).exists() and _still_good(layout.certificate(leaf.name), leaf, authority, now):
        return False
    authority_key = serialization.load_pem_private_key(layout.key(leaf.authority).read_bytes(), None)
    if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
        raise PkiError(f"{layout.key(leaf.authority)} is not an elliptic-curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_subject(leaf), authority.subject, key.public_key(), now, _LEAF_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(leaf.uses), critical=False)
    if leaf.dns or leaf.addresses:
        builder = builder.add_extension(x509.SubjectAlternativeName(_alternative_names(leaf)), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
    )
    _write_pair(layout, leaf.name, key, builder.sign(authority_key, hashes.SHA256()))
    return True


def _still_good(path: Path, leaf: Leaf, authority: x509.Certificate, now: datetime.datetime) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    if certificate.not_valid_after_utc - now < _RENEW_BEFORE or certificate.subject != _subject(leaf):
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return _names_of(certificate) == set(_alternative_names(leaf))


def _names_of(certificate: x509.Certificate) -> set[x509.GeneralName]:
    try:
        return set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return set()


def _subject(leaf: Leaf) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, leaf.common_name)]
    if leaf.organization is not None:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, leaf.organization))
    return x509.Name(attributes)


def _alternative_names(leaf: Leaf) -> Sequence[x509.GeneralName]:
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in leaf.addresses]
    return [*(x509.DNSName(name) for name in leaf.dns), *addresses]


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
    life: datetime.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write_pair(layout: Layout, name: str, key: PrivateKeyTypes, certificate: x509.Certificate) -> None:
    write_private(layout.key(name), _private_pem(key))
    write_private(layout.certificate(name), certificate.public_bytes(serialization.Encoding.PEM))


def _write_service_account_key(layout: Layout) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    write_private(layout.key("service-account"), _private_pem(key))
    write_private(layout.pki / "service-account.pub", public)


def _private_pem(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
