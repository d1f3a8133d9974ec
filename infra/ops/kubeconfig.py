"""A kubeconfig for an administrator, good for hours: a certificate signed with the cluster's own CA."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.ops.errors import OpsError, aws_errors
from infra.plan.cluster_access import ADMINISTRATORS
from infra.plan.control_plane.members import control_plane_groups
from infra.plan.join import address_of, certificate_user, login_user, operators_kubeconfig
from infra.plan.node.document import JOIN_NAME
from infra.plan.state_layout import igconfig_prefix, pki_prefix
from infra.spec import EnvironmentSpec

BACKDATE = timedelta(minutes=5)
"""Age of a new certificate: clocks of machines differ, and one that is not valid yet would be refused."""


@dataclass(frozen=True)
class Admission:
    """What was signed, for whom, until when."""

    kubeconfig: str
    """JSON, which is YAML."""
    user: str
    expires: datetime


def admit(session: Any, spec: EnvironmentSpec, life: timedelta, now: datetime) -> Admission:
    """Return a kubeconfig for whoever the session's credentials are of, valid from ``now`` for ``life``.

    The certificate names its holder by the last part of the AWS identity, which the API server's audit log then shows,
    and is of the group ``slipway:administrators``. Who may read ``pki/`` in the state bucket may do this, and nobody
    else.

    Raises:
        OpsError: the identity, the CA or the API's name cannot be read; or the cluster has not been made yet.
    """
    with aws_errors("tell whose credentials these are"):
        arn = session.client("sts").get_caller_identity()["Arn"]
    user = arn.rpartition("/")[2] or arn.rpartition(":")[2]
    s3 = session.client("s3")
    authority = _read(s3, spec, f"{pki_prefix(spec)}ca.crt")
    signer = _read(s3, spec, f"{pki_prefix(spec)}ca.key")
    expires = now + life
    certificate, key = _sign(authority, signer, user, (now - BACKDATE, expires))
    return Admission(_kubeconfig(s3, spec, authority, certificate_user(certificate, key)), user, expires)


def login(session: Any, spec: EnvironmentSpec) -> str:
    """Return a kubeconfig without any secret, for everybody who logs in at the environment's issuer of tokens.

    Raises:
        OpsError: no issuer is declared; the CA or the API's name cannot be read; or the cluster has not been made yet.
    """
    oidc = spec.cluster.api.oidc
    if oidc is None:
        raise OpsError(
            "nobody logs in by OpenID Connect in", spec.name, "declare cluster.api.oidc, or leave --login out"
        )
    s3 = session.client("s3")
    return _kubeconfig(s3, spec, _read(s3, spec, f"{pki_prefix(spec)}ca.crt"), login_user(oidc))


def _kubeconfig(s3: Any, spec: EnvironmentSpec, authority: str, user: Mapping[str, Any]) -> str:
    join = json.loads(_read(s3, spec, f"{igconfig_prefix(spec, control_plane_groups(spec)[0])}{JOIN_NAME}"))
    address = address_of(join["names"], public=spec.cluster.api.access == "public")
    return f"{json.dumps(json.loads(operators_kubeconfig(spec, address, authority, user)), indent=2)}\n"


def _read(s3: Any, spec: EnvironmentSpec, key: str) -> str:
    with aws_errors(f"read s3://{spec.state.bucket}/{key}"):
        found = s3.list_objects_v2(Bucket=spec.state.bucket, Prefix=key, MaxKeys=1).get("KeyCount")
        if not found:
            raise OpsError(
                "the cluster has not been made yet; there is no",
                f"s3://{spec.state.bucket}/{key}",
                f"run pulumi up --stack {spec.name}",
            )
        return str(s3.get_object(Bucket=spec.state.bucket, Key=key)["Body"].read().decode())


def _sign(authority: str, signer: str, user: str, valid: tuple[datetime, datetime]) -> tuple[str, str]:
    issuer = x509.load_pem_x509_certificates(authority.encode())[0]
    signing_key = serialization.load_pem_private_key(signer.encode(), None)
    if not isinstance(signing_key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise OpsError("the CA's key cannot sign", type(signing_key).__name__, "restore pki/ca.key (slipway recover)")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, ADMINISTRATORS)]
    subject.append(x509.NameAttribute(NameOID.COMMON_NAME, user))
    signed = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(signing_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return signed.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
