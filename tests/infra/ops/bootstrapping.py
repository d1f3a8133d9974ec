"""Running the bootstrap in a test, with what was there before it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from infra.ops.bootstrap import BootstrapResult, bootstrap
from infra.ops.errors import OpsError
from infra.spec import EnvironmentSpec
from tests.infra.ops.cloud import ALIAS, BUCKET, Calls, spec

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
