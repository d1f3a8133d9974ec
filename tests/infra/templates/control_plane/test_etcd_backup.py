"""Backing etcd up: what is kept, what is hidden, what is uploaded, and what a restore refuses."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.templates.control_plane.etcd_script import load

backup = load()
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PREFIX = "test.example.com/backups/etcd/"
MEMBERS = "control-plane-a=https://10.0.0.4:2380,control-plane-b=https://10.0.1.4:2380"
"""Those who restore: one more than the machine was told of when it was started."""
CONTROL = [
    "20261124T110000Z-a.json", "members/a-0123456789ab.json", "control.db", "20261399T000000Z-a.db", "", ".db",
    "x/20200101T000000Z-a.db",
]  # fmt: skip


def name(time: datetime, member: str = "control-plane-a") -> str:
    return f"{time:%Y%m%dT%H%M%SZ}-{member}.db"


def hourly(days: int) -> list[str]:
    return [name(NOW - timedelta(hours=hour)) for hour in range(days * 24)]


def test_a_week_is_kept_by_the_hour_and_ninety_days_by_the_day() -> None:
    names = hourly(120)
    gone = set(backup.expired(names, NOW))
    kept = [each for each in names if each not in gone]
    times = [backup.taken(each) for each in kept]
    week = [time for time in times if NOW - time <= timedelta(days=7)]
    older = [time for time in times if NOW - time > timedelta(days=7)]
    assert len(week) == 7 * 24 + 1
    assert len(older) == 83
    assert {time.hour for time in older} == {23}
    assert max(NOW - time for time in times) <= timedelta(days=90)


def test_control_files_and_what_is_no_snapshot_are_never_chosen() -> None:
    names = [*CONTROL, *hourly(120)]
    random.Random(1).shuffle(names)  # noqa: S311
    assert not set(backup.expired(names, NOW)) & set(CONTROL)


@pytest.mark.parametrize("seed", range(50))
def test_the_newest_snapshot_is_never_chosen_whatever_there_is(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    names = [name(NOW - timedelta(minutes=chance.randint(-10_000, 500_000))) for _ in range(chance.randint(1, 40))]
    gone = backup.expired([*names, *CONTROL], NOW)
    newest = max(names)
    assert newest not in gone
    assert set(gone) <= set(names)
    assert all(NOW - backup.taken(each) > timedelta(days=7) for each in gone)
    assert backup.expired([each for each in names if each not in gone], NOW) == []


def test_a_single_old_snapshot_is_kept() -> None:
    assert backup.expired([name(NOW - timedelta(days=1000))], NOW) == []
    assert backup.expired([], NOW) == []


class FakeEtcd:
    """etcd whose snapshots are a few bytes."""

    def __init__(self) -> None:
        self.content = b"snapshot"
        self.made: list[tuple[str, ...]] = []
        self.damaged = False

    def running(self) -> list[str]:
        return []

    def ctl(self, *arguments: str) -> str:
        assert arguments[:2] == ("snapshot", "save")
        Path(arguments[2]).write_bytes(self.content)
        return ""

    def status(self, _snapshot: Path) -> dict[str, Any]:
        if self.damaged:
            raise RuntimeError("snapshot is damaged")
        return {"hash": 1, "revision": 42, "totalKey": 7, "totalSize": 8, "version": "3.7.0"}

    def apart(self, _folder: Path, *command: str) -> str:
        self.made.append(command)
        Path(command[command.index("--data-dir") + 1], "member").mkdir(parents=True)
        return ""


@pytest.fixture
def etcd() -> FakeEtcd:
    return FakeEtcd()


@pytest.fixture
def backups(cloud: None, tmp_path: Path, etcd: FakeEtcd, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: F811
    s3 = boto3.client("s3", region_name="eu-central-1")
    s3.create_bucket(Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket="state", VersioningConfiguration={"Status": "Enabled"})
    data = tmp_path / "etcd" / "data"
    (data / "member").mkdir(parents=True)
    (data / "member" / "old").touch()
    monkeypatch.setattr(backup, "MANIFESTS", tmp_path / "manifests")
    monkeypatch.setattr(backup, "HELD", tmp_path / "held")
    monkeypatch.setattr(backup, "METRICS", tmp_path / "metrics")
    monkeypatch.setattr(backup, "_output", lambda *command: etcd.made.append(command))
    (tmp_path / "manifests").mkdir()
    for each in ("etcd.yaml", "kube-apiserver.yaml", "kube-scheduler.yaml"):
        (tmp_path / "manifests" / each).touch()
    config = {
        "name": "control-plane-a", "bucket": "state", "backups": PREFIX, "data": str(data), "token": "test.example.com",
        "initialCluster": "control-plane-a=https://10.0.0.4:2380", "peerUrl": "https://10.0.0.4:2380",
    }  # fmt: skip
    return backup.Backups(config, "eu-central-1", etcd)


def test_a_snapshot_is_uploaded_with_a_record_of_what_it_is(backups: Any) -> None:
    saved = backups.save(NOW)
    assert saved == "20261124T120000Z-control-plane-a.db"
    assert backups.s3.get_object(Bucket="state", Key=PREFIX + saved)["Body"].read() == b"snapshot"
    record = json.loads(backups.s3.get_object(Bucket="state", Key=f"{PREFIX}{saved[:-3]}.json")["Body"].read())
    assert record == {
        "snapshot": saved, "member": "control-plane-a", "sha256": hashlib.sha256(b"snapshot").hexdigest(),
        "size": 8, "revision": 42, "keys": 7, "version": "3.7.0",
    }  # fmt: skip
    assert not (backups.data / "slipway-snapshot.db").exists()


def test_where_another_member_just_took_one_none_is_taken(backups: Any) -> None:
    backups.s3.put_object(Bucket="state", Key=PREFIX + name(NOW - timedelta(minutes=44), "b"))
    assert backups.save(NOW) is None
    assert backups.save(NOW + timedelta(minutes=2)) is not None


def told() -> list[str]:
    """Return what the exporter of metrics would read."""
    assert [each.name for each in backup.METRICS.iterdir()] == ["etcd_backup.prom"]
    assert (backup.METRICS / "etcd_backup.prom").stat().st_mode & 0o777 == 0o644
    text: str = (backup.METRICS / "etcd_backup.prom").read_text()
    return text.splitlines()


def test_when_the_newest_snapshot_was_taken_is_told_whoever_took_it(backups: Any) -> None:
    other = NOW - timedelta(minutes=44)
    backups.s3.put_object(Bucket="state", Key=PREFIX + name(other, "b"))
    backups.save(NOW)
    assert told()[1] == f"slipway_etcd_backup_timestamp_seconds {other.timestamp():.0f}"
    backups.save(NOW + timedelta(minutes=2))
    assert told() == [
        "# TYPE slipway_etcd_backup_timestamp_seconds gauge",
        f"slipway_etcd_backup_timestamp_seconds {(NOW + timedelta(minutes=2)).timestamp():.0f}",
    ]


def test_a_snapshot_that_failed_is_told_by_an_old_time(backups: Any, etcd: FakeEtcd) -> None:
    backups.save(NOW)
    etcd.damaged = True
    with pytest.raises(RuntimeError, match="damaged"):
        backups.save(NOW + timedelta(hours=1))
    assert told()[1].endswith(f" {NOW.timestamp():.0f}")


def test_a_snapshot_that_etcdutl_refuses_is_not_uploaded(backups: Any, etcd: FakeEtcd) -> None:
    etcd.damaged = True
    with pytest.raises(RuntimeError, match="damaged"):
        backups.save(NOW)
    assert backups.names() == []
    assert not (backups.data / "slipway-snapshot.db").exists()


def test_old_snapshots_are_hidden_and_stay_as_versions(backups: Any) -> None:
    old = [name(NOW - timedelta(days=30, hours=hour)) for hour in range(3)]
    control = ["members/control-plane-a-0123.json", f"{old[1][:-3]}.json"]
    for each in (*old, *control):
        backups.s3.put_object(Bucket="state", Key=PREFIX + each, Body=b"x")
    backups.save(NOW)
    assert set(old) & set(backups.names()) == {old[0]}
    assert set(control) <= set(backups.names())
    versions = backups.s3.list_object_versions(Bucket="state", Prefix=PREFIX)["Versions"]
    assert {PREFIX + each for each in old} <= {each["Key"] for each in versions}


def test_a_restore_checks_stops_keeps_what_was_and_names_the_member(backups: Any, etcd: FakeEtcd) -> None:
    saved = backups.save(NOW)
    aside = backups.restore(saved, MEMBERS, NOW)
    assert (aside / "member" / "old").exists()
    assert (backups.data / "member").is_dir()
    assert not (backups.data / "member" / "old").exists()
    assert sorted(each.name for each in backup.HELD.iterdir()) == ["etcd.yaml", "kube-apiserver.yaml"]
    ((program, *arguments),) = etcd.made
    assert program == "etcdutl"
    given = dict(zip(arguments[3:-1:2], arguments[4:-1:2], strict=True))
    assert given == {
        "--data-dir": str(backups.data.parent / "restored"),
        "--name": "control-plane-a",
        "--initial-cluster": MEMBERS,
        "--initial-cluster-token": "test.example.com-20261124T120000Z",
        "--initial-advertise-peer-urls": "https://10.0.0.4:2380",
        "--bump-revision": "1000000000",
    }
    assert arguments[-1] == "--mark-compacted"
    backup.start()
    assert etcd.made[1:] == [("systemctl", "try-restart", "kubelet.service")]
    assert sorted(each.name for each in backup.MANIFESTS.iterdir()) == [
        "etcd.yaml", "kube-apiserver.yaml", "kube-scheduler.yaml",
    ]  # fmt: skip


def test_the_image_is_that_of_the_manifest_and_is_pulled_when_it_is_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[tuple[str, ...]] = []

    def answer(*command: str) -> str:
        ran.append(command)
        return "registry.k8s.io/pause:3.10\nregistry.k8s.io/etcd:3.7.3-0\n" if "config" in command else "other\n"

    monkeypatch.setattr(backup, "_output", answer)
    monkeypatch.setattr(backup, "HELD", tmp_path)
    monkeypatch.setenv("KUBELET_VERSION", "v1.37.2")
    etcd = backup.Etcd()
    etcd.apart(tmp_path, "etcdutl", "version")
    assert ran[0] == ("/usr/local/lib/slipway/install-kubelet.sh", "kubeadm")
    assert ran[-2][-1] == "registry.k8s.io/etcd:3.7.3-0"
    assert ran[-1][3:6] == ("run", "--rm", "--mount")
    assert ran[-1][-2:] == ("etcdutl", "version")
    (tmp_path / "etcd.yaml").write_text("spec:\n  containers:\n  - image: mirror/etcd:1\n    name: etcd\n")
    assert etcd.image() == "mirror/etcd:1"


def test_a_snapshot_that_was_changed_is_refused_before_anything_stops(backups: Any) -> None:
    saved = backups.save(NOW)
    backups.s3.put_object(Bucket="state", Key=PREFIX + saved, Body=b"tampered")
    with pytest.raises(SystemExit, match="sha256"):
        backups.restore(saved, MEMBERS, NOW)
    assert (backup.MANIFESTS / "etcd.yaml").exists()
    assert (backups.data / "member" / "old").exists()
    with pytest.raises(SystemExit, match="no name of a snapshot"):
        backups.restore("members/x.json", MEMBERS, NOW)


@pytest.mark.parametrize("members", ["control-plane-b=https://10.0.1.4:2380", "control-plane-a=https://10.0.0.5:2380"])
def test_a_machine_that_is_none_of_those_who_restore_refuses(backups: Any, members: str) -> None:
    saved = backups.save(NOW)
    with pytest.raises(SystemExit, match=r"control-plane-a=https://10\.0\.0\.4:2380, which is not in "):
        backups.restore(saved, members, NOW)
    assert (backup.MANIFESTS / "etcd.yaml").exists()


def test_etcdctl_is_run_by_hand_without_the_environment_of_the_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As docs/restore-etcd.md has it: a shell has no STATE_REGION, and needs none of the bucket."""
    monkeypatch.delenv("STATE_REGION", raising=False)
    monkeypatch.setattr(backup.Etcd, "ctl", lambda _, *arguments: f"{' '.join(arguments)}\n")
    backup.main(["ctl", "member", "list"])
    assert capsys.readouterr().out == "member list\n"
    with pytest.raises(SystemExit, match="usage: "):
        backup.main(["restore", "20261124T110000Z-control-plane-a.db"])


def test_a_member_that_has_data_says_so_once(backups: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "PKI", tmp_path)
    (tmp_path / "ca.crt").write_bytes(b"authority")
    backups.config["marker"] = f"{PREFIX}members/control-plane-a"
    for _ in range(2):
        backups.mark()
    key = f"{PREFIX}members/control-plane-a-{hashlib.sha256(b'authority').hexdigest()[:12]}.json"
    versions = backups.s3.list_object_versions(Bucket="state")["Versions"]
    assert [each["Key"] for each in versions] == [key]
