from __future__ import annotations

import hashlib
import ipaddress
from datetime import timedelta
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from rehearsal.providers.base.values import UNKNOWN, Secret
from rehearsal.providers.tls.certificates import EXTENDED_USAGES, KEY_USAGES
from tests.rehearsal.providers.plugin import Plugin
from tests.rehearsal.providers.tls.conftest import PRIVATE_KEY, START, Clock

SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert"
REQUEST = "tls:index/certRequest:CertRequest"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"
Props = dict[str, Any]


def self_signed(key: Props, **more: Any) -> Props:
    return {
        "privateKeyPem": Secret(key["privateKeyPem"]),
        "allowedUses": ["cert_signing", "crl_signing", "digital_signature"],
        "validityPeriodHours": 24,
        "subject": {"commonName": "kubernetes"},
        **more,
    }


def request(plugin: Plugin, key: Props, **more: Any) -> str:
    inputs = {"privateKeyPem": Secret(key["privateKeyPem"]), "subject": {"commonName": "node"}, **more}
    return str(plugin.made(REQUEST, inputs)["certRequestPem"])


@pytest.fixture(scope="module")
def ca(plugin: Plugin, ca_key: Props) -> Props:
    return plugin.made(SELF_SIGNED, self_signed(ca_key, isCaCertificate=True, maxPathLength=1))


def signed(ca: Props, request: str, **more: Any) -> Props:
    return {
        "caCertPem": ca["certPem"],
        "caPrivateKeyPem": ca["privateKeyPem"],
        "certRequestPem": request,
        "allowedUses": ["server_auth", "client_auth", "key_encipherment"],
        "validityPeriodHours": 12,
        **more,
    }


def parsed(state: Props) -> x509.Certificate:
    return x509.load_pem_x509_certificate(state["certPem"].encode())


def extension(certificate: x509.Certificate, kind: Any) -> Any:
    found = certificate.extensions.get_extension_for_class(kind)
    assert found.critical is (kind in (x509.KeyUsage, x509.BasicConstraints))
    return found.value


def extensions(certificate: x509.Certificate) -> list[str]:
    return [type(each.value).__name__ for each in certificate.extensions]


def usages(certificate: x509.Certificate) -> set[str]:
    usage = extension(certificate, x509.KeyUsage)
    return {name for name in KEY_USAGES.values() if usage.__dict__[f"_{name}"]}


def test_a_ca(plugin: Plugin, ca_key: Props) -> None:
    identifier, state = plugin.create(SELF_SIGNED, self_signed(ca_key, isCaCertificate=True, maxPathLength=0))
    certificate = parsed(state)
    certificate.verify_directly_issued_by(certificate)
    assert certificate.subject.rfc4514_string() == "CN=kubernetes"
    assert extensions(certificate) == ["KeyUsage", "BasicConstraints", "SubjectKeyIdentifier"]
    assert extension(certificate, x509.BasicConstraints) == x509.BasicConstraints(ca=True, path_length=0)
    assert usages(certificate) == {"key_cert_sign", "crl_sign", "digital_signature"}
    public = load_pem_public_key(ca_key["publicKeyPem"].encode())
    assert extension(certificate, x509.SubjectKeyIdentifier) == x509.SubjectKeyIdentifier.from_public_key(public)  # type: ignore[arg-type]
    assert identifier == str(certificate.serial_number)
    assert certificate.not_valid_before_utc == START.replace(microsecond=0)
    assert certificate.not_valid_after_utc == START.replace(microsecond=0) + timedelta(hours=24)
    told = ("validityStartTime", "validityEndTime", "readyForRenewal", "keyAlgorithm", "earlyRenewalHours")
    assert [state[name] for name in told] == ["2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z", False, "ECDSA", 0]
    assert {name for name, value in state.items() if isinstance(value, Secret)} == {"privateKeyPem"}


def test_a_self_signed_certificate_is_no_ca_unless_asked_for(plugin: Plugin, node_key: Props) -> None:
    plain = parsed(plugin.made(SELF_SIGNED, self_signed(node_key, allowedUses=["server_auth"], maxPathLength=3)))
    assert extensions(plain) == ["ExtendedKeyUsage", "BasicConstraints"]
    assert extension(plain, x509.BasicConstraints) == x509.BasicConstraints(ca=False, path_length=None)
    both = parsed(plugin.made(SELF_SIGNED, self_signed(node_key, setSubjectKeyId=True, setAuthorityKeyId=True)))
    own = extension(both, x509.SubjectKeyIdentifier).digest
    raw = both.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert own == hashlib.sha1(b"\x04\x20" + raw, usedforsecurity=False).digest()
    assert extension(both, x509.AuthorityKeyIdentifier).key_identifier == own


