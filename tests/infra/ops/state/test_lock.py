from __future__ import annotations

import getpass
import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from infra.ops.state.lock import LockedError, StackLock, new_lock, parsed_time, release, stack_locks, take
from infra.plan.stack_keys import StackKeys
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)

KEYS = StackKeys("slipway", "local")
FOLDER = ".pulumi/locks/organization/slipway"


@pytest.fixture
def s3(cloud: None) -> Any:  # noqa: F811
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="state")
    return client


def _dead_pid() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def _lock(pid: int, user: str | None = None, host: str | None = None, since: str | None = None) -> StackLock:
    since = since or datetime.now(UTC).isoformat()
    return StackLock("k", pid, user or getpass.getuser(), host or socket.gethostname(), since)


def test_locks_are_those_of_the_stack_and_can_be_released(s3: Any) -> None:
    content = {"pid": 42, "username": "ann", "hostname": "box", "timestamp": "2026-11-24T08:00:00Z"}
    for stack in ("local", "local2"):
        s3.put_object(Bucket="state", Key=f"{FOLDER}/{stack}/1.json", Body=json.dumps(content))
    (lock,) = stack_locks(s3, "state", KEYS)
    assert lock == StackLock(f"{FOLDER}/local/1.json", 42, "ann", "box", "2026-11-24T08:00:00Z")
    assert str(lock) == "ann@box (process 42) since 2026-11-24T08:00:00Z"
    assert lock.id == "1"
    release(s3, "state", lock)
    assert stack_locks(s3, "state", KEYS) == []
    assert len(stack_locks(s3, "state", StackKeys("slipway", "local2"))) == 1


def test_no_bucket_has_no_locks(s3: Any) -> None:
    assert stack_locks(s3, "absent", KEYS) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}'])
def test_a_lock_that_cannot_be_read_is_a_lock_all_the_same(s3: Any, content: str) -> None:
    s3.put_object(Bucket="state", Key=f"{FOLDER}/local/1.json", Body=content)
    (lock,) = stack_locks(s3, "state", KEYS)
    assert (lock.user, lock.is_abandoned()) == ("unknown", False)


def test_a_lock_taken_keeps_all_others_out_until_it_is_released(s3: Any) -> None:
    own = new_lock(KEYS)
    take(s3, "state", KEYS, own, env="local")
    assert stack_locks(s3, "state", KEYS) == [own]
    with pytest.raises(LockedError) as caught:
        take(s3, "state", KEYS, new_lock(KEYS), env="local")
    assert f"{getpass.getuser()}@{socket.gethostname()} (process {os.getpid()})" in str(caught.value)
    assert f"slipway lock local --release {own.id}" in str(caught.value)
    assert stack_locks(s3, "state", KEYS) == [own]
    release(s3, "state", own)
    take(s3, "state", KEYS, new_lock(KEYS), env="local")


def test_of_two_that_take_the_lock_at_once_neither_keeps_it(s3: Any) -> None:
    """As with the engine: each looks once more after it has written."""
    other = f"{FOLDER}/local/other.json"
    put = s3.put_object

    class Racing:
        def __getattr__(self, name: str) -> Any:
            return getattr(s3, name)

        def put_object(self, **arguments: Any) -> Any:
            put(Bucket="state", Key=other, Body="{}")
            return put(**arguments)

    with pytest.raises(LockedError):
        take(Racing(), "state", KEYS, new_lock(KEYS), env="local")
    assert [lock.key for lock in stack_locks(s3, "state", KEYS)] == [other]


def test_times_are_read_as_go_writes_them() -> None:
    assert parsed_time("2026-11-24T03:00:00.123456789Z") == datetime(2026, 11, 24, 3, 0, 0, 123456, tzinfo=UTC)
    assert parsed_time("2026-11-24T04:00:00.5+01:00") == datetime(2026, 11, 24, 3, 0, 0, 500000, tzinfo=UTC)
    assert parsed_time("2026-11-24T03:00:00") == datetime(2026, 11, 24, 3, 0, 0, tzinfo=UTC)
    assert parsed_time("yesterday") is None


def test_only_a_dead_process_of_this_user_on_this_machine_has_abandoned_its_lock() -> None:
    dead = _dead_pid()
    assert _lock(dead).is_abandoned()
    assert not _lock(dead, user="someone-else").is_abandoned()
    assert not _lock(dead, host="elsewhere").is_abandoned()
    assert not _lock(os.getpid()).is_abandoned()


def test_a_process_younger_than_the_lock_did_not_take_it() -> None:
    assert _lock(os.getpid(), since="2020-01-01T00:00:00Z").is_abandoned()
    assert not _lock(os.getpid(), since="some day").is_abandoned()


def test_a_killed_process_that_nobody_asked_for_its_end_holds_nothing() -> None:
    process = subprocess.Popen(["/bin/sleep", "60"])
    try:
        assert not _lock(process.pid).is_abandoned()
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert _lock(process.pid).is_abandoned()
    finally:
        process.wait()
