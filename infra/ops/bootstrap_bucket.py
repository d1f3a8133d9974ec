"""The state bucket itself: whether it exists, whose it is, and making it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.ops.errors import LocationError, OwnershipError, aws_errors, error_code
from infra.ops.steps import Progress
from infra.plan.state_bucket import ENVIRONMENT_TAG, StateBucketPlan

_NO_CONSTRAINT = "us-east-1"
"""The region that CreateBucket takes for granted, and does not accept as a constraint (S3 API Reference)."""


@dataclass(frozen=True)
class FoundBucket:
    """A bucket that exists, is the account's and may be used."""

    tags: Mapping[str, str]
    empty: bool
    """Whether it holds no version of any object."""


def bucket_arguments(plan: StateBucketPlan) -> dict[str, str]:
    """Return what every call about the bucket names: the bucket, and the account that must own it.

    S3 answers 403 where another account does, so no call ever acts on a stranger's bucket of that name.
    """
    return {"Bucket": plan.bucket, "ExpectedBucketOwner": plan.account_id}


def find_bucket(s3: Any, plan: StateBucketPlan, *, adopt: bool) -> FoundBucket | None:
    """Return the bucket, or None where there is none of its name.

    Raises:
        OwnershipError: it is another account's or environment's, or it holds objects, Slipway did not make it and
            ``adopt`` is not set.
        LocationError: it is in another region.
        OpsError: S3 refused a call, or cannot be reached.
    """
    region = _region_of(s3, plan)
    if region is None:
        return None
    if region != plan.region:
        raise _elsewhere(plan, region)
    tags = _tags(s3, plan)
    owner = tags.get(ENVIRONMENT_TAG)
    if owner is not None and owner != plan.environment:
        raise OwnershipError(
            f"the bucket holds the state of another environment, {owner}",
            plan.bucket,
            f"choose another state.bucket for {plan.environment}: one bucket serves one environment",
        )
    empty = _is_empty(s3, plan)
    if owner is None and not empty and not adopt:
        raise OwnershipError(
            "the bucket holds objects and was not made by Slipway",
            plan.bucket,
            "choose another state.bucket, or take this one over with --adopt, which replaces its tags, policy, "
            "encryption and lifecycle rules",
        )
    return FoundBucket(tags=tags, empty=empty)


def make_bucket(s3: Any, plan: StateBucketPlan, found: FoundBucket | None, progress: Progress) -> None:
    """Make the bucket unless it was found, and wait until it can be used.

    Raises:
        OwnershipError: another account took the name first.
        OpsError: S3 refused a call, or cannot be reached.
    """
    progress.ensure(
        f"bucket {plan.bucket}",
        wanted=True,
        found=None if found is None else True,
        act=lambda: _create(s3, plan),
        detail=f"in {plan.region}",
    )


def _create(s3: Any, plan: StateBucketPlan) -> None:
    request: dict[str, Any] = {"Bucket": plan.bucket}
    if plan.region != _NO_CONSTRAINT:
        request["CreateBucketConfiguration"] = {"LocationConstraint": plan.region}
    with aws_errors(f"make bucket {plan.bucket}"):
        try:
            s3.create_bucket(**request)
        except ClientError as error:
            code = error_code(error)
            if code == "BucketAlreadyExists":
                raise _strangers(plan) from error
            # Made since it was looked for, by a run beside this one or by a first attempt whose answer was lost.
            if code != "BucketAlreadyOwnedByYou":
                raise
        s3.get_waiter("bucket_exists").wait(**bucket_arguments(plan), WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def _region_of(s3: Any, plan: StateBucketPlan) -> str | None:
    with aws_errors(f"look for bucket {plan.bucket}"):
        try:
            region: str = s3.head_bucket(**bucket_arguments(plan))["BucketRegion"]
        except ClientError as error:
            code = error_code(error)
            if code in ("404", "NoSuchBucket"):
                return None
            if code in ("403", "AccessDenied"):
                raise _strangers(plan) from error
            if code in ("301", "PermanentRedirect"):
                headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
                raise _elsewhere(plan, headers.get("x-amz-bucket-region", "another region")) from error
            raise
    return region


def _tags(s3: Any, plan: StateBucketPlan) -> dict[str, str]:
    with aws_errors(f"read the tags of bucket {plan.bucket}"):
        try:
            tags = s3.get_bucket_tagging(**bucket_arguments(plan))["TagSet"]
        except ClientError as error:
            if error_code(error) == "NoSuchTagSet":
                return {}
            raise
    return {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")}


def _is_empty(s3: Any, plan: StateBucketPlan) -> bool:
    """Tell whether the bucket holds nothing: neither a version nor the mark of a deleted object."""
    with aws_errors(f"look into bucket {plan.bucket}"):
        page = s3.list_object_versions(**bucket_arguments(plan), MaxKeys=1)
    return not page.get("Versions") and not page.get("DeleteMarkers")


def _strangers(plan: StateBucketPlan) -> OwnershipError:
    return OwnershipError(
        f"the bucket is not open to account {plan.account_id}: it belongs to another account, or its policy shuts "
        "these credentials out",
        plan.bucket,
        "choose another state.bucket (names are unique in all of AWS), or use credentials that may read this one",
    )


def _elsewhere(plan: StateBucketPlan, region: str) -> LocationError:
    return LocationError(
        f"the bucket is in {region}, and environment {plan.environment} in {plan.region}",
        plan.bucket,
        "choose another state.bucket, or correct region",
    )
