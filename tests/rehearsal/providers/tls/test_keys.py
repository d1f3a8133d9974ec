from __future__ import annotations

import base64
import hashlib

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from rehearsal.providers.base.values import UNKNOWN, Secret
from tests.rehearsal.providers.plugin import Plugin
from tests.rehearsal.providers.tls.conftest import PRIVATE_KEY

GET_PUBLIC_KEY = "tls:index/getPublicKey:getPublicKey"
PRIVATE = {"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"}


@pytest.mark.parametrize(
    ("inputs", "kind", "size", "heading"),
    [
        ({"algorithm": "RSA", "rsaBits": 1024}, rsa.RSAPrivateKey, 1024, "RSA PRIVATE KEY"),
        ({"algorithm": "RSA"}, rsa.RSAPrivateKey, 2048, "RSA PRIVATE KEY"),
        ({"algorithm": "ECDSA"}, ec.EllipticCurvePrivateKey, 224, "EC PRIVATE KEY"),
        ({"algorithm": "ECDSA", "ecdsaCurve": "P256"}, ec.EllipticCurvePrivateKey, 256, "EC PRIVATE KEY"),
        ({"algorithm": "ECDSA", "ecdsaCurve": "P384"}, ec.EllipticCurvePrivateKey, 384, "EC PRIVATE KEY"),
        ({"algorithm": "ECDSA", "ecdsaCurve": "P521"}, ec.EllipticCurvePrivateKey, 521, "EC PRIVATE KEY"),
        ({"algorithm": "ED25519"}, ed25519.Ed25519PrivateKey, None, "PRIVATE KEY"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_a_key_in_all_its_forms(
    plugin: Plugin, inputs: dict[str, object], kind: type, size: int | None, heading: str
) -> None:
    identifier, state = plugin.create(PRIVATE_KEY, inputs)
    assert {name for name, value in state.items() if isinstance(value, Secret)} == PRIVATE
    assert {"rsaBits", "ecdsaCurve"} <= state.keys()
    pem, pkcs8, openssh = (state[name].value for name in ("privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"))
    assert pem.splitlines()[0] == f"-----BEGIN {heading}-----"
    assert pkcs8.splitlines()[0] == "-----BEGIN PRIVATE KEY-----"
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, kind)
    assert getattr(key, "key_size", None) == size
    public = key.public_key()
    assert serialization.load_pem_private_key(pkcs8.encode(), None).public_key() == public
    assert serialization.load_pem_public_key(state["publicKeyPem"].encode()) == public
    assert identifier == hashlib.sha1(state["publicKeyPem"].encode(), usedforsecurity=False).hexdigest()
    if size == 224:  # OpenSSH has no such curve
        told = [state[name] for name in ("publicKeyOpenssh", "publicKeyFingerprintMd5", "publicKeyFingerprintSha256")]
        assert (openssh, told) == ("", ["", "", ""])
        return
    assert serialization.load_ssh_private_key(openssh.encode(), None).public_key() == public
    assert serialization.load_ssh_public_key(state["publicKeyOpenssh"].encode()) == public
    assert state["publicKeyOpenssh"].endswith("\n")
    blob = base64.b64decode(state["publicKeyOpenssh"].split()[1])
    md5 = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    assert state["publicKeyFingerprintMd5"] == ":".join(a + b for a, b in zip(md5[::2], md5[1::2], strict=True))
    sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    assert state["publicKeyFingerprintSha256"] == f"SHA256:{sha256}"


def test_a_preview_knows_only_what_was_asked_for(plugin: Plugin) -> None:
    identifier, state = plugin.create(PRIVATE_KEY, {"algorithm": "ED25519"}, preview=True)
    assert identifier == ""
    known = {name: value for name, value in state.items() if value is not UNKNOWN and value != Secret(UNKNOWN)}
    assert known == {"algorithm": "ED25519", "rsaBits": 2048, "ecdsaCurve": "P224"}
    assert state.keys() - known.keys() >= PRIVATE | {"publicKeyPem", "publicKeyOpenssh"}


def test_every_change_of_a_key_makes_another(plugin: Plugin) -> None:
    inputs = {"algorithm": "RSA", "rsaBits": 1024}
    _, state = plugin.create(PRIVATE_KEY, inputs)
    assert plugin.diff(PRIVATE_KEY, state, inputs, inputs) == ([], [])
    assert plugin.diff(PRIVATE_KEY, state, inputs, {**inputs, "ecdsaCurve": "P224"}) == ([], [])  # the default
    assert plugin.diff(PRIVATE_KEY, state, inputs, {"algorithm": "RSA"}) == (["rsaBits"], ["rsaBits"])
    changed = {**inputs, "algorithm": "ECDSA", "ecdsaCurve": "P256"}
    assert plugin.diff(PRIVATE_KEY, state, inputs, changed)[1] == ["algorithm", "ecdsaCurve"]


def test_what_the_vendor_would_refuse(plugin: Plugin) -> None:
    assert plugin.check(PRIVATE_KEY, {"algoritm": "RSA"})[1] == [
        "algoritm is not a property of this type; did you mean algorithm?",
        "algorithm is required and missing",
    ]
    assert plugin.check(PRIVATE_KEY, {"algorithm": "DSA", "ecdsaCurve": "P1", "rsaBits": 512})[1] == [
        "algorithm must be one of RSA, ECDSA, ED25519, and is 'DSA'",
        "ecdsaCurve must be one of P224, P256, P384, P521, and is 'P1'",
        "rsaBits must be at least 1024, and is 512",
    ]
    assert plugin.check(PRIVATE_KEY, {"algorithm": UNKNOWN, "rsaBits": True})[1] == [
        "rsaBits must be a integer, and is a boolean (True)"
    ]


@pytest.mark.parametrize("form", ["privateKeyPem", "privateKeyOpenssh"])
def test_the_public_key_of_a_private_one(plugin: Plugin, ca_key: dict[str, object], form: str) -> None:
    found = plugin.invoke(GET_PUBLIC_KEY, {form: Secret(ca_key[form])})
    assert found.pop(form) == Secret(ca_key[form])
    assert found.pop("id") == hashlib.sha1(str(ca_key["publicKeyPem"]).encode(), usedforsecurity=False).hexdigest()
    assert found.pop("algorithm") == "ECDSA"
    assert found == {name: value for name, value in ca_key.items() if name.startswith("publicKey")}
    assert plugin.invoke(GET_PUBLIC_KEY, {form: UNKNOWN}) == {"id": UNKNOWN}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "exactly one of privateKeyPem and privateKeyOpenssh must be given"),
        ({"privateKeyPem": "a", "privateKeyOpenssh": "b"}, "exactly one of privateKeyPem and privateKeyOpenssh"),
        ({"privateKey": "a"}, "privateKey: is not a property of this type; did you mean privateKeyPem?"),
        ({"privateKeyPem": "a"}, "privateKeyPem: holds no unencrypted private key that can be read"),
    ],
)
def test_no_public_key(plugin: Plugin, arguments: dict[str, str], reason: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        plugin.invoke(GET_PUBLIC_KEY, arguments)
    assert caught.value.details().startswith(reason)


def test_types_and_functions_that_the_stand_in_has_not(plugin: Plugin) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        plugin.invoke("tls:index/getCertificate:getCertificate", {})
    assert "does not know the function tls:index/getCertificate:getCertificate" in caught.value.details()
    with pytest.raises(grpc.RpcError) as caught:
        plugin.check("tls:index/privateKey:PrivatKey", {})
    assert "does not know the resource type tls:index/privateKey:PrivatKey (near it: " in caught.value.details()


def test_a_key_cannot_be_imported(plugin: Plugin) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        plugin.read(PRIVATE_KEY, "abc", {}, {})
    assert caught.value.details() == f"{PRIVATE_KEY} it: {PRIVATE_KEY} cannot be imported: it exists in the state alone"
