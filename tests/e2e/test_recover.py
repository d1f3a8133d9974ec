"""State lost and brought back, on the real engine. The tests are steps: each goes on from the one before it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Finished, Rehearsed, rehearsed
from tests.e2e.specs import small, with_group

pytestmark = pytest.mark.e2e

STATE = ".pulumi/stacks/slipway/recover.json"


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    yield from rehearsed(home, "recover", small("recover"))


def slipway(env: Rehearsed, *arguments: str) -> Finished:
    """Run the command as an operator does, against the rehearsed cloud."""
    lines = env.run("env").ok().output.splitlines()
    pairs = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
    variables = {name: "".join(shlex.split(value)) for name, _, value in pairs}
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments],
        cwd=env.project,
        env={**os.environ, **env.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Finished(done.returncode, done.stdout)


def events(env: Rehearsed) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(slipway(env, "history", env.name, "--format", "json").ok().output)
    return found


def test_01_history_names_each_update_with_its_state(env: Rehearsed) -> None:
    env.run("up").ok()
    env.declare(with_group(env.spec, "nodes", maxSize=4))
    env.run("up", "--skip-preview").ok()
    found = [event for event in events(env) if event["kind"] == "update"]
    assert [event["result"] for event in found[:2]] == ["succeeded", "succeeded"]
    # The group, and the cluster's record of it.
    assert found[0]["changes"] == {"update": 2}
    assert found[0]["records"] == ["instancegroup/nodes"]
    assert found[-1]["changes"]["create"] > 30
    assert all(event["who"].count("@") == 1 and event["state"] for event in found)
    assert slipway(env, "doctor", env.name).ok().status == 0


def test_02_the_state_from_before_the_change_comes_back_and_the_engine_agrees(env: Rehearsed) -> None:
    now, then = [event["state"] for event in events(env) if event["kind"] == "update"][:2]
    compared = slipway(env, "diff", env.name, then, now).ok().output
    assert "~ aws:autoscaling/group:Group nodes" in compared
    assert "maxSize: 3 -> 4" in compared
    slipway(env, "recover", env.name, "--to", then).ok()
    slipway(env, "recover", env.name, "--to", then, "--apply").ok()
    assert events(env)[0]["kind"] == "recover"
    # By the older state there is something to do again; what exists says that there is not.
    again = env.changes()
    assert set(again) == {"update"}
    assert "aws:autoscaling/group:Group nodes" in again["update"]
    env.engine("refresh", "--yes", "--skip-preview").ok()
    # The record went back with the state, so that it alone is to be written anew.
    assert env.changes() == {"update": again["update"] - {"aws:autoscaling/group:Group nodes"}}
    env.run("up", "--skip-preview").ok()
    assert env.changes() == {}


def test_03_a_truncated_state_is_found_and_brought_back(env: Rehearsed) -> None:
    s3, bucket = env.client("s3"), env.spec["state"]["bucket"]
    content = s3.get_object(Bucket=bucket, Key=STATE)["Body"].read()
    s3.put_object(Bucket=bucket, Key=STATE, Body=content[: len(content) // 2])
    assert env.engine("stack", "export").status != 0
    examined = slipway(env, "doctor", env.name, "--format", "json")
    assert examined.status == 4
    (finding,) = json.loads(examined.output)["findings"]
    assert finding["code"] == "state-damaged"
    program, *command = finding["fix"].split()
    assert program == "slipway"
    slipway(env, *command).ok()
    assert slipway(env, "doctor", env.name).status == 0
    assert env.changes() == {}


def test_04_the_engine_respects_the_lock_of_a_recovery(env: Rehearsed) -> None:
    s3, bucket = env.client("s3"), env.spec["state"]["bucket"]
    holder = {"pid": 1, "username": "ann", "hostname": "box", "timestamp": "2026-11-24T08:00:00.123456Z"}
    key = f".pulumi/locks/organization/slipway/{env.name}/recover-abc-1.json"
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(holder).encode())
    refused = env.engine("refresh", "--yes", "--skip-preview")
    assert refused.status != 0
    assert "created by ann@box (pid 1)" in refused.output
    slipway(env, "lock", env.name, "--release", "recover-abc-1").ok()
    env.engine("refresh", "--yes", "--skip-preview", "--expect-no-changes").ok()


def test_05_a_stack_that_was_removed_comes_back(env: Rehearsed) -> None:
    last = events(env)[0]["state"]
    env.engine("stack", "rm", "--force", "--yes", "--preserve-config", env.name).ok()
    examined = slipway(env, "doctor", env.name)
    assert examined.status == 4
    assert "was deleted" in examined.output
    slipway(env, "recover", env.name, "--to", last, "--apply").ok()
    assert env.changes() == {}