def test_a_certificate_signed_by_the_ca(plugin: Plugin, ca: Props, node_key: Props) -> None:
    names = {
        "dnsNames": ["api.example.com", "*.internal"],
        "ipAddresses": ["10.0.0.1", "fd00::1"],
        "uris": ["spiffe://cluster/node"],
    }
    subject = {"commonName": "system:node:a", "organization": "system:nodes"}
    inputs = signed(ca, request(plugin, node_key, subject=subject, **names))
    identifier, state = plugin.create(SIGNED, inputs)
    certificate = parsed(state)
    certificate.verify_directly_issued_by(parsed(ca))
    assert certificate.public_key() == load_pem_public_key(node_key["publicKeyPem"].encode())
    assert certificate.subject.rfc4514_string() == "CN=system:node:a,O=system:nodes"  # the string reads backwards
    assert certificate.issuer == parsed(ca).subject
    assert list(extension(certificate, x509.SubjectAlternativeName)) == [
        x509.DNSName("api.example.com"),
        x509.DNSName("*.internal"),
        x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("fd00::1")),
        x509.UniformResourceIdentifier("spiffe://cluster/node"),
    ]
    assert usages(certificate) == {"key_encipherment"}
    assert list(extension(certificate, x509.ExtendedKeyUsage)) == [
        EXTENDED_USAGES["server_auth"],
        EXTENDED_USAGES["client_auth"],
    ]
    assert extension(certificate, x509.BasicConstraints).ca is False
    ca_id = extension(parsed(ca), x509.SubjectKeyIdentifier).digest
    assert extension(certificate, x509.AuthorityKeyIdentifier).key_identifier == ca_id
    assert "SubjectKeyIdentifier" not in extensions(certificate)
    assert (identifier, state["caKeyAlgorithm"]) == (str(certificate.serial_number), "ECDSA")
    assert state["validityEndTime"] == "2026-03-02T00:00:00Z"
    assert isinstance(state["caPrivateKeyPem"], Secret)


def test_an_intermediate_ca(plugin: Plugin, ca: Props, node_key: Props) -> None:
    more = {"isCaCertificate": True, "maxPathLength": 0, "allowedUses": ["cert_signing"]}
    certificate = parsed(plugin.made(SIGNED, signed(ca, request(plugin, node_key), **more)))
    assert extension(certificate, x509.BasicConstraints) == x509.BasicConstraints(ca=True, path_length=0)
    assert "SubjectKeyIdentifier" in extensions(certificate)


@pytest.mark.parametrize("use", sorted([*KEY_USAGES, *EXTENDED_USAGES]))
def test_every_use_has_its_bit_or_its_number(plugin: Plugin, node_key: Props, use: str) -> None:
    uses = [use, "key_agreement"] if use in ("encipher_only", "decipher_only") else [use]  # as X.509 wants them
    certificate = parsed(plugin.made(SELF_SIGNED, self_signed(node_key, allowedUses=uses)))
    if use in KEY_USAGES:
        assert usages(certificate) == {KEY_USAGES[each] for each in uses}
        assert "ExtendedKeyUsage" not in extensions(certificate)
    else:
        assert list(extension(certificate, x509.ExtendedKeyUsage)) == [EXTENDED_USAGES[use]]
        assert "KeyUsage" not in extensions(certificate)


@pytest.mark.parametrize(("curve", "hash_name"), [("P224", "sha256"), ("P384", "sha384"), ("P521", "sha512")])
def test_the_hash_is_as_strong_as_the_key(plugin: Plugin, curve: str, hash_name: str) -> None:
    key = plugin.made(PRIVATE_KEY, {"algorithm": "ECDSA", "ecdsaCurve": curve})
    algorithm = parsed(plugin.made(SELF_SIGNED, self_signed(key))).signature_hash_algorithm
    assert algorithm is not None
    assert algorithm.name == hash_name


def test_a_request(plugin: Plugin, ca_key: Props) -> None:
    subject = {
        "country": "DE", "organization": "O", "organizationalUnit": "OU", "locality": "L", "province": "P",
        "streetAddresses": ["S1", "S2"], "postalCode": "1", "commonName": "C", "serialNumber": "7",
        "emailAddress": "e@x",
    }  # fmt: skip
    inputs = {"privateKeyPem": ca_key["privateKeyPem"], "subject": subject, "dnsNames": ["a.b"]}
    identifier, state = plugin.create(REQUEST, inputs)
    made = x509.load_pem_x509_csr(state["certRequestPem"].encode())
    assert made.is_signature_valid
    assert [attribute.value for attribute in made.subject] == [
        "e@x", "DE", "O", "OU", "L", "P", "S1", "S2", "1", "C", "7",
    ]  # fmt: skip
    assert identifier == hashlib.sha1(state["certRequestPem"].encode(), usedforsecurity=False).hexdigest()
    assert state["keyAlgorithm"] == "ECDSA"
    changed = {**inputs, "dnsNames": ["a.b", "c.d"]}
    assert plugin.diff(REQUEST, state, inputs, changed) == (["dnsNames[1]"], ["dnsNames[1]"])


