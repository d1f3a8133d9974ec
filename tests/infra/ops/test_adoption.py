"""What the bootstrap leaves in AWS is, in Pulumi's words, what the program says: an import finds no difference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from infra.components.state_bucket import StateBucket
from infra.ops.bootstrap import bootstrap
from infra.plan.state_bucket import plan_state_bucket
from infra.testing.recorder import Recorder, record
from tests.infra.ops.cloud import ALIAS, BUCKET, Calls, spec

pytestmark = pytest.mark.usefixtures("cloud")

# Pulumi's name where it is not the API's with a small first letter.
NAMES = {"ID": "id", "SSEAlgorithm": "sseAlgorithm", "KMSMasterKeyID": "kmsMasterKeyId"}


def pulumi_words(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {NAMES.get(k, k[0].lower() + k[1:]): pulumi_words(v) for k, v in value.items()}
    return [pulumi_words(item) for item in value] if isinstance(value, list) else value


def in_aws() -> dict[str, Any]:
    """Read the bucket and its key and return them as inputs of the resources that describe them."""
    s3, kms = (boto3.client(name, region_name="eu-central-1") for name in ("s3", "kms"))
    key = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]
    key_id = key["KeyId"]
    bucket = {"bucket": BUCKET}
    encryption = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]
    ownership = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
    public_access = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    return {
        "aws:kms/key:Key": {
            "description": key["Description"],
            "enableKeyRotation": kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"],
            "policy": kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"],
            "tags": {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key_id)["Tags"]},
        },
        "aws:kms/alias:Alias": {"name": ALIAS, "targetKeyId": key_id},
        "aws:s3/bucket:Bucket": {
            **bucket,
            "tags": {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"]},
        },
        "aws:s3/bucketVersioning:BucketVersioning": {
            **bucket,
            "versioningConfiguration": {"status": s3.get_bucket_versioning(Bucket=BUCKET)["Status"]},
        },
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
            **bucket,
            "rules": pulumi_words(encryption["Rules"]),
        },
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {**bucket, **pulumi_words(public_access)},
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {**bucket, "rule": pulumi_words(ownership[0])},
        "aws:s3/bucketPolicy:BucketPolicy": {**bucket, "policy": s3.get_bucket_policy(Bucket=BUCKET)["Policy"]},
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
            **bucket,
            "rules": pulumi_words(s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]),
        },
    }


def test_the_program_says_what_the_bootstrap_made() -> None:
    bootstrap(spec(), Calls(spec()).session, lambda _: None)
    found = in_aws()
    key_id = found["aws:kms/alias:Alias"]["targetKeyId"]
    arn = f"arn:aws:kms:eu-central-1:123456789012:key/{key_id}"
    recorder = Recorder(
        outputs={"aws:kms/key:Key": {"keyId": key_id, "arn": arn}},
        calls={"aws:kms/getAlias:getAlias": lambda _: {"targetKeyId": key_id}},
    )
    record(lambda: StateBucket("state", plan_state_bucket(spec())), recorder)
    said = {token: inputs for (token, _), inputs in recorder.resources.items() if token.startswith("aws:")}
    assert said == found
    assert json.loads(said["aws:s3/bucketPolicy:BucketPolicy"]["policy"])["Statement"][3]["Condition"][
        "StringNotEquals"
    ] == {"s3:x-amz-server-side-encryption-aws-kms-key-id": arn}
