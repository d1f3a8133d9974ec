"""The journal of a recovery: an object in the state bucket, written before anything else and deleted after all else.

Whoever finds it knows that a recovery was begun, what it was to do, and what each object was before. Like all else in
the bucket it has versions, so that past recoveries can be read up.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from botocore.exceptions import ClientError

from infra.ops.errors import OpsError, aws_errors, error_code
from infra.ops.recover.plan import RecoveryStep
from infra.ops.state.lock import RECOVERY_LOCK
from infra.ops.state.versions import read
from infra.plan.stack_keys import StackKeys


class JournalError(OpsError):
    """There is a journal of another recovery, or one that cannot be read."""


@dataclass(frozen=True)
class Journal:
    """One recovery."""

    id: str
    by: str
    """User and machine."""
    began: str
    version: str
    """The version of the state that is to be brought back."""
    steps: tuple[RecoveryStep, ...]
    direction: Literal["forward", "undo"] = "forward"
    phase: Literal["begun", "done"] = "begun"
    """``done``: every object is as it is to be, and only the lock and the journal are left to be taken away."""

    @property
    def lock_prefix(self) -> str:
        """What the IDs of this recovery's locks begin with, so that it knows its own after a death."""
        return f"{RECOVERY_LOCK}{self.id}-"

    @property
    def unfinished(self) -> str:
        """What is said of it while it has not ended."""
        return f"a recovery of version {self.version} by {self.by}, begun {self.began}, has not ended"

    @property
    def mark(self) -> str:
        """What the objects that this run writes are marked with."""
        return self.id if self.direction == "forward" else f"{self.id}-undo"


def journal_key(keys: StackKeys) -> str:
    """Return the key of the journal of a stack."""
    return f".slipway/recovery/{keys.project}/{keys.stack}.json"


def load(s3: Any, bucket: str, keys: StackKeys, *, env: str) -> Journal | None:
    """Return the journal of a recovery that was begun and has not ended; None when there is none.

    ``env`` is the environment as the user calls it, for messages.

    Raises:
        JournalError: it cannot be read.
        OpsError: the bucket cannot be read.
    """
    content = read(s3, bucket, journal_key(keys))
    if content is None:
        return None
    try:
        fields = json.loads(content)
        steps = tuple(
            RecoveryStep(each["key"], each["action"], each["source"], each["before"], _time(each["time"]))
            for each in fields.pop("steps")
        )
        return Journal(**fields, steps=steps)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        forget = f"slipway recover {env} --forget --apply"
        fix = f"look at its older versions; {forget} takes it away and leaves all else as it is"
        raise JournalError("the journal of a recovery cannot be read", f"{journal_key(keys)}: {error}", fix) from None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def begin(s3: Any, bucket: str, keys: StackKeys, journal: Journal, *, env: str) -> None:
    """Write the journal, unless there is one.

    Raises:
        JournalError: there is one: another recovery was begun.
        OpsError: the bucket cannot be written.
    """
    with aws_errors(f"write {journal_key(keys)} to bucket {bucket}"):
        try:
            s3.put_object(Bucket=bucket, Key=journal_key(keys), Body=_content(journal), IfNoneMatch="*")
        except ClientError as error:
            if error_code(error) not in ("PreconditionFailed", "ConditionalRequestConflict", "412", "409"):
                raise
            # A write whose answer was lost is made again, and finds what it wrote itself.
            if read(s3, bucket, journal_key(keys)) == _content(journal):
                return
            fix = f"slipway recover {env} shows it, and how it is finished or undone"
            raise JournalError("another recovery was begun in the meantime", journal_key(keys), fix) from None


def rewrite(s3: Any, bucket: str, keys: StackKeys, journal: Journal) -> None:
    """Write the journal anew.

    Raises:
        OpsError: the bucket cannot be written.
    """
    with aws_errors(f"write {journal_key(keys)} to bucket {bucket}"):
        s3.put_object(Bucket=bucket, Key=journal_key(keys), Body=_content(journal))


def end(s3: Any, bucket: str, keys: StackKeys) -> None:
    """Take the journal away; its versions stay.

    Raises:
        OpsError: the bucket cannot be written.
    """
    with aws_errors(f"delete {journal_key(keys)} in bucket {bucket}"):
        s3.delete_object(Bucket=bucket, Key=journal_key(keys))


def _content(journal: Journal) -> bytes:
    document = dataclasses.asdict(journal)
    for step in document["steps"]:
        step["time"] = step["time"].isoformat() if step["time"] else None
    return json.dumps(document, indent=1).encode()
