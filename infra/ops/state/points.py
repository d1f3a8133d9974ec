"""Points in a stack's history, as a user names them: a version of the state, a time, or now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from infra.ops.errors import OpsError, aws_errors, error_code
from infra.ops.state.checkpoint import Checkpoint, DamagedStateError, integrity_problems, parse
from infra.ops.state.versions import ObjectVersion, instant, read, versions_of
from infra.plan.stack_keys import StackKeys

NOW = "now"
LATEST = datetime.max.replace(tzinfo=UTC)
"""Later than any version. This machine's clock is not asked for the present: it may be behind that of S3."""

_SHORTEST = 6
"""Characters of a version's ID that are enough to name it, if no other begins so."""


class PointError(OpsError):
    """No version of the state is named so, or several are, or it holds no state."""


def find_point(s3: Any, bucket: str, keys: StackKeys, text: str, *, env: str) -> ObjectVersion:
    """Return the version of the state that a text names.

    Args:
        s3: a client.
        bucket: the state bucket.
        keys: the stack's.
        text: the version's ID or its beginning; a time in ISO 8601 (UTC unless it says otherwise), for what the state
            was then; or ``now``.
        env: the environment as the user calls it, for messages.

    Raises:
        PointError: it names none, several, or a time at which there was no state.
        OpsError: the bucket cannot be read.
    """
    time = LATEST if text == NOW else _time(text)
    if time is not None:
        return _at(s3, bucket, keys, time, text, env)
    for key in keys.states:
        exact = _exact(s3, bucket, key, text)
        if exact is not None:
            return exact
    found = [
        each
        for key in keys.states
        for each in versions_of(s3, bucket, key)
        if len(text) >= _SHORTEST and each.version_id.startswith(text) and not each.deleted
    ]
    if len(found) == 1:
        return found[0]
    fix = f"name a version of `slipway history {env}`, or a time as 2026-11-24T09:30:00Z"
    if found:
        several = ", ".join(f"{each.version_id} of {instant(each.time)}" for each in found[:5])
        raise PointError("several versions of the state begin so", f"{text}: {several}", "write more of the one meant")
    raise PointError("no version of the state is called so", text, fix)


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _at(s3: Any, bucket: str, keys: StackKeys, time: datetime, text: str, env: str) -> ObjectVersion:
    found = []
    for key in keys.states:
        version = next((each for each in versions_of(s3, bucket, key) if each.time <= time), None)
        if version is not None and not version.deleted:
            found.append(version)
    if found:
        return max(found, key=lambda each: each.time)
    fix = f"name a version of `slipway history {env}`, which shows when there was one"
    raise PointError("there was no state then", text, fix)


def _exact(s3: Any, bucket: str, key: str, version_id: str) -> ObjectVersion | None:
    with aws_errors(f"look at {key} in bucket {bucket}"):
        try:
            head = s3.head_object(Bucket=bucket, Key=key, VersionId=version_id)
        except ClientError as error:
            if error_code(error) in ("400", "404", "405", "NoSuchVersion", "NoSuchKey", "InvalidArgument"):
                return None
            raise
    return ObjectVersion(key, version_id, head["LastModified"], latest=False, deleted=False)


def state_at(s3: Any, bucket: str, version: ObjectVersion, *, env: str) -> Checkpoint:
    """Return the state that a version holds.

    Raises:
        PointError: it holds none that the engine would take.
        OpsError: it cannot be read.
    """
    fix = f"name another version of `slipway history {env}`, or bring one back as `slipway doctor {env}` says"
    where = f"version {version.version_id} of {instant(version.time)}"
    content = read(s3, bucket, version.key, version.version_id)
    try:
        checkpoint = parse(content or b"")
    except DamagedStateError as error:
        raise PointError("the state is damaged", f"{where}: {error}", fix) from None
    wrong = integrity_problems(checkpoint)
    if wrong:
        raise PointError("the engine would not take this state", f"{where}: {wrong[0]}", fix)
    return checkpoint
