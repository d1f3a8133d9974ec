"""What the bootstrap refuses, and what it repairs with a word about it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from infra.ops.bootstrap import BootstrapResult, bootstrap
from infra.ops.errors import (
    CredentialsError,
    LocationError,
    OpsError,
    OwnershipError,
    RefusedError,
    StateKeyError,
    UnreachableError,
)
from infra.plan.state_bucket import plan_state_bucket
from infra.spec import EnvironmentSpec
from tests.infra.ops.cloud import ALIAS, BUCKET, Calls, client_error, remains, spec

pytestmark = pytest.mark.usefixtures("cloud")

REGION = "eu-central-1"
READS = {
    "sts.GetCallerIdentity",
    "s3.HeadBucket",
    "s3.GetBucketTagging",
    "s3.ListObjectVersions",
    "kms.DescribeKey",
    "kms.ListResourceTags",
    "kms.ListKeys",
}


def run(environment: EnvironmentSpec | None = None, calls: Calls | None = None, **options: Any) -> BootstrapResult:
    environment = environment or spec()
    calls = calls or Calls(environment)
    return bootstrap(environment, calls.session, lambda _: None, **options)


def refusal(error: type[OpsError], calls: Calls | None = None, **options: Any) -> str:
    """Run, expect ``error``, make sure that nothing was written before it, and return its text."""
    calls = calls or Calls(spec())
    with pytest.raises(error) as caught:
        run(calls=calls, **options)
    assert type(caught.value) is error
    assert set(calls.made) <= READS
    return str(caught.value)


def s3() -> Any:
    return boto3.client("s3", region_name=REGION)


def kms() -> Any:
    return boto3.client("kms", region_name=REGION)


def make_bucket(*, objects: bool = False, environment: str | None = None, **tags: str) -> None:
    s3().create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    if environment:
        tags["slipway/environment"] = environment
    if tags:
        tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
        s3().put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": tag_set})
    if objects:
        s3().put_object(Bucket=BUCKET, Key="someone/else", Body=b"data")


def make_key(**tags: str) -> str:
    key = kms().create_key(
        KeySpec="SYMMETRIC_DEFAULT",
        KeyUsage="ENCRYPT_DECRYPT",
        Tags=[{"TagKey": name.replace("__", "/"), "TagValue": value} for name, value in tags.items()],
    )["KeyMetadata"]
    kms().create_alias(AliasName=ALIAS, TargetKeyId=key["KeyId"])
    return str(key["Arn"])


def key_id_of(arn: str | None) -> str:
    assert arn is not None
    return arn.rpartition("/")[2]


def changes(result: BootstrapResult) -> list[str]:
    return [str(step) for step in result.steps if step.action != "keep" and "bucket" in step.subject]


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


def test_a_bucket_in_use_is_taken_over_when_told_to() -> None:
    make_bucket(objects=True, owner="finance")
    result = run(adopt=True)
    assert f"changed: bucket {BUCKET}: tags (removes the tags owner)" in changes(result)
    assert (
        f"created: bucket {BUCKET}: versioning (was off: objects written until now have no history, only later "
        "changes can be undone)"
    ) in changes(result)
    assert any("objects written until now keep their encryption" in line for line in changes(result))
    assert remains()["tags"] == plan_state_bucket(spec()).tags
    assert [v["Key"] for v in s3().list_object_versions(Bucket=BUCKET)["Versions"]] == ["someone/else"]


def test_an_empty_bucket_without_a_tag_is_what_an_interrupted_run_leaves() -> None:
    make_bucket()
    result = run()
    assert [str(step) for step in result.steps if step.subject == f"bucket {BUCKET}"] == [f"unchanged: bucket {BUCKET}"]
    assert f"created: bucket {BUCKET}: versioning" in changes(result)


@pytest.mark.parametrize(("status", "word"), [(None, "created"), ("Suspended", "changed")])
def test_a_bucket_without_versioning_gets_it_and_is_told_about(status: str | None, word: str) -> None:
    make_bucket(environment="test", objects=True)
    if status:
        s3().put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status})
    was = status.lower() if status else "off"
    assert (
        f"{word}: bucket {BUCKET}: versioning (was {was}: objects written until now have no history, only later "
        "changes can be undone)"
    ) in changes(run())
    assert remains()["versioning"] == "Enabled"


def test_settings_that_drifted_are_brought_back_and_said() -> None:
    run()
    clean = remains()
    s3().put_bucket_policy(Bucket=BUCKET, Policy='{"Version": "2012-10-17", "Statement": []}')
    s3().put_object(Bucket=BUCKET, Key=".pulumi/stacks/x.json", Body=b"{}")
    s3().delete_bucket_encryption(Bucket=BUCKET)
    s3().put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    s3().put_bucket_lifecycle_configuration(
        Bucket=BUCKET,
        LifecycleConfiguration={
            "Rules": [{"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
        },
    )
    assert changes(run()) == [
        f"changed: bucket {BUCKET}: public access block (replaces what was set)",
        f"created: bucket {BUCKET}: default encryption "
        "(objects written until now keep their encryption until they are written again)",
        f"changed: bucket {BUCKET}: policy (replaces what was set)",
        f"changed: bucket {BUCKET}: lifecycle rules (replaces what was set)",
    ]
    assert remains() == clean


def test_a_key_that_drifted_is_brought_back() -> None:
    arn = run().key_arn
    clean = remains()
    kms().put_key_policy(KeyId=arn, PolicyName="default", Policy='{"Version": "2012-10-17", "Statement": []}')
    kms().update_key_description(KeyId=arn, Description="other")
    kms().disable_key_rotation(KeyId=arn)
    kms().tag_resource(KeyId=arn, Tags=[{"TagKey": "team", "TagValue": "x"}, {"TagKey": "more", "TagValue": "y"}])
    key = f"KMS key {ALIAS}"
    assert [str(step) for step in run().steps if step.action != "keep"] == [
        f"created: {key}: yearly rotation",
        f"changed: {key}: policy (replaces another policy)",
        f"changed: {key}: description",
        f"changed: {key}: tags",
    ]
    assert remains() == clean


@pytest.mark.parametrize(
    "other", [{"Name": "slipway-state-test", "slipway/environment": "prod"}, {"slipway/environment": "test"}]
)
def test_a_key_whose_alias_was_deleted_is_found_by_its_tags(other: dict[str, str]) -> None:
    tags = [{"TagKey": name, "TagValue": value} for name, value in other.items()]
    foreign = kms().create_key(Tags=tags)["KeyMetadata"]["Arn"]
    arn = run().key_arn
    assert arn != foreign
    kms().delete_alias(AliasName=ALIAS)
    result = run()
    assert result.key_arn == arn
    assert [str(step) for step in result.steps if step.action != "keep"] == [
        f"created: KMS alias {ALIAS} (completes an earlier run that was interrupted)"
    ]
    assert remains()["alias"] == key_id_of(arn)


def test_a_key_about_to_be_deleted_is_not_found_by_its_tags() -> None:
    arn = run().key_arn
    kms().delete_alias(AliasName=ALIAS)
    kms().schedule_key_deletion(KeyId=key_id_of(arn), PendingWindowInDays=7)
    assert run().key_arn != arn


def test_keys_that_shut_these_credentials_out_are_passed_over() -> None:
    kms().create_key()
    calls = Calls(spec())
    calls.fail_on("kms.ListResourceTags", client_error("AccessDeniedException", "ListResourceTags"))
    assert run(calls=calls).key_arn is not None


def test_a_refusal_while_looking_through_keys_is_no_absence() -> None:
    kms().create_key()
    calls = Calls(spec())
    calls.fail_on("kms.ListResourceTags", client_error("ThrottlingException", "ListResourceTags"))
    assert "cannot look through the account's keys: ThrottlingException" in refusal(RefusedError, calls)


@pytest.mark.parametrize("adopt", [False, True])
def test_an_alias_to_the_key_of_another_environment_is_refused(adopt: bool) -> None:
    arn = make_key(slipway__environment="prod")
    assert refusal(OwnershipError, adopt=adopt) == (
        f"{ALIAS} leads to the key of another environment, prod: {arn}. "
        "Fix: name the environment otherwise, or point the alias to a key of its own."
    )


def test_an_alias_to_a_key_that_slipway_did_not_make_is_refused_unless_told_to_adopt() -> None:
    arn = make_key(owner="finance")
    assert refusal(OwnershipError) == (
        f"{ALIAS} leads to a key that Slipway did not make: {arn}. "
        "Fix: delete the alias, or take the key over with --adopt."
    )
    assert run(adopt=True).key_arn == arn
    assert remains()["keys"][0]["tags"] == plan_state_bucket(spec()).key.tags


def test_a_key_about_to_be_deleted_is_refused_with_the_way_back() -> None:
    arn = run().key_arn
    key_id = key_id_of(arn)
    kms().schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    assert refusal(StateKeyError) == (
        f"the key of {ALIAS} is in state PendingDeletion: {arn}. "
        f"Fix: aws kms cancel-key-deletion --key-id {key_id}, then aws kms enable-key --key-id {key_id}."
    )


def test_a_disabled_key_is_refused_with_the_way_back() -> None:
    arn = run().key_arn
    kms().disable_key(KeyId=key_id_of(arn))
    assert f"is in state Disabled: {arn}. Fix: aws kms enable-key --key-id" in refusal(StateKeyError)


def test_a_key_that_s3_cannot_encrypt_with_is_refused() -> None:
    tags = [{"TagKey": "slipway/environment", "TagValue": "test"}]
    key = kms().create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY", Tags=tags)["KeyMetadata"]
    kms().create_alias(AliasName=ALIAS, TargetKeyId=key["KeyId"])
    assert refusal(StateKeyError) == (
        f"the key of {ALIAS} is no symmetric encryption key, which S3 needs: {key['Arn']}. "
        "Fix: delete the alias and run the command again, which makes a key."
    )


def test_a_setting_that_may_not_be_read_is_not_taken_for_absent() -> None:
    run()
    calls = Calls(spec())
    calls.fail_on("s3.GetBucketPolicy", client_error("AccessDenied", "GetBucketPolicy"))
    with pytest.raises(RefusedError, match=f"not allowed to read bucket {BUCKET}: policy: AccessDenied"):
        run(calls=calls)
    assert [name for name in calls.made if name.startswith("s3.Put")] == []


def test_what_s3_blocks_by_itself_is_no_difference() -> None:
    run()
    calls = Calls(spec())

    def block_customer_keys(parsed: dict[str, Any], **_: Any) -> None:
        rule = parsed["ServerSideEncryptionConfiguration"]["Rules"][0]
        rule["BlockedEncryptionTypes"] = {"EncryptionType": ["SSE-C"]}

    calls.session.events.register("after-call.s3.GetBucketEncryption", block_customer_keys)
    assert not run(calls=calls).changed


def test_a_bucket_that_does_not_show_up_asks_to_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    calls = Calls(spec())
    calls.fail_on("s3.HeadBucket", client_error("404", "HeadBucket", "Not Found"))
    with pytest.raises(RefusedError) as caught:
        run(calls=calls)
    assert caught.value.what == f"cannot make bucket {BUCKET}"
    assert caught.value.fix == "run the command again: it goes on where it stopped"
