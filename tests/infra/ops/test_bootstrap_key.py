"""Which key the bootstrap takes, and which it refuses."""

from __future__ import annotations

import pytest

from infra.ops.errors import OwnershipError, RefusedError, StateKeyError
from infra.plan.state_bucket import plan_state_bucket
from tests.infra.ops.bootstrapping import key_id_of, kms, make_key, refusal, run
from tests.infra.ops.cloud import ALIAS, Calls, client_error, remains, spec

pytestmark = pytest.mark.usefixtures("cloud")


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
