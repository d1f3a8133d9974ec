from __future__ import annotations

from typing import Any

import yaml

from infra.components.cluster_pki import ClusterPki
from infra.plan.control_plane.pki import plan_pki
from infra.testing.account import OUTPUTS
from infra.testing.recorder import Recorder, record, secret
from tests.infra.samples import sample_spec

KEY, AUTHORITY = "tls:index/privateKey:PrivateKey", "tls:index/selfSignedCert:SelfSignedCert"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"
FILES = {
    "ca.crt", "ca.key", "ca-signing.crt", "etcd/ca.crt", "etcd/ca.key", "front-proxy-ca.crt", "front-proxy-ca.key",
    "sa.pub", "sa.key", "encryption.yaml",
}  # fmt: skip


def build(**pki: Any) -> Recorder:
    plan = plan_pki(sample_spec(cluster={"pki": pki}))
    recorder = Recorder(outputs=OUTPUTS)
    return record(lambda: ClusterPki("pki", plan, bucket="acme-slipway-test"), recorder)


def test_authorities_are_made_once_and_last_ten_years() -> None:
    recorder = build()
    assert recorder.names(AUTHORITY) == {"ca", "etcd-ca", "front-proxy-ca"}
    assert recorder.inputs(AUTHORITY, "etcd-ca") == {
        "privateKeyPem": secret("private key\n"),
        "subject": {"commonName": "etcd-ca"},
        "validityPeriodHours": 87600,
        "isCaCertificate": True,
        "setSubjectKeyId": True,
        "allowedUses": ["cert_signing", "key_encipherment", "digital_signature"],
    }
    assert recorder.inputs(KEY, "ca") == {"algorithm": "ECDSA", "ecdsaCurve": "P256"}
    # AWS verifies tokens of RSA keys.
    assert recorder.inputs(KEY, "service-account") == {"algorithm": "RSA", "rsaBits": 2048}


def test_what_the_cluster_cannot_lose_is_protected() -> None:
    recorder = build()
    protected = {name for (_, name), request in recorder.requests.items() if request.protect}
    assert protected == {"ca", "etcd-ca", "front-proxy-ca", "service-account", "encryption"}


def test_every_file_that_members_share_is_in_the_bucket() -> None:
    recorder = build()
    assert recorder.names(OBJECT) == FILES
    for name in FILES:
        inputs = recorder.inputs(OBJECT, name)
        assert (inputs["bucket"], inputs["key"]) == ("acme-slipway-test", f"test.example.com/pki/{name}")
        # The provider would delete all versions, and with them what backups are read by.
        assert recorder.options(OBJECT, name).retainOnDelete
    assert recorder.inputs(OBJECT, "ca.crt")["content"] == "authority\n"


def test_what_kms_wraps_is_configured_in_a_file_of_its_own() -> None:
    plan = plan_pki(sample_spec(cluster={"controlPlane": {"secretsEncryption": "kms"}}))
    recorder = record(lambda: ClusterPki("pki", plan, bucket="acme-slipway-test"), Recorder(outputs=OUTPUTS))
    assert recorder.names(OBJECT) == {*FILES, "encryption-kms.yaml"}
    first = {}
    for name in ("encryption.yaml", "encryption-kms.yaml"):
        content = recorder.inputs(OBJECT, name)["content"]
        assert content == secret(content["value"]), name
        (rule,) = yaml.safe_load(content["value"])["resources"]
        first[name] = list(rule["providers"][0])
    assert first == {"encryption.yaml": ["secretbox"], "encryption-kms.yaml": ["kms"]}


def test_while_two_generations_are_trusted_one_signs() -> None:
    recorder = build(signing=2, trusted=[1, 2])
    assert recorder.names(AUTHORITY) == {
        f"{name}{suffix}" for name in ("ca", "etcd-ca", "front-proxy-ca") for suffix in ("", "-2")
    }
    assert recorder.names(OBJECT) == FILES
    assert recorder.inputs(OBJECT, "ca.crt")["content"] == "authority\n" * 2
    assert recorder.inputs(OBJECT, "ca-signing.crt")["content"] == "authority\n"
    assert recorder.inputs(OBJECT, "sa.pub")["content"].count("BEGIN PUBLIC KEY") == 2


def test_pulumi_speaks_to_the_api_for_a_year_at_most() -> None:
    recorder = build()
    request = recorder.inputs("tls:index/certRequest:CertRequest", "slipway-pulumi")
    assert request["subject"] == {"commonName": "slipway-pulumi", "organization": "system:masters"}
    assert recorder.inputs(SIGNED, "slipway-pulumi") == {
        "certRequestPem": "request\n",
        "caPrivateKeyPem": secret("private key\n"),
        "caCertPem": "authority\n",
        "validityPeriodHours": 8760,
        "earlyRenewalHours": 2160,
        "allowedUses": ["client_auth", "digital_signature", "key_encipherment"],
    }
    assert not recorder.requests[SIGNED, "slipway-pulumi"].protect