def test_every_change_but_one_makes_another_certificate(plugin: Plugin, ca_key: Props) -> None:
    inputs = self_signed(ca_key)
    _, state = plugin.create(SELF_SIGNED, inputs)
    assert plugin.diff(SELF_SIGNED, state, inputs, {**inputs, "isCaCertificate": False}) == ([], [])
    for name, value in {
        "allowedUses": ["client_auth"],
        "validityPeriodHours": 25,
        "dnsNames": ["a"],
        "isCaCertificate": True,
        "maxPathLength": 1,
        "setSubjectKeyId": True,
        "setAuthorityKeyId": True,
        "subject": {"commonName": "other"},
        "privateKeyPem": UNKNOWN,
    }.items():
        changed, replaces = plugin.diff(SELF_SIGNED, state, inputs, {**inputs, name: value})
        assert changed == replaces != []
        assert all(path.startswith(name) for path in replaces)
    early = {**inputs, "earlyRenewalHours": 2}
    assert plugin.diff(SELF_SIGNED, state, inputs, early) == (["earlyRenewalHours"], [])
    updated = plugin.update(SELF_SIGNED, state, early)
    assert updated == {**state, "earlyRenewalHours": 2}


def test_a_certificate_is_made_anew_when_its_time_comes(plugin: Plugin, clock: Clock, ca_key: Props) -> None:
    inputs = self_signed(ca_key, earlyRenewalHours=4)
    identifier, state = plugin.create(SELF_SIGNED, inputs)
    clock.now = START + timedelta(hours=19, minutes=59)
    assert plugin.diff(SELF_SIGNED, state, inputs, inputs) == ([], [])
    assert plugin.read(SELF_SIGNED, identifier, state, inputs) == state
    clock.now = START + timedelta(hours=20)
    assert plugin.diff(SELF_SIGNED, state, inputs, inputs) == (["readyForRenewal"], ["readyForRenewal"])
    assert plugin.read(SELF_SIGNED, identifier, state, inputs) == {**state, "readyForRenewal": True}
    later = {**inputs, "earlyRenewalHours": 3}
    assert plugin.diff(SELF_SIGNED, state, inputs, later) == (["earlyRenewalHours"], [])


def test_a_preview_of_a_certificate_whose_key_is_yet_to_be_made(plugin: Plugin) -> None:
    inputs = {"privateKeyPem": Secret(UNKNOWN), "allowedUses": ["cert_signing"], "validityPeriodHours": 1}
    identifier, state = plugin.create(SELF_SIGNED, inputs, preview=True)
    assert identifier == ""
    assert state["privateKeyPem"] in (UNKNOWN, Secret(UNKNOWN))
    for name in ("certPem", "validityStartTime", "validityEndTime", "readyForRenewal", "keyAlgorithm"):
        assert state[name] is UNKNOWN
    assert (state["validityPeriodHours"], state["isCaCertificate"]) == (1, False)


def test_what_is_refused_before_anything_is_made(plugin: Plugin, ca_key: Props) -> None:
    bad = {"allowedUses": ["server_auth", "cert_sign"], "validityPeriodHours": -1, "maxPathLength": -2}
    found = plugin.check(SELF_SIGNED, self_signed(ca_key, **bad))[1]
    assert found[0].startswith("allowedUses[1] must be one of any_extended, cert_signing, client_auth")
    assert found[0].endswith("and is 'cert_sign'")
    assert found[1:] == [
        "validityPeriodHours must be at least 0, and is -1",
        "maxPathLength must be at least 0, and is -2",
    ]
    more = {"subject": {"commonname": "a"}, "privateKeyPemWo": "x"}
    assert plugin.check(SELF_SIGNED, self_signed(ca_key, **more))[1] == [
        "subject.commonname is not a property of this type; did you mean commonName?",
        "privateKeyPemWo is not supported by this stand-in",
    ]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"privateKeyPem": "nonsense"}, "privateKeyPem: holds no unencrypted private key that can be read"),
        ({"subject": {}, "isCaCertificate": True}, "subject: must have at least one name when isCaCertificate is true"),
        ({"setAuthorityKeyId": True}, "setAuthorityKeyId: needs setSubjectKeyId or isCaCertificate"),
        ({"subject": {"country": "Germany"}}, "subject.country: 'Germany' cannot be part of a distinguished name"),
        ({"ipAddresses": ["10.0.0"]}, "dnsNames, ipAddresses or uris: '10.0.0' does not appear to be an IPv4 or IPv6"),
    ],
)
def test_what_cannot_be_made(plugin: Plugin, ca_key: Props, more: Props, reason: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        plugin.create(SELF_SIGNED, self_signed(ca_key, **more))
    assert caught.value.details().startswith(f"{SELF_SIGNED} it: {reason}")
    assert ca_key["privateKeyPem"] not in caught.value.details()


def test_a_ca_and_a_key_that_do_not_belong_together(plugin: Plugin, ca: Props, node_key: Props) -> None:
    inputs = signed(ca, request(plugin, node_key))
    for more, reason in (
        (
            {"caPrivateKeyPem": node_key["privateKeyPem"]},
            "caPrivateKeyPem: is not the key of the certificate in caCertPem",
        ),
        ({"certRequestPem": "nonsense"}, "caCertPem or certRequestPem: cannot be read"),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            plugin.create(SIGNED, {**inputs, **more})
        assert reason in caught.value.details()
