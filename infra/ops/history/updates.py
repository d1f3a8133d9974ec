"""The engine's own entries of a stack's history: one object for each update that ended, whichever way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from infra.ops.errors import aws_errors
from infra.ops.state.checkpoint import unpacked
from infra.ops.state.versions import read
from infra.plan.stack_keys import StackKeys

_FIRST_WINDOW = timedelta(days=2)
_LAST_WINDOW = timedelta(days=3650)
_GROWTH = 8
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Update:
    """One update as the engine recorded it."""

    key: str
    started: datetime
    ended: datetime
    """By the bucket's clock, as the times of all versions are."""
    kind: str
    """``update``, ``refresh``, ``destroy``, ``import``, ``rename``..."""
    result: str
    """``succeeded`` or ``failed``."""
    message: str
    environment: Mapping[str, str]
    """What the engine found out about where it ran: git, the CI system."""
    changes: Mapping[str, int]
    """Operation, as ``create``, to the number of resources."""

    @property
    def author(self) -> str:
        """The author of the commit that it ran from; empty where there was none."""
        name, mail = self.environment.get("git.author", ""), self.environment.get("git.author.email", "")
        return f"{name} <{mail}>" if name and mail else name or mail

    @property
    def commit(self) -> str:
        """The commit it ran from, shortened, with ``+changes`` where there were some beside it."""
        head = self.environment.get("git.head", "")[:10]
        return f"{head}+changes" if head and self.environment.get("git.dirty") == "true" else head

    @property
    def ci(self) -> str:
        """The CI run that made it, as its address or the system's name."""
        return self.environment.get("ci.build.url") or self.environment.get("ci.system", "")


def updates(s3: Any, bucket: str, keys: StackKeys, now: datetime) -> Iterator[Update]:
    """Yield the updates, the newest first. An entry is fetched when it is asked for.

    Keys end in the time, so that S3 can begin its listing late: a day back, then ever further.

    Raises:
        OpsError: the bucket cannot be read.
    """
    end, back = now + timedelta(days=1), _FIRST_WINDOW
    seen: set[str] = set()
    while True:
        whole = back >= _LAST_WINDOW
        listed = _listed(s3, bucket, keys, None if whole else end - back)
        for key in sorted(listed.keys() - seen, reverse=True):
            content = read(s3, bucket, key)
            if content is not None:
                yield _update(key, listed[key], content)
        if whole:
            return
        seen |= listed.keys()
        back *= _GROWTH


def _listed(s3: Any, bucket: str, keys: StackKeys, since: datetime | None) -> dict[str, datetime]:
    """Return key -> time of the entries not older than ``since``."""
    start = {} if since is None else {"StartAfter": f"{keys.history}{int(since.timestamp()) * _NANOSECONDS}"}
    with aws_errors(f"list the history in bucket {bucket}"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=keys.history, **start)
        return {
            entry["Key"]: entry["LastModified"]
            for page in pages
            for entry in page.get("Contents", ())
            if ".history.json" in entry["Key"]
        }


def _update(key: str, written: datetime, content: bytes) -> Update:
    try:
        entry = json.loads(unpacked(content))
    except ValueError:  # DamagedStateError is one
        return Update(key, written, written, "unreadable entry", "unknown", "", {}, {})
    seconds = max(0, int(entry.get("endTime") or 0) - int(entry.get("startTime") or 0))
    return Update(
        key=key,
        started=written - timedelta(seconds=seconds),
        ended=written,
        kind=str(entry.get("kind", "")),
        result=str(entry.get("result", "")),
        message=str(entry.get("message") or "").partition("\n")[0],
        environment=entry.get("environment") or {},
        changes=entry.get("resourceChanges") or {},
    )
