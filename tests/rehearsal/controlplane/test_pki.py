from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from rehearsal.controlplane import pki
from rehearsal.controlplane.layout import Layout, Settings

NOW = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
SETTINGS = Settings("one.example.test", "100.64.0.0/13", {})
LEAVES = [
    "etcd",
    "apiserver-etcd-client",
    "apiserver",
    "apiserver-kubelet-client",
    "admin",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-controller-manager-server",
    "kube-scheduler-server",
]
EVERYTHING = ["ca", "etcd-ca", *LEAVES, "service-account"]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


def certificate(layout: Layout, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(layout.certificate(name).read_bytes())


def test_made_once(layout: Layout) -> None:
    assert pki.ensure(layout, SETTINGS, NOW) == EVERYTHING
    before = {path.name: path.read_bytes() for path in layout.pki.iterdir()}
    assert pki.ensure(layout, SETTINGS, NOW + datetime.timedelta(days=334)) == []
    assert {path.name: path.read_bytes() for path in layout.pki.iterdir()} == before


def test_leaves_are_renewed_before_they_expire_and_authorities_kept(layout: Layout) -> None:
    pki.ensure(layout, SETTINGS, NOW)
    authorities = {name: layout.certificate(name).read_bytes() for name in ("ca", "etcd-ca")}
    assert pki.ensure(layout, SETTINGS, NOW + datetime.timedelta(days=336)) == LEAVES
    assert {name: layout.certificate(name).read_bytes() for name in authorities} == authorities


def test_another_service_range_renews_the_servers_certificate_alone(layout: Layout) -> None:
    pki.ensure(layout, SETTINGS, NOW)
    assert pki.ensure(layout, Settings("one.example.test", "10.96.0.0/12", {}), NOW) == ["apiserver"]


def test_a_lost_authority_takes_its_leaves_along(layout: Layout) -> None:
    pki.ensure(layout, SETTINGS, NOW)
    layout.key("etcd-ca").unlink()
    assert pki.ensure(layout, SETTINGS, NOW) == ["etcd-ca", "etcd", "apiserver-etcd-client"]


@pytest.mark.parametrize("suffix", [".key", ".crt"])
def test_half_a_pair_is_made_again(layout: Layout, suffix: str) -> None:
    pki.ensure(layout, SETTINGS, NOW)
    (layout.pki / f"admin{suffix}").unlink()
    assert pki.ensure(layout, SETTINGS, NOW) == ["admin"]


def test_a_file_that_is_no_key_is_an_error(layout: Layout) -> None:
    pki.ensure(layout, SETTINGS, NOW)
    layout.key("ca").write_text("nothing")
    layout.certificate("admin").unlink()
    with pytest.raises(ValueError, match="PEM"):
        pki.ensure(layout, SETTINGS, NOW)


def test_an_authority_key_of_another_kind_is_an_error(layout: Layout) -> None:
    pki.ensure(layout, SETTINGS, NOW)
    layout.key("ca").write_bytes(layout.key("service-account").read_bytes())
    layout.certificate("admin").unlink()
    with pytest.raises(pki.PkiError, match=r"ca\.key is not an elliptic-curve key"):
        pki.ensure(layout, SETTINGS, NOW)


def test_every_file_is_private(layout: Layout) -> None:
    pki.ensure(layout, SETTINGS, NOW)
    assert {path.stat().st_mode & 0o777 for path in layout.pki.iterdir()} == {0o600}


def test_names_and_uses(layout: Layout) -> None:
    pki.ensure(layout, SETTINGS, NOW)
    apiserver = certificate(layout, "apiserver")
    names = apiserver.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ]
    assert names.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("127.0.0.1"),
        ipaddress.ip_address("100.64.0.1"),
    ]
    uses = {
        name: set(certificate(layout, name).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        for name in ("apiserver", "admin", "etcd")
    }
    server, client = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
    assert uses == {"apiserver": {server}, "admin": {client}, "etcd": {server, client}}
    assert certificate(layout, "admin").subject.rfc4514_string() == "CN=rehearsal-admin,O=system:masters"
    scheduler = certificate(layout, "kube-scheduler").subject.rfc4514_string()
    assert scheduler == "CN=system:kube-scheduler"
    assert certificate(layout, "ca").extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert not certificate(layout, "admin").extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_etcds_authority_is_not_the_clusters(layout: Layout) -> None:
    pki.ensure(layout, SETTINGS, NOW)
    certificate(layout, "etcd").verify_directly_issued_by(certificate(layout, "etcd-ca"))
    certificate(layout, "apiserver").verify_directly_issued_by(certificate(layout, "ca"))
    with pytest.raises(ValueError, match="Issuer"):
        certificate(layout, "etcd").verify_directly_issued_by(certificate(layout, "ca"))


def test_pairs_load_into_tls(layout: Layout) -> None:
    pki.ensure(layout, SETTINGS, NOW)
    for name in LEAVES:
        context = ssl.create_default_context(cafile=str(layout.certificate("ca")))
        context.load_cert_chain(str(layout.certificate(name)), str(layout.key(name)))


def test_the_service_account_key_is_rsa_for_web_identity(layout: Layout) -> None:
    pki.ensure(layout, SETTINGS, NOW)
    key = serialization.load_pem_private_key(layout.key("service-account").read_bytes(), None)
    public = serialization.load_pem_public_key((layout.pki / "service-account.pub").read_bytes())
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert key.public_key() == public
