#!/usr/bin/env python3
"""Takes snapshots of etcd to the state bucket, and brings one back."""
# `etcd_backup.py save`, by slipway-etcd-backup.timer: a snapshot of the local member, checked by etcdutl, uploaded with
# a record of its digest; then old snapshots are hidden by delete markers, which leave every version where it is.
# `etcd_backup.py ctl ARGUMENTS`, by hand: etcdctl, where it is and with the certificates that it takes.
# `etcd_backup.py restore NAME MEMBERS`, by hand and on every member: docs/restore-etcd.md.
# Input: /etc/slipway/member.json and STATE_REGION of /etc/slipway/node.env. Programs of etcd are run where its own
# image has them. 3.10 must do.

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import boto3

HOURLY_FOR = timedelta(days=7)
DAILY_FOR = timedelta(days=90)
RECENT = timedelta(minutes=45)
BUMP_REVISION = 1_000_000_000

PKI = Path("/etc/kubernetes/pki/etcd")
MANIFESTS = Path("/etc/kubernetes/manifests")
HELD = Path("/etc/slipway/held-manifests")
METRICS = Path("/var/lib/slipway/metrics")
CTR = ("ctr", "--namespace", "k8s.io")

_NAME = re.compile(r"(\d{8}T\d{6}Z)-[a-z0-9-]+\.db")
_FORMAT = "%Y%m%dT%H%M%SZ"
_STOP_SECONDS = 120


def say(text: str) -> None:
    """Write to the journal."""
    print(f"etcd-backup: {text}", flush=True)


def taken(name: str) -> "datetime | None":
    """Return when a snapshot was taken, by its name; None for a name that is no snapshot's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], _FORMAT).replace(tzinfo=timezone.utc)  # noqa: UP017 (3.10)
    except ValueError:
        return None


def expired(names: Iterable[str], now: datetime) -> "list[str]":
    """Return the snapshots to be hidden: all but those of a week, the last of each day for 90 days, and the newest."""
    times = {name: time_ for name in names if (time_ := taken(name)) is not None}
    ordered = sorted(times, key=lambda name: (times[name], name))
    last_of_day = {times[name].date(): name for name in ordered}
    kept = {*ordered[-1:], *(name for name in last_of_day.values() if now - times[name] <= DAILY_FOR)}
    return [name for name in ordered if name not in kept and now - times[name] > HOURLY_FOR]


def tell(newest: datetime) -> None:
    """Write when the newest snapshot was taken to where the exporter of metrics reads it, whole or not at all."""
    METRICS.mkdir(parents=True, exist_ok=True)
    name = "slipway_etcd_backup_timestamp_seconds"
    draft = METRICS / "etcd_backup.draft"
    draft.write_text(f"# TYPE {name} gauge\n{name} {newest.timestamp():.0f}\n")
    draft.chmod(0o644)
    draft.rename(METRICS / "etcd_backup.prom")


class Etcd:
    """The member of etcd on this machine, whose programs are in its image."""

    def running(self) -> "list[str]":
        """Return the containers of etcd that run."""
        listed = _output(*CTR, "containers", "list", "--quiet", 'labels."io.kubernetes.container.name"==etcd')
        tasks = _output(*CTR, "tasks", "list")
        alive = {line.split()[0] for line in tasks.splitlines() if line.endswith("RUNNING")}
        return [name for name in listed.split() if name in alive]

    def inside(self, *command: str) -> str:
        """Run a program in the container of etcd."""
        running = self.running()
        if not running:
            raise SystemExit("etcd-backup: etcd does not run on this machine")
        identity = f"backup-{os.getpid()}-{time.time_ns()}"
        return _output(*CTR, "tasks", "exec", "--exec-id", identity, running[0], *command)

    def apart(self, folder: Path, *command: str) -> str:
        """Run a program of etcd's image in a container of its own, which sees one folder."""
        image = self.image()
        if image not in _output(*CTR, "images", "list", "--quiet").split():
            _output(*CTR, "images", "pull", image)
        mount = f"type=bind,src={folder},dst={folder},options=rbind:rw"
        return _output(*CTR, "run", "--rm", "--mount", mount, image, f"restore-{os.getpid()}", *command)

    def image(self) -> str:
        """Return the image that etcd runs from; on a machine that never ran it, the one that kubeadm would use."""
        if (HELD / "etcd.yaml").exists():
            (image,) = re.findall(r"^[ -]*image: (\S+)$", (HELD / "etcd.yaml").read_text(), re.MULTILINE)
            return str(image)
        _output("/usr/local/lib/slipway/install-kubelet.sh", "kubeadm")
        version = os.environ["KUBELET_VERSION"]
        listed = _output("/usr/local/bin/kubeadm", "config", "images", "list", "--kubernetes-version", version)
        return next(line for line in listed.split() if "/etcd:" in line)

    def ctl(self, *arguments: str) -> str:
        """Run etcdctl against the member, by the certificate that its health is asked with."""
        client = PKI / "healthcheck-client"
        return self.inside(
            "etcdctl", "--endpoints=https://127.0.0.1:2379", f"--cacert={PKI}/ca.crt", f"--cert={client}.crt",
            f"--key={client}.key", "--command-timeout=300s", *arguments,
        )  # fmt: skip

    def status(self, snapshot: Path) -> "dict[str, Any]":
        """Return etcdutl's judgement of a snapshot; one that is damaged fails."""
        return dict(json.loads(self.inside("etcdutl", "snapshot", "status", str(snapshot), "--write-out=json")))


