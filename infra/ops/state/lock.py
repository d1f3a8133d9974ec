"""The lock on a stack: an object in the state bucket, in the form that the engine writes and respects.

The engine takes a lock by writing an object of its own below the stack's prefix, then looks whether there is another,
and if so takes its own back (``pkg/backend/diy/lock.go``). Any object there counts, so that ours keeps the engine out
and its keeps us out.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psutil
from botocore.exceptions import ClientError

from infra.ops.errors import OpsError, aws_errors, error_code
from infra.ops.who import user_name
from infra.plan.stack_keys import StackKeys

RECOVERY_LOCK = "recover-"
"""What the IDs of locks begin with that ``slipway recover`` takes: one that its holder left behind guards objects of
two times, and is no engine's to release."""

_RECYCLED_SECONDS = 2.0
"""A process that began this much later than a lock was taken did not take it, though its number is the same."""


class LockedError(OpsError):
    """Somebody holds the lock."""


@dataclass(frozen=True)
class StackLock:
    """One lock and who took it."""

    key: str
    pid: int
    user: str
    host: str
    since: str

    @property
    def id(self) -> str:
        """Name of the lock, by which it is released."""
        return self.key.rpartition("/")[2].removesuffix(".json")

    def __str__(self) -> str:
        """Return the holder for a message."""
        return f"{self.user}@{self.host} (process {self.pid}) since {self.since}"

    def is_of_here(self) -> bool:
        """Return whether it was taken by this user on this machine, so that its process can be looked for."""
        return (self.user, self.host) == (user_name(), socket.gethostname())

    def is_abandoned(self) -> bool:
        """Return whether its holder is known to be gone: it ran here, as this user, and does not run any more.

        A killed process whose parent never asks for its end stays listed: it runs nothing any more.
        """
        if not self.is_of_here():
            return False
        try:
            holder = psutil.Process(self.pid)
            if holder.status() == psutil.STATUS_ZOMBIE:
                return True
            since = parsed_time(self.since)
            return since is not None and holder.create_time() > since.timestamp() + _RECYCLED_SECONDS
        except psutil.NoSuchProcess:
            return True


def parsed_time(text: str) -> datetime | None:
    """Return a time as Go writes it (nanoseconds, any offset); None when it is none."""
    head, dot, tail = text.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[:digits][:6]}{tail[digits:]}"
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def new_lock(keys: StackKeys, prefix: str = "") -> StackLock:
    """Return a lock of this process that nobody holds yet; its ID begins with ``prefix``."""
    since = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return StackLock(f"{keys.locks}{prefix}{uuid.uuid4()}.json", os.getpid(), user_name(), socket.gethostname(), since)


def content_of(lock: StackLock) -> bytes:
    """Return a lock as the engine writes it."""
    fields = {"pid": lock.pid, "username": lock.user, "hostname": lock.host, "timestamp": lock.since}
    return json.dumps(fields, separators=(",", ":")).encode()


def lock_from(key: str, content: bytes) -> StackLock:
    """Read a lock. One that cannot be read is a lock all the same: of an unknown holder."""
    try:
        fields = json.loads(content)
        return StackLock(key, int(fields["pid"]), fields["username"], fields["hostname"], fields["timestamp"])
    except (ValueError, KeyError, TypeError):
        return StackLock(key, 0, "unknown", "unknown", "unknown")


def stack_locks(s3: Any, bucket: str, keys: StackKeys) -> list[StackLock]:
    """Return the locks on a stack; none when the bucket does not exist.

    Raises:
        OpsError: the bucket cannot be read.
    """
    locks = []
    with aws_errors(f"read the locks in bucket {bucket}"):
        try:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=keys.locks)
            found = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        except ClientError as error:
            if error_code(error) == "NoSuchBucket":
                return []
            raise
        for key in found:
            try:
                locks.append(lock_from(key, s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
            except ClientError as error:
                if error_code(error) != "NoSuchKey":  # released between the two calls
                    raise
    return locks


def take(
    s3: Any, bucket: str, keys: StackKeys, lock: StackLock, *, env: str, besides: Sequence[StackLock] = ()
) -> None:
    """Take the lock as the engine does; on a second holder give it back. Locks ``besides`` do not count.

    Raises:
        LockedError: somebody holds it. It says who, since when, and how it is released.
        OpsError: the bucket cannot be read or written.
    """
    mine = {lock.key, *(each.key for each in besides)}
    refuse_if_locked([each for each in stack_locks(s3, bucket, keys) if each.key not in mine], env=env)
    with aws_errors(f"take the lock {lock.key}"):
        s3.put_object(Bucket=bucket, Key=lock.key, Body=content_of(lock))
    try:
        refuse_if_locked([each for each in stack_locks(s3, bucket, keys) if each.key not in mine], env=env)
    except OpsError:
        release(s3, bucket, lock)
        raise


def refuse_if_locked(others: Sequence[StackLock], *, env: str) -> None:
    """Refuse to go on while somebody else holds the lock.

    Raises:
        LockedError: somebody does.
    """
    if others:
        held = ", ".join(
            f"{lock} (lock {lock.id}{'; its process is gone' if lock.is_abandoned() else ''})" for lock in others
        )
        releases = " and ".join(f"slipway lock {env} --release {lock.id}" for lock in others)
        raise LockedError(
            "the stack is locked by", held, f"wait until it is done, or if it cannot be running any more: {releases}"
        )


def release(s3: Any, bucket: str, lock: StackLock) -> None:
    """Delete a lock.

    Raises:
        OpsError: the bucket cannot be written.
    """
    with aws_errors(f"release the lock {lock.key}"):
        s3.delete_object(Bucket=bucket, Key=lock.key)
