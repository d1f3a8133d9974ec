"""etcd lost and brought back: a real etcd, its real tools, and the program that machines run."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console

from rehearsal import toolchain
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.templates.control_plane.etcd_script import PlainEtcd, load

pytestmark = pytest.mark.e2e

KEYS = 1000


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def served(programs: Path, config: dict[str, Any], client: int, log: Path) -> Iterator[None]:
    """Run a member of etcd on its data directory until the block ends."""
    begun = launched(programs, config, client, log)
    try:
        healthy(programs, begun, client, log)
        yield
    finally:
        begun.kill()
        begun.wait()


def launched(programs: Path, config: dict[str, Any], client: int, log: Path) -> subprocess.Popen[bytes]:
    """Start a member of etcd with the flags that its machine would give it."""
    flags = [
        f"--name={config['name']}", f"--data-dir={config['data']}", f"--initial-cluster-token={config['token']}",
        f"--listen-client-urls=http://127.0.0.1:{client}", f"--advertise-client-urls=http://127.0.0.1:{client}",
        f"--listen-peer-urls={config['peerUrl']}", f"--initial-advertise-peer-urls={config['peerUrl']}",
        f"--initial-cluster={config['initialCluster']}", "--unsafe-no-fsync",
    ]  # fmt: skip
    with log.open("ab") as output:
        return subprocess.Popen([str(programs / "etcd"), *flags], stdout=output, stderr=output)


def healthy(programs: Path, process: subprocess.Popen[bytes], client: int, log: Path) -> None:
    """Wait until a member of etcd serves."""
    deadline = time.monotonic() + 60
    health = [str(programs / "etcdctl"), f"--endpoints=http://127.0.0.1:{client}", "endpoint", "health"]
    while subprocess.run(health, capture_output=True, check=False).returncode != 0:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
        time.sleep(0.1)


def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Path]:
    """Return the backup program, which finds a machine's folders below `tmp_path`, and where etcd's programs are."""
    backup = load()
    programs = toolchain.resolve(["etcd", "etcdctl", "etcdutl"], Console())["etcdctl"].parent
    s3 = boto3.client("s3", region_name="eu-central-1")
    s3.create_bucket(Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    monkeypatch.setattr(backup, "MANIFESTS", tmp_path / "manifests")
    monkeypatch.setattr(backup, "HELD", tmp_path / "held")
    monkeypatch.setattr(backup, "METRICS", tmp_path / "metrics")
    return backup, programs


def test_what_was_written_before_the_snapshot_is_back_after_all_data_were_lost(
    cloud: None,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backup, programs = prepared(tmp_path, monkeypatch)
    client, log = free_port(), tmp_path / "log"
    config = member_config(tmp_path, "control-plane-a", free_port())
    data = Path(config["data"])
    etcd = PlainEtcd(programs, f"http://127.0.0.1:{client}")
    backups = backup.Backups(config, "eu-central-1", etcd)

    with served(programs, config, client, log):
        write_many(etcd, KEYS)
        saved = backups.save(datetime.now(UTC))
        etcd.ctl("put", "/registry/after", "too late")
        before = int(revision(etcd))
    shutil.rmtree(data)
    etcd.alive = False
    backups.restore(saved, config["initialCluster"], datetime.now(UTC))
    with served(programs, config, client, log):
        found = etcd.ctl("get", "/registry/", "--prefix", "--keys-only").split()
        assert len([key for key in found if key.startswith("/registry/pods/")]) == KEYS
        assert etcd.ctl("get", "/registry/pods/999", "--print-value-only").strip() == "pod 999"
        assert "/registry/after" not in found
        # Clients that know the lost revisions must notice: numbers go on above them.
        assert int(revision(etcd)) > before + backup.BUMP_REVISION // 2
        etcd.ctl("put", "/registry/new", "written")


def test_a_snapshot_of_one_member_is_restored_by_three_of_whom_one_knows_of_no_others(
    cloud: None,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backup, programs = prepared(tmp_path, monkeypatch)
    names = ["control-plane-a", "control-plane-b", "control-plane-c"]
    configs = [member_config(tmp_path / name, name, free_port()) for name in names]
    clients, log = [free_port() for _ in names], tmp_path / "log"
    etcds = [PlainEtcd(programs, f"http://127.0.0.1:{client}") for client in clients]
    with served(programs, configs[0], clients[0], log):
        write_many(etcds[0], 100)
        saved = backup.Backups(configs[0], "eu-central-1", etcds[0]).save(datetime.now(UTC))

    members = ",".join(config["initialCluster"] for config in configs)
    # The first has not been rolled since the others were added.
    for config in configs[1:]:
        config["initialCluster"] = members
    for config, etcd in zip(configs, etcds, strict=True):
        etcd.alive = False
        backup.Backups(config, "eu-central-1", etcd).restore(saved, members, datetime.now(UTC))
    begun = [launched(programs, config, client, log) for config, client in zip(configs, clients, strict=True)]
    try:
        for process, client in zip(begun, clients, strict=True):
            healthy(programs, process, client, log)
        found = json.loads(etcds[0].ctl("member", "list", "--write-out=json"))["members"]
        assert sorted(each["name"] for each in found) == names
        etcds[2].ctl("put", "/registry/agreed", "by all")
        assert "by all" in etcds[0].ctl("get", "/registry/agreed")
        assert etcds[1].ctl("get", "/registry/pods/99", "--print-value-only").strip() == "pod 99"
    finally:
        for process in begun:
            process.kill()
            process.wait()


def member_config(folder: Path, name: str, peer: int) -> dict[str, Any]:
    """Return what a machine is told of a member that is alone."""
    data, url = folder / "etcd" / "data", f"http://127.0.0.1:{peer}"
    data.mkdir(parents=True, mode=0o700)
    return {
        "name": name, "bucket": "state", "backups": "test/backups/etcd/", "data": str(data), "token": "test",
        "initialCluster": f"{name}={url}", "peerUrl": url,
    }  # fmt: skip


def write_many(etcd: PlainEtcd, count: int) -> None:
    """Write many keys, a hundred in a transaction."""
    for start in range(0, count, 100):
        puts = "".join(f'put /registry/pods/{number} "pod {number}"\n' for number in range(start, start + 100))
        command = [str(etcd.programs / "etcdctl"), f"--endpoints={etcd.endpoint}", "txn"]
        subprocess.run(command, input=f"\n{puts}\n\n", text=True, check=True, capture_output=True)


def revision(etcd: PlainEtcd) -> str:
    status: list[dict[str, Any]] = json.loads(etcd.ctl("endpoint", "status", "--write-out=json"))
    return str(status[0]["Status"]["header"]["revision"])
