from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

from infra.plan.control_plane.members import control_plane_groups
from infra.plan.join import ApiAddress, member_join_document
from infra.plan.records import plan_records
from infra.spec import EnvironmentSpec
from rehearsal.controlplane.member import from_bucket, rehearsed_member, standalone
from tests.infra.samples import group_mapping, sample_spec

SPEC = sample_spec()
MEMBER = control_plane_groups(SPEC)[0], "vol-1"
PKI = {"ca.crt": b"ca", "etcd/ca.crt": b"etcd", "encryption.yaml": b"keys"}


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="eu-central-1")
        client.create_bucket(Bucket=SPEC.state.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield client


def put_all(s3: Any, spec: EnvironmentSpec = SPEC) -> None:
    records = plan_records(spec)
    for record in records.records:
        s3.put_object(Bucket=SPEC.state.bucket, Key=record.key, Body=record.content.encode())
    for join in records.joins:
        body = member_join_document(ApiAddress("inside.example", "outside.example"))
        s3.put_object(Bucket=SPEC.state.bucket, Key=join.key, Body=body.encode())
    for path, content in PKI.items():
        s3.put_object(Bucket=SPEC.state.bucket, Key=f"{SPEC.cluster.name}/pki/{path}", Body=content)


def test_the_first_member_as_its_machine_would_fetch_it(s3: Any) -> None:
    put_all(s3)
    member = from_bucket(s3, SPEC, *MEMBER)
    assert member is not None
    assert (member.cluster_name, member.volume) == (SPEC.cluster.name, "vol-1")
    assert member.provider is None
    assert member.pki == PKI
    assert set(member.config) == {"audit-policy.yaml", "authentication.yaml"}
    cluster = list(yaml.safe_load_all(member.kubeadm))[1]
    assert cluster["controlPlaneEndpoint"] == "inside.example:443"
    assert {"name": "name", "value": "control-plane-a"} in cluster["etcd"]["local"]["extraArgs"]


@pytest.mark.parametrize("missing", ["join.json", "files-", "pki/ca.crt", "pki/encryption.yaml"])
def test_an_environment_that_is_not_whole_has_no_member_yet(s3: Any, missing: str) -> None:
    put_all(s3)
    for item in s3.list_objects_v2(Bucket=SPEC.state.bucket)["Contents"]:
        if missing in item["Key"]:
            s3.delete_object(Bucket=SPEC.state.bucket, Key=item["Key"])
    assert from_bucket(s3, SPEC, *MEMBER) is None


def test_a_member_that_is_added_before_the_others_does_not_stand_for_them() -> None:
    names = [f"control-plane-{letter}" for letter in "abc"]
    groups = [
        group_mapping(name, role="ControlPlane", minSize=1, maxSize=1, zones=[f"eu-central-1{name[-1]}"])
        for name in names
    ]
    spec = sample_spec(instanceGroups=groups)
    volumes = {name: f"vol-{name[-1]}" for name in names}

    def chosen(*with_data: str) -> tuple[str, str]:
        found = rehearsed_member(spec, volumes, lambda volume: volume in with_data)
        assert found is not None
        return found[0].name, found[1]

    assert chosen() == ("control-plane-a", "vol-a")
    assert chosen("vol-b") == ("control-plane-b", "vol-b")
    assert chosen("vol-b", "vol-a") == ("control-plane-a", "vol-a")
    assert rehearsed_member(spec, {}, lambda _: True) is None


def test_no_bucket_no_member() -> None:
    with mock_aws():
        assert from_bucket(boto3.client("s3", region_name="eu-central-1"), SPEC, *MEMBER) is None


def test_a_member_that_reads_what_kms_wraps_has_the_provider_of_its_machine() -> None:
    spec = sample_spec(cluster={"controlPlane": {"secretsEncryption": "kms"}})
    with mock_aws():
        client = boto3.client("s3", region_name="eu-central-1")
        client.create_bucket(Bucket=SPEC.state.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        put_all(client, spec)
        member = from_bucket(client, spec, *MEMBER)
    assert member is not None
    assert member.provider is not None
    assert json.loads(member.provider.config)["key"] == "alias/slipway-state-test"
    assert "class Provider" in member.provider.program


def test_a_standalone_member_has_an_encryption_key_and_no_authority() -> None:
    member = standalone("one.example.test", "10.96.0.0/12")
    assert set(member.pki) == {"encryption.yaml"}
    cluster = list(yaml.safe_load_all(member.kubeadm))[1]
    assert cluster["networking"]["serviceSubnet"] == "10.96.0.0/12"
    assert "@API" not in member.kubeadm
