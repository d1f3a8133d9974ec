"""The engine's lock on a stack, an object in the state bucket, after the engine that took it was killed."""

from __future__ import annotations

import getpass
import json
import socket
from dataclasses import dataclass
from typing import Any

import psutil

_PREFIX = ".pulumi/locks/organization"


@dataclass(frozen=True)
class StackLock:
    """One lock and who took it, as the engine wrote it (pulumi `pkg/backend/diy/lock.go`)."""

    key: str
    pid: int
    user: str
    host: str
    since: str

    def __str__(self) -> str:
        """Return the holder for a message."""
        return f"{self.user}@{self.host} (process {self.pid}) since {self.since}"

    def is_abandoned(self) -> bool:
        """Return whether its holder is known to be gone: it ran here, as this user, and no such engine runs now."""
        if (self.user, self.host) != (getpass.getuser(), socket.gethostname()):
            return False
        try:
            holder = psutil.Process(self.pid)
            # A killed process whose parent never asks for its end stays listed: it runs nothing any more.
            return "pulumi" not in holder.name() or holder.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


def stack_locks(s3: Any, bucket: str, project: str, stack: str) -> list[StackLock]:
    """Return the locks on a stack; none when the bucket does not exist."""
    from botocore.exceptions import ClientError

    try:
        listing = s3.list_objects_v2(Bucket=bucket, Prefix=f"{_PREFIX}/{project}/{stack}/")
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return []
        raise
    locks = []
    for entry in listing.get("Contents", []):
        content = json.loads(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read())
        locks.append(
            StackLock(entry["Key"], content["pid"], content["username"], content["hostname"], content["timestamp"])
        )
    return locks


def release(s3: Any, bucket: str, lock: StackLock) -> None:
    """Delete a lock."""
    s3.delete_object(Bucket=bucket, Key=lock.key)