class Backups:
    """The snapshots of one cluster in the state bucket."""

    def __init__(self, config: "dict[str, Any]", region: str, etcd: Etcd):
        self.config = config
        self.etcd = etcd
        self.bucket, self.prefix = config["bucket"], config["backups"]
        self.data = Path(config["data"])
        self.s3 = boto3.client("s3", region_name=region)

    def names(self) -> "list[str]":
        """Return the names below the prefix."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        return [item["Key"][len(self.prefix) :] for page in pages for item in page.get("Contents", [])]

    def save(self, now: datetime) -> "str | None":
        """Take a snapshot, check it, upload it, hide old ones. Return its name, or None when another member did."""
        others = [time_ for name in self.names() if (time_ := taken(name)) is not None and time_ <= now]
        if others and now - max(others) < RECENT:
            say(f"a snapshot of {max(others):{_FORMAT}} is young enough")
            tell(max(others))
            return None
        local = self.data / "slipway-snapshot.db"
        local.unlink(missing_ok=True)
        try:
            self.etcd.ctl("snapshot", "save", str(local))
            status = self.etcd.status(local)
            name = f"{now:{_FORMAT}}-{self.config['name']}.db"
            record = {
                "snapshot": name,
                "member": self.config["name"],
                "sha256": _digest(local),
                "size": local.stat().st_size,
                "revision": status["revision"],
                "keys": status["totalKey"],
                "version": status.get("version", ""),
            }
            self.s3.upload_file(str(local), self.bucket, self.prefix + name)
            # The record is last: a snapshot without one was not uploaded whole.
            body = json.dumps(record, indent=1).encode()
            self.s3.put_object(Bucket=self.bucket, Key=f"{self.prefix}{name[:-3]}.json", Body=body)
        finally:
            local.unlink(missing_ok=True)
        say(f"saved {name}: {record['size']} bytes, revision {record['revision']}, {record['keys']} keys")
        tell(now)
        self.hide_old(now)
        return name

    def mark(self) -> None:
        """Write down that this member has had data, in the words of member.py, which asks for it at a boot."""
        authority = hashlib.sha256((PKI / "ca.crt").read_bytes()).hexdigest()[:12]
        key = f"{self.config['marker']}-{authority}.json"
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=key)
        if not found.get("Contents"):
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"{}\n")

    def hide_old(self, now: datetime) -> None:
        """Put delete markers before snapshots that retention lets go; their versions stay."""
        for name in expired(self.names(), now):
            self.s3.delete_object(Bucket=self.bucket, Key=self.prefix + name)
            say(f"hid {name}")

    def fetch(self, name: str, target: Path) -> "dict[str, Any]":
        """Download a snapshot and hold it against its record."""
        if taken(name) is None:
            raise SystemExit(f"etcd-backup: {name} is no name of a snapshot; slipway etcd backups lists them")
        body = self.s3.get_object(Bucket=self.bucket, Key=f"{self.prefix}{name[:-3]}.json")["Body"].read()
        record = dict(json.loads(body))
        target.unlink(missing_ok=True)
        target.touch(mode=0o600)
        self.s3.download_file(self.bucket, self.prefix + name, str(target))
        if _digest(target) != record["sha256"]:
            raise SystemExit(f"etcd-backup: {name} does not have the sha256 that its record has")
        return record

    def restore(self, name: str, members: str, now: datetime) -> Path:
        """Make this member's data those of a snapshot. The data of before are moved aside, and their place returned.

        `members` are those who restore it, as etcd's --initial-cluster has them. They come from outside: a machine
        that was not rolled since members were added knows fewer, and two lists make two clusters.
        """
        own = f"{self.config['name']}={self.config['peerUrl']}"
        if own not in members.split(","):
            raise SystemExit(f"etcd-backup: this machine is {own}, which is not in {members}")
        parent = self.data.parent
        snapshot, fresh = parent / "restore.db", parent / "restored"
        record = self.fetch(name, snapshot)
        aside = parent / f"before-{now:{_FORMAT}}"
        hold_manifests()
        self._wait_until_stopped()
        if fresh.exists():
            raise SystemExit(f"etcd-backup: {fresh} is of a restore that failed; look at it and remove it")
        # Revisions go on far above those that clients have seen: watches and caches of theirs notice the break
        # (etcd documentation, "Disaster recovery").
        self.etcd.apart(
            parent, "etcdutl", "snapshot", "restore", str(snapshot), "--data-dir", str(fresh),
            "--name", self.config["name"], "--initial-cluster", members,
            # All who restore this snapshot are one cluster, and none with those that still hold data of before.
            "--initial-cluster-token", f"{self.config['token']}-{name[:16]}",
            "--initial-advertise-peer-urls", self.config["peerUrl"],
            "--bump-revision", str(BUMP_REVISION), "--mark-compacted",
        )  # fmt: skip
        if self.data.exists():
            self.data.rename(aside)
        fresh.rename(self.data)
        self.data.chmod(0o700)
        snapshot.unlink()
        say(f"restored {name}, revision {record['revision']}; the data of before are in {aside}")
        say("when every member says so: etcd_backup.py start, on each of them")
        return aside

    def _wait_until_stopped(self) -> None:
        end = time.monotonic() + _STOP_SECONDS
        while self.etcd.running():
            if time.monotonic() > end:
                raise SystemExit("etcd-backup: etcd still runs; is the kubelet running?")
            time.sleep(1)


def hold_manifests() -> None:
    """Move the manifests of etcd and the API server out of the kubelet's sight, which stops both."""
    HELD.mkdir(parents=True, exist_ok=True)
    for name in ("kube-apiserver.yaml", "etcd.yaml"):
        if (MANIFESTS / name).exists():
            (MANIFESTS / name).rename(HELD / name)


def start() -> None:
    """Give the manifests back to the kubelet, and let it register anew.

    It does so at its start alone, and a snapshot from before the machine joined does not hold its Node.
    """
    for name in ("etcd.yaml", "kube-apiserver.yaml"):
        if (HELD / name).exists():
            (HELD / name).rename(MANIFESTS / name)
    _output("systemctl", "try-restart", "kubelet.service")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments say."""
    now = datetime.now(timezone.utc)  # noqa: UP017 (3.10)
    if arguments == ["save"]:
        backups = _backups()
        backups.mark()
        backups.save(now)
    elif arguments[:1] == ["restore"] and len(arguments) == 3:
        _backups().restore(arguments[1], arguments[2], now)
    elif arguments == ["start"]:
        start()
    elif arguments[:1] == ["ctl"] and len(arguments) > 1:
        print(Etcd().ctl(*arguments[1:]), end="")
    else:
        raise SystemExit("usage: etcd_backup.py save | restore SNAPSHOT MEMBERS | start | ctl ARGUMENTS")


def _backups() -> Backups:
    config = json.loads(Path("/etc/slipway/member.json").read_text())
    return Backups(config, os.environ["STATE_REGION"], Etcd())


if __name__ == "__main__":
    main(sys.argv[1:])
