"""The lock that lets one rolling update at a time work on a cluster.

What a roll has begun is written where it is done: as a tag of the instance (:data:`infra.ops.roll.cloud.TAG`) before
the instance is taken out of its group, and as an annotation of the node (:data:`infra.ops.roll.cluster.ANNOTATION`)
in the very request that cordons it. There is no file of steps that could say otherwise than the cluster.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from infra.ops.clock import Clock
from infra.ops.errors import OpsError, RefusedError, aws_errors
from infra.ops.who import user_name

LEASE_SECONDS = 180
"""Seconds after which a lock that its holder does not renew is anybody's."""

RENEW_SECONDS = 45
"""Seconds after which a holder renews it: three may fail before the lease runs out."""

_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")


class LockedError(OpsError):
    """Another rolling update holds the lock."""


@dataclass(frozen=True)
class Holder:
    """Who holds the lock."""

    id: str
    user: str
    host: str
    pid: int
    since: str
    renewed: str

    def __str__(self) -> str:
        """Return it for an operator."""
        return f"{self.user} on {self.host} (process {self.pid}, since {self.since}, last seen {self.renewed})"


@dataclass(frozen=True)
class _Found:
    """A lock that is there."""

    holder: Holder
    etag: str
    age: timedelta
    """Since it was taken or renewed last."""


class Lock:
    """An object in the state bucket that exists while a roll works, written only on conditions that S3 checks."""

    def __init__(self, s3: Any, bucket: str, key: str, clock: Clock) -> None:
        self._s3, self._bucket, self._key, self._clock = s3, bucket, key, clock
        now = clock.now().isoformat(timespec="seconds")
        self._me = Holder(uuid.uuid4().hex, user_name(), socket.gethostname(), os.getpid(), now, now)
        self._etag = ""
        self._renewed = 0.0

    def take(self, *, by_force: bool = False) -> None:
        """Take the lock: where there is none, where its lease ran out, or where its process died on this host.

        Raises:
            LockedError: somebody else holds it.
            OpsError: the bucket cannot be written.
        """
        if self._put(IfNoneMatch="*"):
            return
        found = self._read()
        if found is None:
            taken = self._put(IfNoneMatch="*")
        else:
            if not by_force and not self._lapsed(found):
                left = max(1, round(LEASE_SECONDS - found.age.total_seconds()))
                raise LockedError(
                    "another rolling update is at work",
                    str(found.holder),
                    f"wait for it; if it was killed, wait {left} s or use --take-lock",
                )
            taken = self._put(IfMatch=found.etag)
        if not taken:
            raise LockedError("another rolling update has just begun", self._key, "wait for it")

    def renew(self) -> None:
        """Keep the lock; to be called before anything is done that needs it. Most calls do nothing.

        Raises:
            LockedError: it was taken over: this roll must stop at once.
        """
        if self._clock.seconds() - self._renewed < RENEW_SECONDS:
            return
        now = self._clock.now().isoformat(timespec="seconds")
        self._me = Holder(**{**asdict(self._me), "renewed": now})
        if not self._put(IfMatch=self._etag):
            raise LockedError(
                "the lock of this rolling update was taken over",
                self._key,
                "leave the other one to it; it goes on from here",
            )

    def release(self) -> None:
        """Give the lock back; one that was taken over stays. Where it cannot be, its lease runs out."""
        with suppress(OpsError):
            found = self._read()
            if found is not None and found.holder.id == self._me.id:
                with aws_errors("release the lock"):
                    self._s3.delete_object(Bucket=self._bucket, Key=self._key)

    def _lapsed(self, found: _Found) -> bool:
        if found.age > timedelta(seconds=LEASE_SECONDS):
            return True
        return found.holder.host == self._me.host and not _alive(found.holder.pid)

    def _put(self, **condition: str) -> bool:
        try:
            with aws_errors(f"write the lock s3://{self._bucket}/{self._key}"):
                answer = self._s3.put_object(
                    Bucket=self._bucket,
                    Key=self._key,
                    Body=json.dumps(asdict(self._me), indent=2).encode(),
                    ContentType="application/json",
                    **condition,
                )
        except RefusedError as error:
            if error.code not in _TAKEN and error.code != "NoSuchKey":
                raise
            # A write whose answer was lost is made again, and finds what it wrote itself.
            found = self._read()
            if found is None or found.holder != self._me:
                return False
            self._etag = found.etag
        else:
            self._etag = answer["ETag"]
        self._renewed = self._clock.seconds()
        return True

    def _read(self) -> _Found | None:
        try:
            with aws_errors(f"read the lock s3://{self._bucket}/{self._key}"):
                answer = self._s3.get_object(Bucket=self._bucket, Key=self._key)
                body = answer["Body"].read()
        except RefusedError as error:
            if error.code == "NoSuchKey":
                return None
            raise
        written: datetime = answer["LastModified"]
        try:
            holder = Holder(**json.loads(body))
            renewed = datetime.fromisoformat(holder.renewed)
        except (ValueError, TypeError):
            renewed, told = written, written.isoformat()
            holder = Holder("", "unknown", "unknown", 0, told, told)
        # By S3's own clock, where it tells it: those of the two machines may differ by more than a lease.
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        age = parsedate_to_datetime(date) - written if date else self._clock.now() - renewed
        return _Found(holder, answer["ETag"], age)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
