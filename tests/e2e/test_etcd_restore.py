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
def served(programs: Path, data: Path, client: int, peer: int, log: Path) -> Iterator[None]:
    """Run etcd on a data directory until the block ends."""
    flags = [
        "--name=control-plane-a", f"--data-dir={data}", "--initial-cluster-token=test",
        f"--listen-client-urls=http://127.0.0.1:{client}", f"--advertise-client-urls=http://127.0.0.1:{client}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-cluster=control-plane-a=http://127.0.0.1:{peer}", "--unsafe-no-fsync",
    ]  # fmt: skip
    with log.open("ab") as output:
        process = subprocess.Popen([str(programs / "etcd"), *flags], stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 60
        health = [str(programs / "etcdctl"), f"--endpoints=http://127.0.0.1:{client}", "endpoint", "health"]
        while subprocess.run(health, capture_output=True, check=False).returncode != 0:
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait()


def test_what_was_written_before_the_snapshot_is_back_after_all_data_were_lost(
    cloud: None,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backup = load()
    programs = toolchain.resolve(["etcd", "etcdctl", "etcdutl"], Console())["etcdctl"].parent
    s3 = boto3.client("s3", region_name="eu-central-1")
    s3.create_bucket(Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    monkeypatch.setattr(backup, "MANIFESTS", tmp_path / "manifests")
    monkeypatch.setattr(backup, "HELD", tmp_path / "held")
    client, peer = free_port(), free_port()
    data, log = tmp_path / "etcd" / "data", tmp_path / "log"
    config = {
        "name": "control-plane-a", "bucket": "state", "backups": "test/backups/etcd/", "data": str(data),
        "token": "test", "initialCluster": f"control-plane-a=http://127.0.0.1:{peer}",
        "peerUrl": f"http://127.0.0.1:{peer}",
    }  # fmt: skip
    etcd = PlainEtcd(programs, f"http://127.0.0.1:{client}")
    backups = backup.Backups(config, "eu-central-1", etcd)
    data.mkdir(parents=True, mode=0o700)

    with served(programs, data, client, peer, log):
        write_many(etcd, KEYS)
        saved = backups.save(datetime.now(UTC))
        etcd.ctl("put", "/registry/after", "too late")
        before = int(revision(etcd))
    shutil.rmtree(data)
    etcd.alive = False
    backups.restore(saved, datetime.now(UTC))
    with served(programs, data, client, peer, log):
        found = etcd.ctl("get", "/registry/", "--prefix", "--keys-only").split()
        assert len([key for key in found if key.startswith("/registry/pods/")]) == KEYS
        assert etcd.ctl("get", "/registry/pods/999", "--print-value-only").strip() == "pod 999"
        assert "/registry/after" not in found
        # Clients that know the lost revisions must notice: numbers go on above them.
        assert int(revision(etcd)) > before + backup.BUMP_REVISION // 2
        etcd.ctl("put", "/registry/new", "written")


def write_many(etcd: PlainEtcd, count: int) -> None:
    """Write many keys, a hundred in a transaction."""
    for start in range(0, count, 100):
        puts = "".join(f'put /registry/pods/{number} "pod {number}"\n' for number in range(start, start + 100))
        command = [str(etcd.programs / "etcdctl"), f"--endpoints={etcd.endpoint}", "txn"]
        subprocess.run(command, input=f"\n{puts}\n\n", text=True, check=True, capture_output=True)


def revision(etcd: PlainEtcd) -> str:
    status: list[dict[str, Any]] = json.loads(etcd.ctl("endpoint", "status", "--write-out=json"))
    return str(status[0]["Status"]["header"]["revision"])
