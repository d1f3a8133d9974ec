"""How long certificates are still good."""

from __future__ import annotations

import datetime

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from infra.ops.validate.certificates import check_authorities, judge
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.validate.samples import NOW, told


def certificate(start: float, end: float, key: ec.EllipticCurvePrivateKey | None = None) -> x509.Certificate:
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW + datetime.timedelta(days=start))
        .not_valid_after(NOW + datetime.timedelta(days=end))
        .sign(key, hashes.SHA256())
    )


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (-1, 30.1, []),
        (-1, 29.9, [("warning", "x: has 29 days left")]),
        (-1, 7.1, [("warning", "x: has 7 days left")]),
        (-1, 6.9, [("invalid", "x: has 6 days left")]),
        (-1, 1.5, [("invalid", "x: has 1 day left")]),
        (-1, 0.5, [("invalid", "x: has 0 days left")]),
        (-2, -1, [("invalid", "x: ended on 2026-05-31")]),
        (1, 99, [("invalid", "x: is valid only from 2026-06-02")]),
    ],
)
def test_days_left(start: float, end: float, found: list[tuple[str, str]]) -> None:
    assert told(judge("x", certificate(start, end), NOW, "")) == found


@pytest.mark.usefixtures("cloud")
def test_authorities_in_the_bucket() -> None:
    s3 = boto3.client("s3", region_name="eu-central-1")
    s3.create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert list(check_authorities(s3, "bkt", "c/pki/", NOW)) == []
    pem = serialization.Encoding.PEM
    trusted = certificate(-1, 3000).public_bytes(pem) + certificate(-400, -1).public_bytes(pem)
    s3.put_object(Bucket="bkt", Key="c/pki/ca.crt", Body=trusted)
    s3.put_object(Bucket="bkt", Key="c/pki/ca.key", Body=b"secret")
    s3.put_object(Bucket="bkt", Key="c/pki/etcd/ca.crt", Body=b"nonsense")
    s3.put_object(Bucket="bkt", Key="d/pki/ca.crt", Body=b"another cluster's")
    found = told(check_authorities(s3, "bkt", "c/pki/", NOW))
    assert found[0] == ("invalid", "s3://bkt/c/pki/ca.crt: ended on 2026-05-31")
    assert found[1][0] == "invalid"
    assert found[1][1].startswith("s3://bkt/c/pki/etcd/ca.crt: is no certificate: ")
    assert len(found) == 2
