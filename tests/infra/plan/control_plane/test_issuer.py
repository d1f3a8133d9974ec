from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from infra.plan.control_plane.issuer import jwks, plan_issuer
from infra.testing.account import PUBLIC_KEY
from tests.infra.samples import sample_spec

URL = "https://acme-slipway-test-issuer.s3.eu-central-1.amazonaws.com"


def test_the_documents_say_where_the_keys_are() -> None:
    plan = plan_issuer(sample_spec())
    assert (plan.bucket, plan.url) == ("acme-slipway-test-issuer", URL)
    discovery = json.loads(plan.discovery)
    assert (discovery["issuer"], discovery["jwks_uri"]) == (URL, f"{URL}/openid/v1/jwks")
    assert discovery["id_token_signing_alg_values_supported"] == ["RS256"]


def test_a_bucket_may_be_named() -> None:
    assert plan_issuer(sample_spec(state={"issuerBucket": "acme-tokens"})).url.startswith("https://acme-tokens.s3.")


def test_two_documents_are_public_and_nothing_else() -> None:
    allow, deny = json.loads(plan_issuer(sample_spec()).policy)["Statement"]
    arn = "arn:aws:s3:::acme-slipway-test-issuer"
    assert (allow["Action"], allow["Principal"]) == ("s3:GetObject", "*")
    assert allow["Resource"] == [f"{arn}/.well-known/openid-configuration", f"{arn}/openid/v1/jwks"]
    assert deny["Effect"] == "Deny"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_key_set_holds_each_key_under_the_id_that_kubernetes_gives_it() -> None:
    (key,) = json.loads(jwks([PUBLIC_KEY]))["keys"]
    public = load_pem_public_key(PUBLIC_KEY.encode())
    assert isinstance(public, rsa.RSAPublicKey)
    assert {name: key[name] for name in ("use", "kty", "alg")} == {"use": "sig", "kty": "RSA", "alg": "RS256"}
    assert int.from_bytes(decoded(key["n"]), "big") == public.public_numbers().n
    assert key["e"] == "AQAB"
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert decoded(key["kid"]) == hashlib.sha256(der).digest()
    assert "=" not in key["kid"] + key["n"]
    assert len(json.loads(jwks([PUBLIC_KEY, PUBLIC_KEY]))["keys"]) == 2


def test_what_aws_does_not_verify_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(TypeError, match=r"^the service-account key is not an RSA key$"):
        jwks([pem])
