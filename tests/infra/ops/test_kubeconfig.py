from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from moto import mock_aws

from infra.ops.errors import OpsError
from infra.ops.kubeconfig import BACKDATE, admit, login
from infra.plan.join import ApiAddress, member_join_document
from tests.infra.samples import sample_spec
from tests.rehearsal.certificates import write_pair

SPEC = sample_spec()
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
JOIN = "test.example.com/igconfig/control-plane/control-plane-a/join.json"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Any]:
    with mock_aws():
        session = boto3.Session(region_name=SPEC.region)
        s3 = session.client("s3")
        s3.create_bucket(Bucket=SPEC.state.bucket, CreateBucketConfiguration={"LocationConstraint": SPEC.region})
        write_pair(tmp_path, "ca")
        for name in ("ca.crt", "ca.key"):
            s3.put_object(
                Bucket=SPEC.state.bucket, Key=f"test.example.com/pki/{name}", Body=(tmp_path / name).read_bytes()
            )
        document = member_join_document(ApiAddress("inside.example", "outside.example"))
        s3.put_object(Bucket=SPEC.state.bucket, Key=JOIN, Body=document.encode())
        yield session


def certificate_in(kubeconfig: str) -> x509.Certificate:
    user = json.loads(kubeconfig)["users"][0]["user"]
    return x509.load_pem_x509_certificate(base64.b64decode(user["client-certificate-data"]))


def test_it_names_its_holder_and_ends_within_hours(session: Any, tmp_path: Path) -> None:
    admission = admit(session, SPEC, timedelta(hours=8), NOW)
    certificate = certificate_in(admission.kubeconfig)
    assert admission.user == session.client("sts").get_caller_identity()["Arn"].rpartition("/")[2]
    names = {each.oid: each.value for each in certificate.subject}
    assert names == {
        NameOID.COMMON_NAME: admission.user,
        NameOID.ORGANIZATION_NAME: "slipway:administrators",
    }
    assert certificate.not_valid_before_utc == NOW - BACKDATE
    assert certificate.not_valid_after_utc == admission.expires == NOW + timedelta(hours=8)
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes())
    certificate.verify_directly_issued_by(authority)


@pytest.mark.parametrize(
    ("api", "server"),
    [({}, "inside.example"), ({"access": "public", "allowedCidrs": ["203.0.113.0/24"]}, "outside.example")],
)
def test_it_leads_to_where_people_reach_the_api(session: Any, api: dict[str, Any], server: str) -> None:
    admission = admit(session, sample_spec(cluster={"api": api}), timedelta(hours=1), NOW)
    assert json.loads(admission.kubeconfig)["clusters"][0]["cluster"]["server"] == f"https://{server}:443"


def test_the_generation_that_signs_is_the_first_of_those_that_are_trusted(session: Any, tmp_path: Path) -> None:
    write_pair(tmp_path, "old")
    bundle = (tmp_path / "ca.crt").read_bytes() + (tmp_path / "old.crt").read_bytes()
    session.client("s3").put_object(Bucket=SPEC.state.bucket, Key="test.example.com/pki/ca.crt", Body=bundle)
    certificate = certificate_in(admit(session, SPEC, timedelta(hours=1), NOW).kubeconfig)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes()))


@pytest.mark.parametrize("missing", ["test.example.com/pki/ca.crt", "test.example.com/pki/ca.key", JOIN])
def test_a_cluster_that_is_not_made_yet(session: Any, missing: str) -> None:
    session.client("s3").delete_object(Bucket=SPEC.state.bucket, Key=missing)
    with pytest.raises(OpsError) as caught:
        admit(session, SPEC, timedelta(hours=1), NOW)
    assert str(caught.value) == (
        f"the cluster has not been made yet; there is no: s3://acme-slipway-test/{missing}. "
        "Fix: run pulumi up --stack test."
    )


OIDC = {"issuerUrl": "https://login.example.com", "clientId": "kubernetes", "scopes": ["email", "groups"]}


def test_a_kubeconfig_for_a_log_in_holds_no_secret_and_needs_no_key(session: Any, tmp_path: Path) -> None:
    session.client("s3").delete_object(Bucket=SPEC.state.bucket, Key="test.example.com/pki/ca.key")
    made = json.loads(login(session, sample_spec(cluster={"api": {"oidc": OIDC}})))
    assert made["clusters"][0]["cluster"]["server"] == "https://inside.example:443"
    trusted = base64.b64decode(made["clusters"][0]["cluster"]["certificate-authority-data"])
    assert trusted == (tmp_path / "ca.crt").read_bytes()
    (user,) = made["users"]
    assert user["user"].keys() == {"exec"}
    assert (user["user"]["exec"]["command"], user["user"]["exec"]["args"]) == (
        "kubectl",
        [
            "oidc-login",
            "get-token",
            "--oidc-issuer-url=https://login.example.com",
            "--oidc-client-id=kubernetes",
            "--oidc-extra-scope=email",
            "--oidc-extra-scope=groups",
        ],
    )


def test_without_an_issuer_nobody_logs_in(session: Any) -> None:
    with pytest.raises(OpsError, match=r"nobody logs in by OpenID Connect in: test. Fix: declare cluster.api.oidc"):
        login(session, SPEC)
