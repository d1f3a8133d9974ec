"""What the state bucket says of an environment whose files cannot be used."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.aws import session_for
from infra.ops.errors import CredentialsError, OpsError
from infra.ops.recorded import recorded_environment
from infra.plan.records import plan_records
from infra.spec import EnvironmentSpec
from infra.spec.place import Place
from tests.infra.ops.cloud import ACCOUNT, BUCKET, spec
from tests.infra.samples import sample_mapping

pytestmark = pytest.mark.usefixtures("cloud")

PLACE = Place("test", ACCOUNT, "eu-central-1", BUCKET, "test.example.com")


def recorded(declared: EnvironmentSpec) -> Any:
    """Write an environment's records, as an update does, and return the client that did."""
    s3 = session_for(declared).client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for record in plan_records(declared).records:
        s3.put_object(Bucket=BUCKET, Key=record.key, Body=record.content.encode())
    return s3


def test_the_last_update_counts() -> None:
    s3 = recorded(spec(tags={"team": "before"}))
    for record in plan_records(spec(tags={"team": "now"})).records:
        s3.put_object(Bucket=BUCKET, Key=record.key, Body=record.content.encode())
    found = recorded_environment(PLACE)
    assert found.spec.tags == {"team": "now"}
    assert {group.name for group in found.spec.instance_groups} == {"control-plane-a", "nodes", "edge"}
    written = s3.head_object(Bucket=BUCKET, Key="test.example.com/instancegroup/edge")["LastModified"]
    assert found.time >= written


def test_a_group_that_was_taken_out_is_not_there_though_its_record_is() -> None:
    s3 = recorded(spec())
    left = spec(instanceGroups=[each for each in sample_mapping()["instanceGroups"] if each["name"] != "nodes"])
    for record in plan_records(left).records:
        s3.put_object(Bucket=BUCKET, Key=record.key, Body=record.content.encode())
    assert [group.name for group in recorded_environment(PLACE).spec.instance_groups] == ["control-plane-a", "edge"]


def test_a_group_without_a_record_is_said() -> None:
    s3 = recorded(spec())
    s3.delete_object(Bucket=BUCKET, Key="test.example.com/instancegroup/nodes")
    with pytest.raises(OpsError, match="it names groups of which there is no record"):
        recorded_environment(PLACE)


def test_nothing_recorded_is_said() -> None:
    s3 = recorded(spec())
    s3.delete_object(Bucket=BUCKET, Key="test.example.com/config")
    with pytest.raises(OpsError, match=r"^no update has recorded the environment: test\.example\.com/config in bucket"):
        recorded_environment(PLACE)


def test_a_record_of_another_version_is_said() -> None:
    s3 = recorded(spec())
    s3.put_object(Bucket=BUCKET, Key="test.example.com/config", Body=b"spec: {environment: test}\n")
    with pytest.raises(
        OpsError, match=r"^the record of the last update cannot be read: .*Fix: correct the files, or use"
    ):
        recorded_environment(PLACE)


def test_another_account_is_not_asked() -> None:
    with pytest.raises(CredentialsError):
        recorded_environment(Place("test", "999999999999", "eu-central-1", BUCKET, "test.example.com"))
