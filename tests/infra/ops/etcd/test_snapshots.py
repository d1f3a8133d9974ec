from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.ops.etcd.snapshots import SnapshotError, record_of, restore_commands, snapshots
from tests.infra.commands.test_recover import bucket  # noqa: F401 (a fixture)
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.state.world import Bucket, at
from tests.infra.samples import sample_spec
from tests.infra.test_cli import Run, run  # noqa: F401 (a fixture)

PREFIX = "test.example.com/backups/etcd/"
THREE = [
    {
        "name": f"control-plane-{zone}",
        "role": "ControlPlane",
        "machineType": "m7i.large",
        "zones": [f"eu-central-1{zone}"],
    }
    for zone in "abc"
]
FIRST, SECOND = "20261124T100000Z-control-plane-a.db", "20261124T110000Z-control-plane-a.db"


def fill(bucket: Bucket) -> None:  # noqa: F811
    for name in (FIRST, SECOND, "control.db", "members/a.json"):
        bucket.put(PREFIX + name, "12345", at(-60))
    record = {"size": 5, "revision": 42, "keys": 7}
    bucket.put(f"{PREFIX}{FIRST[:-3]}.json", json.dumps(record), at(-60))


def test_snapshots_are_listed_newest_first_and_nothing_else(run: Run, bucket: Bucket) -> None:  # noqa: F811
    assert run("etcd", "backups", "test")[1].startswith("There is no snapshot")
    fill(bucket)
    found = snapshots(bucket.s3, bucket.spec)
    assert [(each.name, each.size, each.complete) for each in found] == [(SECOND, 5, False), (FIRST, 5, True)]
    assert len(json.loads(run("etcd", "backups", "test", "--format", "json")[1])) == 2
    assert "not uploaded whole" in run("etcd", "backups", "test")[1]


@pytest.mark.parametrize(("name", "said"), [(SECOND, "no record"), ("20200101T000000Z-a.db", "no such snapshot"),
                                            ("control.db", "no such snapshot")])  # fmt: skip
def test_what_cannot_be_restored_is_refused(run: Run, bucket: Bucket, name: str, said: str) -> None:  # noqa: F811
    fill(bucket)
    with pytest.raises(SnapshotError, match=said):
        record_of(bucket.s3, bucket.spec, name, "test")
    status, _, err = run("etcd", "restore", "test", "--from", name)
    assert status == 1
    assert said in err


def test_a_snapshot_cut_short_is_refused(bucket: Bucket) -> None:  # noqa: F811
    fill(bucket)
    bucket.put(PREFIX + FIRST, "123", at(-50))
    with pytest.raises(SnapshotError, match="not as long"):
        record_of(bucket.s3, bucket.spec, FIRST, "test")


def test_restore_says_what_is_run_on_each_member(run: Run, bucket: Bucket) -> None:  # noqa: F811
    fill(bucket)
    status, out, _ = run("etcd", "restore", "test", "--from", FIRST)
    assert status == 0
    assert f"{FIRST}: 5 bytes, revision 42, 7 keys" in out
    assert out.count(f"etcd_backup.py restore {FIRST}") == 1
    assert out.count("etcd_backup.py start") == 1
    assert out.index("etcd_backup.py restore") < out.index("etcd_backup.py start")


def test_all_members_restore_before_any_starts() -> None:
    commands = [line for _, (line,) in restore_commands(sample_spec(instanceGroups=THREE), FIRST)]
    assert [line.split("etcd_backup.py ")[1].split()[0] for line in commands] == ["restore"] * 3 + ["start"] * 3


def test_each_is_told_all_members_of_the_file_whoever_they_were_at_the_snapshot() -> None:
    commands = restore_commands(sample_spec(instanceGroups=THREE), FIRST)
    told = {line.partition(f"{FIRST} ")[2] for _, (line,) in commands[:3]}
    assert len(told) == 1
    assert [each.partition("=")[0] for each in told.pop().split(",")] == [f"control-plane-{zone}" for zone in "abc"]


def test_a_member_that_never_ran_is_named(run: Run, bucket: Bucket) -> None:  # noqa: F811
    fill(bucket)
    said = "does not say that control-plane-a ever had data"
    assert said in " ".join(run("etcd", "restore", "test", "--from", FIRST)[1].split())
    bucket.put(f"{PREFIX}members/control-plane-a-0123456789ab.json", "{}", at(-60))
    assert said not in " ".join(run("etcd", "restore", "test", "--from", FIRST)[1].split())


def test_the_program_named_is_the_one_on_the_machines() -> None:
    script = Path(__file__).resolve().parents[4] / "infra" / "templates" / "control_plane" / "etcd_backup.py"
    ((_, (line,)), *_) = restore_commands(sample_spec(), FIRST)
    assert f"/usr/local/lib/slipway/{script.name} restore" in line
