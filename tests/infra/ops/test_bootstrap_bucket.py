"""Which bucket the bootstrap takes, and which it refuses."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from infra.ops.errors import CredentialsError, LocationError, OwnershipError, RefusedError, UnreachableError
from tests.infra.ops.bootstrapping import changes, make_bucket, refusal, run, s3
from tests.infra.ops.cloud import BUCKET, Calls, client_error, remains, spec

pytestmark = pytest.mark.usefixtures("cloud")


def test_credentials_of_another_account_are_refused_before_anything_is_looked_at() -> None:
    environment = spec().model_copy(update={"account_id": "999999999999"})
    calls = Calls(environment)
    with pytest.raises(CredentialsError) as caught:
        run(environment, calls)
    assert calls.made == ["sts.GetCallerIdentity"]
    assert str(caught.value) == (
        "the credentials are of another account than accountId 999999999999: arn:aws:sts::123456789012:user/moto. "
        "Fix: use credentials of account 999999999999, or correct accountId in the spec of test."
    )


def test_no_credentials_is_one_sentence() -> None:
    calls = Calls(spec())
    calls.fail(0, NoCredentialsError())
    assert refusal(CredentialsError, calls) == (
        "no credentials to tell whose credentials these are: Unable to locate credentials. "
        "Fix: log in, as with aws sso login, and check AWS_PROFILE."
    )


def test_no_connection_is_one_sentence() -> None:
    calls = Calls(spec())
    calls.fail_on("s3.HeadBucket", EndpointConnectionError(endpoint_url="http://127.0.0.1:1/"))
    assert refusal(UnreachableError, calls) == (
        f'cannot reach AWS to look for bucket {BUCKET}: Could not connect to the endpoint URL: "http://127.0.0.1:1/". '
        "Fix: check the network, the region and AWS_ENDPOINT_URL, then run the command again."
    )


def test_a_bucket_of_another_account_is_refused() -> None:
    calls = Calls(spec())
    calls.fail_on("s3.HeadBucket", client_error("403", "HeadBucket", "Forbidden"))
    assert refusal(OwnershipError, calls) == (
        "the bucket is not open to account 123456789012: it belongs to another account, or its policy shuts these "
        f"credentials out: {BUCKET}. Fix: choose another state.bucket (names are unique in all of AWS), or use "
        "credentials that may read this one."
    )


def test_a_name_that_another_account_takes_in_between_is_refused() -> None:
    calls = Calls(spec())
    calls.fail_on("s3.CreateBucket", client_error("BucketAlreadyExists", "CreateBucket"))
    with pytest.raises(OwnershipError, match="it belongs to another account"):
        run(calls=calls)


def test_a_bucket_that_a_run_beside_this_one_makes_in_between_is_used() -> None:
    calls = Calls(spec())
    calls.fail_on("s3.CreateBucket", client_error("BucketAlreadyOwnedByYou", "CreateBucket"))
    calls.session.events.register("before-call.s3.CreateBucket", lambda **_: make_bucket())
    run(calls=calls)
    assert remains()["versioning"] == "Enabled"


def test_a_name_that_s3_is_still_deleting_asks_for_patience() -> None:
    calls = Calls(spec())
    calls.fail_on("s3.CreateBucket", client_error("OperationAborted", "CreateBucket", "A conflicting operation"))
    with pytest.raises(RefusedError) as caught:
        run(calls=calls)
    assert caught.value.fix == "run the command again in a few minutes: S3 is still busy with this bucket's name"


def test_a_bucket_in_another_region_is_refused() -> None:
    elsewhere = boto3.client("s3", region_name="us-west-2")
    elsewhere.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert refusal(LocationError) == (
        f"the bucket is in us-west-2, and environment test in eu-central-1: {BUCKET}. "
        "Fix: choose another state.bucket, or correct region."
    )


def test_a_redirect_to_another_region_is_refused() -> None:
    calls = Calls(spec())
    moved = client_error("301", "HeadBucket")
    moved.response["ResponseMetadata"]["HTTPHeaders"] = {"x-amz-bucket-region": "us-west-2"}
    calls.fail_on("s3.HeadBucket", moved)
    assert refusal(LocationError, calls).startswith("the bucket is in us-west-2, and environment test in eu-central-1")


@pytest.mark.parametrize("adopt", [False, True])
def test_a_bucket_of_another_environment_is_refused_even_where_adopting(adopt: bool) -> None:
    make_bucket(environment="prod")
    assert refusal(OwnershipError, adopt=adopt) == (
        f"the bucket holds the state of another environment, prod: {BUCKET}. "
        "Fix: choose another state.bucket for test: one bucket serves one environment."
    )


def test_a_bucket_in_use_that_slipway_did_not_make_is_refused() -> None:
    make_bucket(objects=True, owner="finance")
    assert refusal(OwnershipError) == (
        f"the bucket holds objects and was not made by Slipway: {BUCKET}. Fix: choose another state.bucket, or take "
        "this one over with --adopt, which replaces its tags, policy, encryption and lifecycle rules."
    )
    assert s3().get_bucket_tagging(Bucket=BUCKET)["TagSet"] == [{"Key": "owner", "Value": "finance"}]


def test_a_bucket_whose_objects_were_all_deleted_is_in_use_while_a_version_is_left() -> None:
    make_bucket()
    s3().put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3().put_object(Bucket=BUCKET, Key="x", Body=b"1")
    s3().delete_object(Bucket=BUCKET, Key="x")
    assert "holds objects and was not made by Slipway" in refusal(OwnershipError)


def test_an_empty_bucket_without_a_tag_is_what_an_interrupted_run_leaves() -> None:
    make_bucket()
    result = run()
    assert [str(step) for step in result.steps if step.subject == f"bucket {BUCKET}"] == [f"unchanged: bucket {BUCKET}"]
    assert f"created: bucket {BUCKET}: versioning" in changes(result)


def test_a_bucket_that_does_not_show_up_asks_to_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    calls = Calls(spec())
    calls.fail_on("s3.HeadBucket", client_error("404", "HeadBucket", "Not Found"))
    with pytest.raises(RefusedError) as caught:
        run(calls=calls)
    assert caught.value.what == f"cannot make bucket {BUCKET}"
    assert caught.value.fix == "run the command again: it goes on where it stopped"
