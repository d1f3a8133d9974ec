from __future__ import annotations

import getpass
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from rehearsal.environment.stack_lock import StackLock, release, stack_locks


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_bucket(Bucket="state")
        yield client


def _dead_pid() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def _lock(pid: int, user: str | None = None, host: str | None = None) -> StackLock:
    return StackLock("k", pid, user or getpass.getuser(), host or socket.gethostname(), "2026-11-24T08:00:00Z")


def test_locks_are_those_of_the_stack_and_can_be_released(s3: Any) -> None:
    content = {"pid": 42, "username": "ann", "hostname": "box", "timestamp": "2026-11-24T08:00:00Z"}
    folder = ".pulumi/locks/organization/slipway"
    for stack in ("local", "local2"):
        s3.put_object(Bucket="state", Key=f"{folder}/{stack}/1.json", Body=json.dumps(content))
    (lock,) = stack_locks(s3, "state", "slipway", "local")
    assert lock == StackLock(f"{folder}/local/1.json", 42, "ann", "box", "2026-11-24T08:00:00Z")
    assert str(lock) == "ann@box (process 42) since 2026-11-24T08:00:00Z"
    release(s3, "state", lock)
    assert stack_locks(s3, "state", "slipway", "local") == []
    assert len(stack_locks(s3, "state", "slipway", "local2")) == 1


def test_no_bucket_has_no_locks(s3: Any) -> None:
    assert stack_locks(s3, "absent", "slipway", "local") == []


def test_only_a_dead_process_of_this_user_on_this_machine_has_abandoned_its_lock() -> None:
    dead = _dead_pid()
    assert _lock(dead).is_abandoned()
    assert not _lock(dead, user="someone-else").is_abandoned()
    assert not _lock(dead, host="elsewhere").is_abandoned()


def test_a_pid_given_to_another_program_since_counts_as_dead_and_a_living_engine_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _lock(os.getpid()).is_abandoned()
    monkeypatch.setattr("psutil.Process.name", lambda _: "pulumi")
    assert not _lock(os.getpid()).is_abandoned()


def test_a_killed_engine_that_nobody_asked_for_its_end_holds_nothing(tmp_path: Path) -> None:
    engine = tmp_path / "pulumi"
    engine.symlink_to("/bin/sleep")
    process = subprocess.Popen([str(engine), "60"])
    try:
        assert not _lock(process.pid).is_abandoned()
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert _lock(process.pid).is_abandoned()
    finally:
        process.wait()
