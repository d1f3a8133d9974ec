"""What a recovery does to one object, and how it tells whether it has done it."""

from __future__ import annotations

from typing import Any, Literal

from infra.ops.errors import OpsError, aws_errors
from infra.ops.recover.journal import Journal
from infra.ops.recover.plan import RecoveryStep
from infra.ops.state.records import RECOVERED_BY, RECOVERED_FROM, RECOVERY, written_name
from infra.ops.state.versions import metadata_of, versions_of

Standing = Literal["to do", "done"]

_KEPT = ("ContentType", "ContentEncoding", "ContentDisposition", "ContentLanguage", "CacheControl")
"""What a copy with metadata of its own would lose if it were not said again (S3 API Reference, CopyObject)."""


class ConflictError(OpsError):
    """Somebody else has written an object since the recovery began."""


def standing(s3: Any, bucket: str, journal: Journal, step: RecoveryStep, *, env: str) -> Standing:
    """Return whether a step is still to be done.

    Raises:
        ConflictError: the object is neither what it was nor what the recovery made of it.
        OpsError: the bucket cannot be read.
    """
    head = next(versions_of(s3, bucket, step.key), None)
    now = head.version_id if head is not None and not head.deleted else None
    mark = _mark(s3, bucket, step.key, now)
    if journal.direction == "forward":
        if now == step.before:
            return "to do"
        if mark == journal.mark or (step.action == "hide" and now is None):
            return "done"
    else:
        if now == step.before or mark == journal.mark:
            return "done"
        if mark == journal.id or (step.action == "hide" and now is None):
            return "to do"
    fix = (
        f"compare with slipway diff {env}; slipway recover {env} --forget --apply ends the recovery and leaves "
        "every object as it is"
    )
    raise ConflictError("somebody has written an object since the recovery began", f"{step.key}, version {now}", fix)


def _mark(s3: Any, bucket: str, key: str, version_id: str | None) -> str:
    if version_id is None:
        return ""
    with aws_errors(f"look at {key} in bucket {bucket}"):
        head = s3.head_object(Bucket=bucket, Key=key, VersionId=version_id)
    return metadata_of(head).get(RECOVERY, "")


def carry_out(s3: Any, bucket: str, journal: Journal, step: RecoveryStep) -> None:
    """Do a step: one write of S3, which is done wholly or not at all.

    Raises:
        OpsError: S3 refused it.
    """
    source = step.source if journal.direction == "forward" else step.before
    if source is None:
        with aws_errors(f"hide {step.key} in bucket {bucket}"):
            s3.delete_object(Bucket=bucket, Key=step.key)
        return
    with aws_errors(f"bring back {step.key}, version {source}, in bucket {bucket}"):
        head = s3.head_object(Bucket=bucket, Key=step.key, VersionId=source)
        s3.copy_object(
            Bucket=bucket,
            Key=step.key,
            CopySource={"Bucket": bucket, "Key": step.key, "VersionId": source},
            MetadataDirective="REPLACE",
            Metadata={
                **metadata_of(head),
                RECOVERY: journal.mark,
                RECOVERED_BY: written_name(journal.by),
                RECOVERED_FROM: source,
            },
            **{name: head[name] for name in _KEPT if name in head},
        )
