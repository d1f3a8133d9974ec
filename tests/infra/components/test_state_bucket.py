from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import MockCallArgs

from infra.components.state_bucket import StateBucket
from infra.plan.state_bucket import plan_state_bucket
from infra.testing.recorder import Recorder, record
from tests.infra.samples import sample_spec

KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
GET_ALIAS = "aws:kms/getAlias:getAlias"

PLAN = plan_state_bucket(sample_spec())
NAME = "acme-slipway-test"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = "arn:aws:mock:::Key/state"


def recorder_with_key() -> Recorder:
    def get_alias(args: Any) -> dict[str, Any]:
        return {"name": args["name"], "targetKeyId": KEY_ID, "targetKeyArn": "arn", "arn": "arn", "id": "arn"}

    return Recorder(outputs={KEY: {"keyId": KEY_ID}}, calls={GET_ALIAS: get_alias})


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return record(lambda: StateBucket("state", PLAN), recorder_with_key())


def test_the_key_is_looked_up_by_its_alias(recorder: Recorder) -> None:
    assert recorder.invoked == [(GET_ALIAS, {"name": "alias/slipway-state-test"})]


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (
            KEY,
            {
                "description": "Slipway: state of environment test",
                "enableKeyRotation": True,
                "policy": PLAN.key.policy,
                "tags": PLAN.key.tags,
            },
        ),
        (ALIAS, {"name": "alias/slipway-state-test", "targetKeyId": KEY_ID}),
        (BUCKET, {"bucket": NAME, "tags": PLAN.tags}),
        (VERSIONING, {"bucket": NAME, "versioningConfiguration": {"status": "Enabled"}}),
        (
            ENCRYPTION,
            {
                "bucket": NAME,
                "rules": [
                    {
                        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN},
                        "bucketKeyEnabled": True,
                    }
                ],
            },
        ),
        (
            PUBLIC_ACCESS,
            {
                "bucket": NAME,
                "blockPublicAcls": True,
                "blockPublicPolicy": True,
                "ignorePublicAcls": True,
                "restrictPublicBuckets": True,
            },
        ),
        (OWNERSHIP, {"bucket": NAME, "rule": {"objectOwnership": "BucketOwnerEnforced"}}),
        (POLICY, {"bucket": NAME, "policy": PLAN.policy(KEY_ARN)}),
        (
            LIFECYCLE,
            {
                "bucket": NAME,
                "rules": [
                    {
                        "id": rule.id,
                        "status": "Enabled",
                        "filter": {"prefix": rule.prefix},
                        "noncurrentVersionExpiration": {"noncurrentDays": 400},
                        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                        "expiration": {"expiredObjectDeleteMarker": True},
                    }
                    for rule in PLAN.lifecycle_rules
                ],
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_resource_says_what_the_plan_says(recorder: Recorder, token: str, inputs: dict[str, Any]) -> None:
    assert recorder.inputs(token, "state") == inputs


def test_everything_is_adopted_protected_and_retained(recorder: Recorder) -> None:
    aws_resources = {token: recorder.options(token, name) for token, name in recorder.resources if token != PARENT}
    assert {token: request.importId for token, request in aws_resources.items()} == {
        KEY: KEY_ID,
        ALIAS: "alias/slipway-state-test",
        **dict.fromkeys((BUCKET, VERSIONING, ENCRYPTION, PUBLIC_ACCESS, OWNERSHIP, POLICY, LIFECYCLE), NAME),
    }
    for request in aws_resources.values():
        assert (request.protect, request.retainOnDelete) == (True, True)
        assert request.parent.endswith("slipway:index:StateBucket::state")


PARENT = "slipway:index:StateBucket"


def test_the_callers_provider_serves_the_look_up_and_the_resources() -> None:
    asked: list[str] = []

    class ProviderRecorder(Recorder):
        def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
            asked.append(args.provider)
            return super().call(args)

    plain = recorder_with_key()
    recorder = ProviderRecorder(plain.outputs, plain.calls)

    def program() -> None:
        provider = aws.Provider("frankfurt", region="eu-central-1")
        StateBucket("state", PLAN, opts=pulumi.ResourceOptions(providers=[provider]))

    record(program, recorder)
    provider = recorder.options(BUCKET, "state").provider
    assert "pulumi:providers:aws::frankfurt" in provider
    assert asked == [provider]


def test_its_outputs_are_the_bucket_and_the_key() -> None:
    recorder = recorder_with_key()

    def program() -> None:
        state = StateBucket("state", PLAN)
        outputs = {"bucket": state.bucket, "bucketArn": state.bucket_arn, "keyArn": state.key_arn}
        pulumi.CustomResource("test:index:User", "user", outputs)

    record(program, recorder)
    assert recorder.inputs("test:index:User", "user") == {
        "bucket": NAME,
        "bucketArn": "arn:aws:mock:::Bucket/state",
        "keyArn": KEY_ARN,
    }
