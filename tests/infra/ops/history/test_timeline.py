from __future__ import annotations

import copy
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from infra.ops.history.timeline import Event, timeline
from infra.ops.state.records import RECOVERED_BY, RECOVERY
from tests.infra.ops.cloud import BUCKET, Calls
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.state.world import KEYS, NOW, Bucket, at, resource, state, telling

pytestmark = pytest.mark.usefixtures("cloud")


def events(bucket: Bucket, limit: int = 20, s3: Any = None) -> list[Event]:
    return timeline(s3 or bucket.s3, bucket.spec, KEYS, limit=limit, now=NOW)


def test_an_update_tells_who_when_and_what_changed() -> None:
    bucket = Bucket()
    bucket.put("test.example.com/config", "a: 1", at(-60.5))
    bucket.put("test.example.com/instancegroup/nodes", "b: 1", at(-60.4))
    version = bucket.update(at(-60), state(resource("a")))
    assert events(bucket) == [
        Event(
            time=at(-60),
            kind="update",
            who="sam@laptop",
            result="succeeded",
            seconds=60,
            changes={"create": 2},
            author="Sam <sam@example.com>",
            commit="0123456789",
            message="Add a queue",
            state=version,
            states=3,
            records=("config", "instancegroup/nodes"),
        )
    ]


def test_events_are_newest_first_and_the_limit_holds() -> None:
    bucket = Bucket()
    first = bucket.update(at(-60), state(resource("a")), who="ann")
    second = bucket.update(at(-30), state(resource("b")), who="bob", result="failed", kind="destroy")
    assert [(e.kind, e.result, e.who, e.state) for e in events(bucket)] == [
        ("destroy", "failed", "bob@laptop", second),
        ("update", "succeeded", "ann@laptop", first),
    ]
    assert [e.state for e in events(bucket, 1)] == [second]


def test_the_lock_may_have_been_taken_long_before_the_update_began() -> None:
    """`pulumi up` takes it, previews, asks, and only then begins."""
    bucket = Bucket()
    holder = '{"pid": 7, "username": "eve", "hostname": "box", "timestamp": "2026-11-24T08:00:00Z"}'
    bucket.put(f"{KEYS.locks}early.json", holder, at(-200))
    bucket.delete(f"{KEYS.locks}early.json", at(-190))
    bucket.update(at(-60), state(), who="ann")
    bucket.put(f"{KEYS.locks}mine.json", holder, at(-50))
    bucket.update(at(-30), state(), who="")
    for stale in bucket.s3.list_object_versions(Bucket=BUCKET, Prefix=KEYS.locks)["Versions"]:
        if stale["Key"].endswith(f"{int(at(-30).timestamp())}.json"):
            bucket.s3.delete_object(Bucket=BUCKET, Key=stale["Key"], VersionId=stale["VersionId"])
    bucket.delete(f"{KEYS.locks}mine.json", at(-30))
    bucket.put("test.example.com/config", "by hand", at(-20))
    assert [event.who for event in events(bucket)] == ["", "eve@box", "ann@laptop"]


def test_updates_right_behind_one_another_keep_their_own_versions() -> None:
    bucket = Bucket()
    first = bucket.update(at(-60), state(resource("a")), seconds=30)
    second = bucket.update(at(-60) + timedelta(seconds=31), state(resource("b")), seconds=30)
    assert [(e.state, e.states) for e in events(bucket)] == [(second, 3), (first, 3)]


def test_an_update_that_writes_no_state_leaves_the_one_before() -> None:
    bucket = Bucket()
    first = bucket.update(at(-60), state(resource("a")))
    bucket.update(at(-30), b"", states=0, kind="refresh")
    assert [(e.kind, e.state, e.states) for e in events(bucket)] == [("refresh", first, 0), ("update", first, 3)]


def test_versions_that_no_update_accounts_for_are_an_event() -> None:
    bucket = Bucket()
    bucket.update(at(-60), state(resource("a")))
    bucket.put(KEYS.state, state(), at(-40))
    died = bucket.put(KEYS.state, state(resource("b")), at(-39))
    bucket.put("test.example.com/config", "by hand", at(-38))
    other, update = events(bucket)
    assert (other.kind, other.time, other.state, other.states) == ("other", at(-38), died, 2)
    assert other.records == ("config",)
    assert update.kind == "update"


