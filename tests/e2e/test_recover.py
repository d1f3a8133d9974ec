"""State lost and brought back, on the real engine. The tests are steps: each goes on from the one before it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import nursery
from tests.e2e.conftest import EVERY_KILL, Finished, Rehearsed, rehearsed
from tests.e2e.specs import small, with_group

pytestmark = pytest.mark.e2e

STATE = ".pulumi/stacks/slipway/recover.json"

STEP = 1 if EVERY_KILL else 2
"""A recovery is killed at every so many writes. The unit tests kill it at every call."""


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    yield from rehearsed(home, "recover", small("recover"))


def slipway(env: Rehearsed, *arguments: str, program: tuple[str, ...] = ("infra.cli",)) -> Finished:
    """Run the command as an operator does, against the rehearsed cloud."""
    whole = nursery.command(program[0]) if len(program) == 1 else [sys.executable, "-m", *program]
    done = subprocess.run(
        [*whole, *arguments],
        cwd=env.project,
        env={**os.environ, **env.environ, **variables(env)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Finished(done.returncode, done.stdout)


def variables(env: Rehearsed) -> dict[str, str]:
    """Return what ``rehearse env`` exports, which stays the same for the environment's life."""
    if env.name not in _VARIABLES:
        _VARIABLES[env.name] = _variables(env)
    return _VARIABLES[env.name]


_VARIABLES: dict[str, dict[str, str]] = {}


def _variables(env: Rehearsed) -> dict[str, str]:
    lines = env.run("env").ok().output.splitlines()
    pairs = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
    return {name: "".join(shlex.split(value)) for name, _, value in pairs}


def states(env: Rehearsed) -> list[str]:
    """Return the versions of the state that updates and recoveries have left, newest first."""
    return [event["state"] for event in events(env) if event["state"]]


def contents(env: Rehearsed) -> dict[str, bytes]:
    """Return the state and the records, which a recovery brings back together."""
    s3, bucket = env.client("s3"), env.spec["state"]["bucket"]
    prefixes = (
        ".pulumi/stacks/",
        f"{env.spec['cluster']['name']}/config",
        f"{env.spec['cluster']['name']}/instancegroup/",
    )
    keys = [
        each["Key"]
        for prefix in prefixes
        for each in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ())
    ]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def versions(env: Rehearsed) -> set[tuple[str, str]]:
    """Return every version that the bucket keeps."""
    pages = env.client("s3").get_paginator("list_object_versions").paginate(Bucket=env.spec["state"]["bucket"])
    return {(each["Key"], each["VersionId"]) for page in pages for each in page.get("Versions", ())}


def events(env: Rehearsed) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(slipway(env, "history", env.name, "--format", "json").ok().output)
    return found


def test_01_history_names_each_update_with_its_state(env: Rehearsed) -> None:
    env.run("up", "--skip-preview").ok()
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


def test_03_a_damaged_state_is_found_and_brought_back(env: Rehearsed) -> None:
    s3, bucket = env.client("s3"), env.spec["state"]["bucket"]
    content = s3.get_object(Bucket=bucket, Key=STATE)["Body"].read()
    document = json.loads(content)
    resources = document["checkpoint"]["latest"]["resources"]
    lost = next(each for each in resources if each["type"] == "aws:ec2/vpc:Vpc")
    resources.remove(lost)
    damages = {
        "state-damaged": content[: len(content) // 2],  # truncated
        "state-inconsistent": json.dumps(document).encode(),  # corrupted: it can be read, and a resource is not there
    }
    for code, damaged in damages.items():
        s3.put_object(Bucket=bucket, Key=STATE, Body=damaged)
        assert env.engine("preview", "--non-interactive").status != 0
        examined = slipway(env, "doctor", env.name, "--format", "json")
        assert examined.status == 4
        found = json.loads(examined.output)["findings"]
        assert {finding["code"] for finding in found} == {code}
        commands = {finding["fix"] for finding in found if finding["fix"].startswith("slipway recover")}
        (command,) = commands
        slipway(env, *command.split()[1:]).ok()
        assert s3.get_object(Bucket=bucket, Key=STATE)["Body"].read() == content
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


def test_06_a_recovery_killed_at_any_write_is_finished_or_undone(
    env: Rehearsed, capsys: pytest.CaptureFixture[str]
) -> None:
    env.declare(with_group(env.spec, "nodes", maxSize=5))
    env.run("up", "--skip-preview").ok()
    now, then = states(env)[:2]
    as_of_now, every = contents(env), versions(env)
    slipway(env, "recover", env.name, "--to", then, "--apply").ok()
    as_of_then = contents(env)
    assert as_of_now != as_of_then
    slipway(env, "recover", env.name, "--to", now, "--apply").ok()
    assert contents(env) == as_of_now
    tried = survived = 0
    for write in range(STEP, 50, STEP):
        killed = slipway(
            env, "recover", env.name, "--to", then, "--apply", program=("tests.e2e.programs.killed", str(write))
        )
        if killed.status == 0:
            break  # a whole recovery has fewer writes
        tried += 1
        begun = slipway(env, "recover", env.name).status == 0
        assert begun or contents(env) == as_of_then, "no journal is left, and it is not done"
        undo = tried % 2 == 0
        if begun:
            slipway(env, "recover", env.name, *(["--undo"] if undo else []), "--apply").ok()
            assert contents(env) == (as_of_now if undo else as_of_then)
        survived += slipway(env, "doctor", env.name, "--format", "json").status == 0
        if contents(env) != as_of_now:
            slipway(env, "recover", env.name, "--to", now, "--apply").ok()
        assert contents(env) == as_of_now
    slipway(env, "recover", env.name, "--to", now, "--apply").ok()
    assert every <= versions(env), "a version was lost"
    assert env.changes() == {}
    assert (survived, tried >= 6 // STEP) == (tried, True)
    with capsys.disabled():
        print(f"\nrecover killed (-9) at {tried} writes over HTTP: survived {survived}, lost {tried - survived}")


def test_07_an_update_and_a_recovery_at_once(env: Rehearsed, tmp_path: Path) -> None:
    then = states(env)[1]
    env.declare(with_group(env.spec, "nodes", maxSize=6, machineType="m7i.xlarge"))
    s3, bucket = env.client("s3"), env.spec["state"]["bucket"]
    locks = f".pulumi/locks/organization/slipway/{env.name}/"
    update = env.start("up", "--skip-preview", log=tmp_path / "up.log")
    deadline = time.monotonic() + 120
    while not s3.list_objects_v2(Bucket=bucket, Prefix=locks).get("KeyCount"):
        assert time.monotonic() < deadline, (tmp_path / "up.log").read_text()
        time.sleep(0.02)
    refused = slipway(env, "recover", env.name, "--to", then, "--apply")
    assert update.wait(timeout=600) == 0, (tmp_path / "up.log").read_text()
    assert refused.status == 1, refused.output
    assert "is locked" in refused.output
    assert slipway(env, "doctor", env.name).status == 0
    assert env.changes() == {}
