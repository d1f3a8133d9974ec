"""The settings of the state bucket: each is read, compared with the plan, and written where it differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from infra.ops.bootstrap_bucket import FoundBucket, bucket_arguments
from infra.ops.errors import aws_errors, error_code
from infra.ops.steps import Progress
from infra.plan.state_bucket import LifecycleRule, StateBucketPlan

_KEY_TO_COME = "(the ARN of the key, once it is made)"


@dataclass(frozen=True)
class _Setting:
    name: str
    wanted: Any
    read: Callable[[], Any]
    """Returns what is set, in the form of ``wanted``; None where nothing is."""
    write: Callable[[], object]
    detail: Callable[[Any], str] = lambda found: "" if found is None else "replaces what was set"
    """What to say when it is written, given what was found."""


def ensure_settings(
    s3: Any, plan: StateBucketPlan, found: FoundBucket | None, key_arn: str | None, progress: Progress
) -> None:
    """Bring the bucket's settings to the plan's.

    The tags come first: they say whose the bucket is, should the run stop behind them.

    Raises:
        OpsError: S3 refused a call, or cannot be reached.
    """
    exists = found is not None or not progress.dry_run
    holds_objects = found is not None and not found.empty
    for setting in _settings(s3, plan, key_arn or _KEY_TO_COME, holds_objects=holds_objects):
        subject = f"bucket {plan.bucket}: {setting.name}"
        current = _current(setting, subject) if exists else None
        detail = setting.detail(current) if found is not None else ""
        progress.ensure(
            subject, wanted=setting.wanted, found=current, act=partial(_write, setting, plan), detail=detail
        )


def _current(setting: _Setting, subject: str) -> Any:
    with aws_errors(f"read {subject}"):
        try:
            return setting.read()
        except ClientError as error:
            if error_code(error) in _NOTHING_SET:
                return None
            raise


_NOTHING_SET = (
    "NoSuchTagSet",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
)
"""How S3 says that a bucket has no such setting."""


def _write(setting: _Setting, plan: StateBucketPlan) -> None:
    with aws_errors(f"set {setting.name} of bucket {plan.bucket}"):
        setting.write()


def _settings(s3: Any, plan: StateBucketPlan, key_arn: str, *, holds_objects: bool) -> tuple[_Setting, ...]:
    return (
        _tags(s3, plan),
        _public_access(s3, plan),
        _ownership(s3, plan),
        _versioning(s3, plan, holds_objects=holds_objects),
        _encryption(s3, plan, key_arn, holds_objects=holds_objects),
        _policy(s3, plan, key_arn),
        _lifecycle(s3, plan),
    )


def _tags(s3: Any, plan: StateBucketPlan) -> _Setting:
    at = bucket_arguments(plan)
    wanted = dict(plan.tags)
    tag_set = [{"Key": key, "Value": value} for key, value in wanted.items()]

    def read() -> dict[str, str]:
        tags = s3.get_bucket_tagging(**at)["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")}

    def detail(found: Mapping[str, str] | None) -> str:
        foreign = sorted(set(found or {}) - set(wanted))
        return f"removes the tags {', '.join(foreign)}" if foreign else ""

    return _Setting("tags", wanted, read, lambda: s3.put_bucket_tagging(**at, Tagging={"TagSet": tag_set}), detail)


def _public_access(s3: Any, plan: StateBucketPlan) -> _Setting:
    at = bucket_arguments(plan)
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    wanted = dict.fromkeys(names, plan.block_public_access)
    return _Setting(
        "public access block",
        wanted,
        lambda: s3.get_public_access_block(**at)["PublicAccessBlockConfiguration"],
        lambda: s3.put_public_access_block(**at, PublicAccessBlockConfiguration=wanted),
    )


def _ownership(s3: Any, plan: StateBucketPlan) -> _Setting:
    at = bucket_arguments(plan)
    wanted = {"Rules": [{"ObjectOwnership": plan.object_ownership}]}
    return _Setting(
        "object ownership",
        wanted,
        lambda: s3.get_bucket_ownership_controls(**at)["OwnershipControls"],
        lambda: s3.put_bucket_ownership_controls(**at, OwnershipControls=wanted),
    )


def _versioning(s3: Any, plan: StateBucketPlan, *, holds_objects: bool) -> _Setting:
    at = bucket_arguments(plan)

    def detail(found: str | None) -> str:
        if not holds_objects:
            return ""
        was = "was off" if found is None else f"was {found.lower()}"
        return f"{was}: objects written until now have no history, only later changes can be undone"

    return _Setting(
        "versioning",
        plan.versioning,
        lambda: s3.get_bucket_versioning(**at).get("Status"),
        lambda: s3.put_bucket_versioning(**at, VersioningConfiguration={"Status": plan.versioning}),
        detail,
    )


def _encryption(s3: Any, plan: StateBucketPlan, key_arn: str, *, holds_objects: bool) -> _Setting:
    at = bucket_arguments(plan)
    wanted = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": plan.sse_algorithm, "KMSMasterKeyID": key_arn},
        "BucketKeyEnabled": plan.bucket_key,
    }

    def read() -> dict[str, Any]:
        # S3 adds what it blocks by itself (BlockedEncryptionTypes), which is no part of the plan.
        rule = s3.get_bucket_encryption(**at)["ServerSideEncryptionConfiguration"]["Rules"][0]
        return {name: rule.get(name) for name in wanted}

    return _Setting(
        "default encryption",
        wanted,
        read,
        lambda: s3.put_bucket_encryption(**at, ServerSideEncryptionConfiguration={"Rules": [wanted]}),
        lambda _: (
            "objects written until now keep their encryption until they are written again" if holds_objects else ""
        ),
    )


def _policy(s3: Any, plan: StateBucketPlan, key_arn: str) -> _Setting:
    at = bucket_arguments(plan)
    text = plan.policy(key_arn)
    return _Setting(
        "policy",
        json.loads(text),
        lambda: json.loads(s3.get_bucket_policy(**at)["Policy"]),
        lambda: s3.put_bucket_policy(**at, Policy=text),
    )


def _lifecycle(s3: Any, plan: StateBucketPlan) -> _Setting:
    at = bucket_arguments(plan)
    rules = [_rule(rule) for rule in plan.lifecycle_rules]
    return _Setting(
        "lifecycle rules",
        rules,
        lambda: s3.get_bucket_lifecycle_configuration(**at)["Rules"],
        lambda: s3.put_bucket_lifecycle_configuration(**at, LifecycleConfiguration={"Rules": rules}),
    )


def _rule(rule: LifecycleRule) -> dict[str, Any]:
    return {
        "ID": rule.id,
        "Status": "Enabled",
        "Filter": {"Prefix": rule.prefix},
        "NoncurrentVersionExpiration": {"NoncurrentDays": rule.noncurrent_days},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": rule.abort_upload_days},
        "Expiration": {"ExpiredObjectDeleteMarker": rule.remove_expired_delete_markers},
    }
