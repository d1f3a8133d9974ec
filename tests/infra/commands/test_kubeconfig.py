"""`slipway kubeconfig`, against moto: what it says and writes."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest

from infra.plan.join import ApiAddress, member_join_document
from tests.infra.ops.cloud import ACCOUNT
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.samples import sample_mapping
from tests.infra.test_cli import Run, declare, project, run  # noqa: F401 (fixtures)
from tests.rehearsal.certificates import write_pair

OIDC = {"issuerUrl": "https://login.example.com", "clientId": "kubernetes"}


@pytest.fixture
def cluster(project: Path, cloud: None, tmp_path: Path) -> Path:  # noqa: F811
    """A project whose environment `test` has been made and has an issuer, without the CA's key."""
    declare(project, "test", accountId=ACCOUNT, cluster={"api": {"oidc": OIDC}})
    bucket, region = sample_mapping()["state"]["bucket"], sample_mapping()["region"]
    s3 = boto3.client("s3", region_name=region)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    write_pair(tmp_path, "ca")
    join = member_join_document(ApiAddress("inside.example", None)).encode()
    for key, body in (
        ("pki/ca.crt", (tmp_path / "ca.crt").read_bytes()),
        ("igconfig/control-plane/control-plane-a/join.json", join),
    ):
        s3.put_object(Bucket=bucket, Key=f"test.example.com/{key}", Body=body)
    return project


def test_a_file_for_whoever_logs_in(run: Run, cluster: Path, tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "folder" / "kubeconfig"
    assert run("kubeconfig", "test", "--login", "--write", str(path)) == (
        0,
        f"Wrote {path}: for whoever logs in to test.example.com.\n",
        "",
    )
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["users"][0]["user"].keys() == {"exec"}


def test_a_certificate_needs_the_key_of_the_ca(run: Run, cluster: Path) -> None:  # noqa: F811
    status, out, err = run("kubeconfig", "test")
    assert (status, out) == (1, "")
    assert err.startswith(
        "error: the cluster has not been made yet; there is no: s3://acme-slipway-test/test.example.com/"
    )


def test_without_an_issuer_there_is_no_log_in(run: Run, cluster: Path) -> None:  # noqa: F811
    declare(cluster, "test", accountId=ACCOUNT)
    status, _, err = run("kubeconfig", "test", "--login")
    assert (status, err) == (
        1,
        "error: nobody logs in by OpenID Connect in: test. Fix: declare cluster.api.oidc, or leave --login out.\n",
    )
