"""The lock: one holder, named; a dead or lapsed one gives way; one that was taken over stops its roll."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import Any

import boto3
import pytest

from infra.ops.errors import RefusedError
from infra.ops.roll.journal import LEASE_SECONDS, RENEW_SECONDS, Lock, LockedError
from tests.infra.ops.cloud import client_error
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.roll.simulation import FakeClock

KEY = "test.example.com/locks/roll.json"
pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def s3(cloud: None) -> Any:  # noqa: F811
    client = boto3.client("s3", region_name="eu-central-1")
    client.create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return client


def held(s3: Any) -> dict[str, Any]:
    return dict(json.loads(s3.get_object(Bucket="bkt", Key=KEY)["Body"].read()))


def elsewhere(s3: Any, **change: Any) -> None:
    """Let the holder be a process of another host."""
    document = {**held(s3), "host": "other", "user": "ada", "pid": 7, **change}
    s3.put_object(Bucket="bkt", Key=KEY, Body=json.dumps(document).encode())


def test_taken_and_given_back(s3: Any) -> None:
    clock = FakeClock()
    lock = Lock(s3, "bkt", KEY, clock)
    lock.take()
    assert held(s3)["host"] == socket.gethostname()
    assert held(s3)["since"] == "2026-01-01T00:00:00+00:00"
    lock.release()
    assert s3.list_objects_v2(Bucket="bkt")["KeyCount"] == 0
    Lock(s3, "bkt", KEY, clock).take()


def test_a_second_one_is_refused_and_the_holder_named(s3: Any) -> None:
    clock = FakeClock()
    Lock(s3, "bkt", KEY, clock).take()
    with pytest.raises(LockedError, match=r"at work: \S+ on \S+ \(process \d+, since 2026-01-01T00:00:00"):
        Lock(s3, "bkt", KEY, clock).take()
    elsewhere(s3)
    clock.time = 60
    with pytest.raises(LockedError, match=r"ada on other \(process 7, .*wait 120 s or use --take-lock"):
        Lock(s3, "bkt", KEY, clock).take()


def test_a_lapsed_lease_gives_way(s3: Any) -> None:
    clock = FakeClock()
    Lock(s3, "bkt", KEY, clock).take()
    elsewhere(s3)
    clock.time = LEASE_SECONDS
    with pytest.raises(LockedError):
        Lock(s3, "bkt", KEY, clock).take()
    clock.time = LEASE_SECONDS + 1
    Lock(s3, "bkt", KEY, clock).take()
    assert held(s3)["host"] == socket.gethostname()


def test_a_dead_process_of_this_host_gives_way_at_once(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    Lock(s3, "bkt", KEY, clock).take()
    elsewhere(s3, host=socket.gethostname())
    monkeypatch.setattr("os.kill", lambda *_: None)
    with pytest.raises(LockedError):
        Lock(s3, "bkt", KEY, clock).take()

    def not_ours(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr("os.kill", not_ours)
    with pytest.raises(LockedError):
        Lock(s3, "bkt", KEY, clock).take()

    def no_such(pid: int, signal: int) -> None:
        assert (pid, signal) == (7, 0)
        raise ProcessLookupError

    monkeypatch.setattr("os.kill", no_such)
    elsewhere(s3)
    with pytest.raises(LockedError):
        Lock(s3, "bkt", KEY, clock).take()  # of another host's processes nothing is known
    elsewhere(s3, host=socket.gethostname())
    Lock(s3, "bkt", KEY, clock).take()


def test_taken_by_force(s3: Any) -> None:
    clock = FakeClock()
    first, second = Lock(s3, "bkt", KEY, clock), Lock(s3, "bkt", KEY, clock)
    first.take()
    second.take(by_force=True)
    clock.time = RENEW_SECONDS
    with pytest.raises(LockedError, match="was taken over"):
        first.renew()
    first.release()
    assert held(s3), "what is another's stays"
    second.renew()
    assert held(s3)["renewed"] == "2026-01-01T00:00:45+00:00"
    assert held(s3)["since"] == "2026-01-01T00:00:00+00:00"


class Overtaken:
    """S3 in which others do something, each right after the lock was read once more."""

    def __init__(self, s3: Any, *meanwhile: Callable[[], object]) -> None:
        self.s3, self.meanwhile = s3, list(meanwhile)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.s3, name)

    def get_object(self, **asked: Any) -> Any:
        try:
            return self.s3.get_object(**asked)
        finally:
            if self.meanwhile:
                self.meanwhile.pop(0)()


def nothing() -> None:
    pass


def test_of_two_that_find_a_lapsed_lease_one_gets_it(s3: Any) -> None:
    clock = FakeClock()
    Lock(s3, "bkt", KEY, clock).take()
    elsewhere(s3)
    clock.time = LEASE_SECONDS + 1
    first = Lock(s3, "bkt", KEY, clock)
    with pytest.raises(LockedError, match="another rolling update has just begun"):
        Lock(Overtaken(s3, nothing, first.take), "bkt", KEY, clock).take()
    clock.time += RENEW_SECONDS
    first.renew()


def test_one_that_is_given_back_meanwhile_is_taken_unless_a_third_was_quicker(s3: Any) -> None:
    clock = FakeClock()
    first = Lock(s3, "bkt", KEY, clock)
    first.take()
    second = Lock(Overtaken(s3, first.release), "bkt", KEY, clock)
    second.take()
    assert held(s3)["id"] == second._me.id
    third = Lock(s3, "bkt", KEY, clock)
    with pytest.raises(LockedError, match="another rolling update has just begun"):
        Lock(Overtaken(s3, second.release, third.take), "bkt", KEY, clock).take()
    assert held(s3)["id"] == third._me.id


def test_what_is_gone_need_not_be_given_back(s3: Any) -> None:
    lock = Lock(s3, "bkt", KEY, FakeClock())
    lock.take()
    s3.delete_object(Bucket="bkt", Key=KEY)
    lock.release()


class Dated:
    """S3 whose own clock shows so many seconds since the lock was written."""

    def __init__(self, s3: Any, seconds: float) -> None:
        self.s3, self.seconds = s3, seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self.s3, name)

    def get_object(self, **asked: Any) -> Any:
        answer = self.s3.get_object(**asked)
        now = answer["LastModified"].astimezone(UTC) + timedelta(seconds=self.seconds)
        answer["ResponseMetadata"]["HTTPHeaders"]["date"] = format_datetime(now, usegmt=True)
        return answer


@pytest.mark.parametrize("own", [0, 100 * LEASE_SECONDS])
def test_a_lease_runs_by_the_clock_of_s3(s3: Any, own: float) -> None:
    clock = FakeClock()
    Lock(s3, "bkt", KEY, clock).take()
    elsewhere(s3)
    clock.time = own
    with pytest.raises(LockedError, match="wait 170 s"):
        Lock(Dated(s3, 10), "bkt", KEY, clock).take()
    Lock(Dated(s3, LEASE_SECONDS + 1), "bkt", KEY, clock).take()
    assert held(s3)["host"] == socket.gethostname()


class Again:
    """S3 behind a network that loses the first answer to each write: the client writes again."""

    def __init__(self, s3: Any) -> None:
        self.s3 = s3

    def __getattr__(self, name: str) -> Any:
        return getattr(self.s3, name)

    def put_object(self, **asked: Any) -> Any:
        self.s3.put_object(**asked)
        return self.s3.put_object(**asked)


def test_a_write_whose_answer_was_lost_is_no_other_roll(s3: Any) -> None:
    clock = FakeClock()
    lock = Lock(Again(s3), "bkt", KEY, clock)
    lock.take()
    for times in (1, 2):
        clock.time = times * RENEW_SECONDS
        lock.renew()
    assert held(s3)["renewed"] == "2026-01-01T00:01:30+00:00"
    elsewhere(s3, id="theirs")
    clock.time = 3 * RENEW_SECONDS
    with pytest.raises(LockedError, match="was taken over"):
        lock.renew()


def test_renewed_no_more_often_than_needed(s3: Any) -> None:
    clock = FakeClock()
    clock.time = 3600
    lock = Lock(s3, "bkt", KEY, clock)
    lock.take()
    clock.time += RENEW_SECONDS - 1
    lock.renew()
    assert held(s3)["renewed"] == "2026-01-01T01:00:00+00:00"
    clock.time += 1
    lock.renew()
    assert held(s3)["renewed"] == "2026-01-01T01:00:45+00:00"


@pytest.mark.parametrize("change", [None, {"renewed": "yesterday"}, {"renewed": None}, {"more": 1}])
def test_a_lock_nobody_can_read_is_somebodys(s3: Any, change: dict[str, Any] | None) -> None:
    Lock(s3, "bkt", KEY, FakeClock()).take()
    s3.put_object(Bucket="bkt", Key=KEY, Body=json.dumps({**held(s3), **change}) if change else b"{")
    clock = FakeClock()
    with pytest.raises(LockedError, match="unknown on unknown"):
        Lock(s3, "bkt", KEY, clock).take()
    Lock(s3, "bkt", KEY, clock).take(by_force=True)


def test_a_bucket_that_refuses(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise client_error("AccessDenied")

    Lock(s3, "bkt", KEY, FakeClock()).take()
    monkeypatch.setattr(s3, "get_object", refuse)
    with pytest.raises(RefusedError, match="not allowed to read the lock s3://bkt/"):
        Lock(s3, "bkt", KEY, FakeClock()).take()
    with pytest.raises(RefusedError, match="write the lock s3://none/"):
        Lock(s3, "none", KEY, FakeClock()).take()