def test_a_deleted_state_is_an_event_without_a_version() -> None:
    bucket = Bucket()
    bucket.update(at(-60), state(resource("a")))
    bucket.delete(KEYS.state, at(-10))
    deleted = events(bucket)[0]
    assert (deleted.kind, deleted.time, deleted.state) == ("deleted", at(-10), "")


@pytest.mark.parametrize("spelled", [str.lower, str.title])
def test_a_recovery_is_an_event_however_the_store_spells_its_mark(spelled: Callable[[str], str]) -> None:
    """Names of headers have no case, and some stores give back ``Slipway-Recovery``."""
    bucket = Bucket()
    bucket.update(at(-60), state(resource("a")), who="ann")
    back = bucket.put(KEYS.state, state(), at(-10), Metadata={RECOVERY: "abc", RECOVERED_BY: "%C3%A8ve@box"})
    recovered = events(bucket, s3=telling(bucket.s3, spelled))[0]
    assert (recovered.kind, recovered.who, recovered.state) == ("recover", "ève@box", back)


def test_backups_and_other_stacks_are_no_part_of_it() -> None:
    bucket = Bucket()
    bucket.put("test.example.com/backups/etcd/1.db", "x", at(-5))
    bucket.put(".pulumi/stacks/slipway/test2.json", state(), at(-5))
    bucket.put(f"{KEYS.state}.bak", state(), at(-5))
    assert events(bucket) == []


def test_an_entry_that_cannot_be_read_is_told_as_that() -> None:
    bucket = Bucket()
    bucket.put(f"{KEYS.history}{int(at(-5).timestamp() * 1e9)}.history.json", '{"kind": "upd', at(-5))
    assert [(e.kind, e.result) for e in events(bucket)] == [("unreadable entry", "unknown")]


def test_a_compressed_history_and_state_are_read() -> None:
    from tests.infra.ops.state.world import packed

    bucket = Bucket()
    version = bucket.put(f"{KEYS.state}.gz", packed(state()), at(-6))
    entry = b'{"kind": "refresh", "result": "succeeded", "startTime": 0, "endTime": 60}'
    bucket.put(f"{KEYS.history}{int(at(-5).timestamp() * 1e9)}.history.json.gz", packed(entry), at(-5))
    assert [(e.kind, e.seconds, e.state) for e in events(bucket)] == [("refresh", 60, version)]


def test_old_updates_are_found_and_only_what_is_shown_is_fetched() -> None:
    bucket = Bucket()
    for day in range(0, 1000, 50):
        bucket.update(at(-day * 24 * 60 - 60), state(), states=1)
    assert len(events(bucket, 100)) == 20
    calls = Calls(bucket.spec)
    assert len(events(bucket, 3, calls.session.client("s3"))) == 3
    # Three entries and one behind them, which says where the third begins; and the lock of each of the three.
    assert calls.made.count("s3.GetObject") == 4 + 3


@pytest.mark.e2e
def test_ten_thousand_versions_take_a_few_seconds() -> None:
    bucket = Bucket()
    content = state(resource("a"))
    newest = [bucket.update(at(-60 * n), content) for n in (3, 2, 1)]
    stored = bucket.stored.keys.getlist(KEYS.state)
    many = []
    for number in range(10_000):
        older = copy.copy(stored[0])
        older._version_id = f"v{number}"
        older.last_modified = (at(-90_000) + timedelta(minutes=number)).replace(tzinfo=None)
        many.append(older)
    bucket.stored.keys.setlist(KEYS.state, [*many, *stored])
    calls = Calls(bucket.spec)
    began = time.monotonic()
    found = events(bucket, 3, calls.session.client("s3"))
    print(f"10,000 versions: {time.monotonic() - began:.2f} s, {len(calls.made)} calls")
    assert [event.state for event in found] == newest[::-1]
    # One page of each prefix: versions beyond what is shown are not even listed.
    assert calls.made.count("s3.ListObjectVersions") == 9
    assert len(calls.made) <= 20
