"""Pulumi's history and the bucket's versions, told as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from infra.ops.errors import aws_errors, error_code
from infra.ops.history.updates import Update, updates
from infra.ops.state.lock import lock_from
from infra.ops.state.records import RECOVERED_BY, RECOVERY, read_name, record_name, record_prefixes
from infra.ops.state.versions import ObjectVersion, metadata_of, read, versions, versions_of
from infra.plan.stack_keys import StackKeys
from infra.spec import EnvironmentSpec

_SLACK = timedelta(seconds=1)
"""S3 tells times in whole seconds, so that what an update wrote last may seem to be of the next."""


@dataclass(frozen=True)
class Event:
    """One thing that happened to a stack: an update, or versions that no update accounts for."""

    time: datetime
    kind: str
    """The update's kind; ``recover``; ``deleted``: the state was; ``other``: written outside an update that ended."""
    who: str
    """The user and machine that held the lock, or ran the recovery; empty where it is not known."""
    result: str = ""
    seconds: int | None = None
    changes: dict[str, int] = field(default_factory=dict)
    author: str = ""
    commit: str = ""
    ci: str = ""
    message: str = ""
    state: str = ""
    """Version ID of the state behind it: what ``diff`` and ``recover`` take. Empty when the state was deleted."""
    states: int = 0
    """How many versions of the state it wrote."""
    records: tuple[str, ...] = ()
    """Names of the cluster's records that it wrote or deleted."""


@dataclass(frozen=True)
class _Window:
    update: Update | None
    states: list[ObjectVersion]
    records: list[ObjectVersion]
    state_before: ObjectVersion | None = None
    """What the state was before it, which is still the state when it wrote none."""


def timeline(s3: Any, spec: EnvironmentSpec, keys: StackKeys, *, limit: int, now: datetime) -> list[Event]:
    """Return the newest ``limit`` events. Only what they are made of is fetched.

    Raises:
        OpsError: the bucket cannot be read.
    """
    bucket = spec.state.bucket
    states = _newest_first(_states(s3, bucket, keys))
    records = sorted(
        (each for prefix in record_prefixes(spec) for each in versions(s3, bucket, prefix)),
        key=lambda each: each.time,
        reverse=True,
    )
    locks = _held(versions(s3, bucket, keys.locks))
    windows = _windows(updates(s3, bucket, keys, now), states, records)
    return [_event(s3, spec, window, locks) for window in islice(windows, limit)]


def _states(s3: Any, bucket: str, keys: StackKeys) -> list[Iterator[ObjectVersion]]:
    return [versions_of(s3, bucket, key) for key in keys.states]


def _newest_first(streams: Iterable[Iterator[ObjectVersion]]) -> Iterator[ObjectVersion]:
    """Merge streams that are each newest first."""
    heads = [(next(stream, None), stream) for stream in streams]
    while True:
        filled = [(head, stream) for head, stream in heads if head is not None]
        if not filled:
            return
        newest, stream = max(filled, key=lambda each: each[0].time)
        yield newest
        heads = [(next(each, None) if each is stream else head, each) for head, each in heads]


def _windows(
    recorded: Iterator[Update], states: Iterator[ObjectVersion], records: Iterable[ObjectVersion]
) -> Iterator[_Window]:
    """Sort versions into the updates that wrote them; what none wrote, between two, is one event of its own."""
    state_source, record_source = _Taken(states), _Taken(iter(records))
    update = next(recorded, None)
    while update is not None:
        yield from _other(state_source.younger_than(update.ended), record_source.younger_than(update.ended))
        earlier = next(recorded, None)
        before = update.started - _SLACK if earlier is None else max(update.started - _SLACK, earlier.ended)
        yield _Window(update, state_source.younger_than(before), record_source.younger_than(before), state_source.next)
        update = earlier
    yield from _other(state_source.rest(), record_source.rest())


def _other(states: list[ObjectVersion], records: list[ObjectVersion]) -> Iterator[_Window]:
    if states or records:
        yield _Window(None, states, records)


class _Taken:
    """Versions, the newest first, of which one takes those of a time."""

    def __init__(self, source: Iterator[ObjectVersion]) -> None:
        self._source = source
        self.next = next(source, None)

    def younger_than(self, time: datetime) -> list[ObjectVersion]:
        """Take the versions written after ``time``."""
        taken = []
        while self.next is not None and self.next.time > time:
            taken.append(self.next)
            self.next = next(self._source, None)
        return taken

    def rest(self) -> list[ObjectVersion]:
        """Take all that are left."""
        return [] if self.next is None else [self.next, *self._source]


def _event(s3: Any, spec: EnvironmentSpec, window: _Window, locks: list[_Held]) -> Event:
    names = tuple(sorted({record_name(spec, each.key) for each in window.records}))
    newest = window.states[0] if window.states else window.state_before
    state = newest.version_id if newest is not None and not newest.deleted else ""
    update = window.update
    if update is None:
        return _other_event(s3, spec, window, locks, names, state)
    return Event(
        time=update.ended,
        kind=update.kind,
        who=_holder(s3, spec.state.bucket, locks, update.ended),
        result=update.result,
        seconds=int((update.ended - update.started).total_seconds()),
        changes={operation: count for operation, count in sorted(update.changes.items()) if operation != "same"},
        author=update.author,
        commit=update.commit,
        ci=update.ci,
        message=update.message,
        state=state,
        states=len(window.states),
        records=names,
    )


def _other_event(
    s3: Any,
    spec: EnvironmentSpec,
    window: _Window,
    locks: list[_Held],
    names: tuple[str, ...],
    state: str,
) -> Event:
    everything = [*window.states, *window.records]
    last = max(everything, key=lambda each: each.time)
    kind, who = "other", ""
    newest = (window.states or window.records)[0]
    if window.states and newest.deleted:
        kind = "deleted"
    elif not newest.deleted:
        written = _metadata(s3, spec.state.bucket, newest)
        if RECOVERY in written:
            kind, who = "recover", read_name(written.get(RECOVERED_BY, ""))
    who = who or _holder(s3, spec.state.bucket, locks, last.time)
    return Event(time=last.time, kind=kind, who=who, state=state, states=len(window.states), records=names)


def _metadata(s3: Any, bucket: str, version: ObjectVersion) -> dict[str, str]:
    with aws_errors(f"look at {version.key} in bucket {bucket}"):
        try:
            head = s3.head_object(Bucket=bucket, Key=version.key, VersionId=version.version_id)
        except ClientError as error:
            if error_code(error) in ("404", "NoSuchKey", "NoSuchVersion"):
                return {}
            raise
    return metadata_of(head)


@dataclass(frozen=True)
class _Held:
    """A lock that was taken once, and when it was released, if it was."""

    taken: ObjectVersion
    released: datetime | None


def _held(found: Iterable[ObjectVersion]) -> list[_Held]:
    """Return the locks, the last taken first. Their versions outlive their release."""
    every = list(found)
    released = {each.key: each.time for each in every if each.deleted}
    taken = sorted((each for each in every if not each.deleted), key=lambda each: each.time, reverse=True)
    return [_Held(each, released.get(each.key)) for each in taken]


def _holder(s3: Any, bucket: str, locks: list[_Held], time: datetime) -> str:
    """Return who held the lock at a time. An update takes it before it begins: it previews first."""
    found = (each for each in locks if each.taken.time <= time and (each.released is None or each.released >= time))
    held = next(found, None)
    if held is None:
        return ""
    lock = lock_from(held.taken.key, read(s3, bucket, held.taken.key, held.taken.version_id) or b"")
    return "" if lock.user == "unknown" else f"{lock.user}@{lock.host}"
