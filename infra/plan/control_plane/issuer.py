"""The issuer of service-account tokens, published so that AWS IAM can verify them (IAM roles for service accounts)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from infra.plan.iam import Statement, dns_suffix
from infra.plan.policy_document import policy_document
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec
from infra.spec.cluster_rules import issuer_bucket
from infra.spec.partition import partition_of

AUDIENCE = "sts.amazonaws.com"
"""Audience of the tokens that pods give to STS, the one the AWS SDKs and EKS use."""

DISCOVERY_KEY = ".well-known/openid-configuration"
JWKS_KEY = "openid/v1/jwks"
"""Paths below the issuer, as kube-apiserver serves them (Kubernetes documentation, "Service account issuer
discovery")."""


@dataclass(frozen=True)
class IssuerPlan:
    """The issuer's bucket. What is in it is public by purpose: where the public keys are, and the keys."""

    bucket: str
    url: str
    jwks_url: str
    discovery: str
    """JSON of the discovery document."""
    policy: str
    """JSON: everybody may read the two documents over TLS; the bucket cannot be listed."""
    tags: Mapping[str, str]


def plan_issuer(spec: EnvironmentSpec) -> IssuerPlan:
    """Return the issuer of the cluster's tokens."""
    bucket = issuer_bucket(spec)
    url = f"https://{bucket}.s3.{spec.region}.{dns_suffix(spec.region)}"
    arn = f"arn:{partition_of(spec.region)}:s3:::{bucket}"
    statements: list[Statement] = [
        {
            "Sid": "ReadDiscoveryDocuments",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": [f"{arn}/{DISCOVERY_KEY}", f"{arn}/{JWKS_KEY}"],
        },
        {
            "Sid": "RefusePlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    return IssuerPlan(
        bucket=bucket,
        url=url,
        jwks_url=f"{url}/{JWKS_KEY}",
        discovery=_discovery(url),
        policy=policy_document(statements),
        tags=resource_tags(spec, bucket),
    )


def jwks(public_keys: list[str]) -> str:
    """Return the JSON Web Key Set of RSA public keys in PEM, with the key IDs that kube-apiserver puts into tokens.

    An ID is the unpadded base64url of the SHA-256 of the key's DER form (``keyIDFromPublicKey`` in
    ``pkg/serviceaccount/jwt.go`` of Kubernetes).

    Raises:
        ValueError: a text is no public key.
        TypeError: it is one, and not of RSA.
    """
    return json.dumps({"keys": [_jwk(pem) for pem in public_keys]})


def _jwk(pem: str) -> dict[str, str]:
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, RSAPublicKey):
        raise TypeError("the service-account key is not an RSA key")
    numbers = key.public_numbers()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "use": "sig",
        "kty": "RSA",
        "kid": _base64url(hashlib.sha256(der).digest()),
        "alg": "RS256",
        "n": _number(numbers.n),
        "e": _number(numbers.e),
    }


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _discovery(url: str) -> str:
    return json.dumps(
        {
            "issuer": url,
            "jwks_uri": f"{url}/{JWKS_KEY}",
            "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "iss"],
        }
    )
