"""Snapshots of etcd, as the control plane's timer has put them into the state bucket."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from infra.ops.errors import OpsError, aws_errors
from infra.ops.state.versions import read
from infra.plan.control_plane.members import initial_cluster, plan_members
from infra.plan.state_layout import etcd_backup_prefix, etcd_member_prefix
from infra.spec import EnvironmentSpec

_NAME = re.compile(r"\d{8}T\d{6}Z-[a-z0-9-]+\.db")

OLDEST = timedelta(hours=3)
"""Age from which the newest snapshot is too old: an hourly timer that was missed twice."""

SEE_TIMER = "systemctl status slipway-etcd-backup.timer slipway-etcd-backup.service on a control-plane member"
"""What shows why there is none, or none that is young."""


class SnapshotError(OpsError):
    """There is no such snapshot, or it was not uploaded whole."""


@dataclass(frozen=True)
class Snapshot:
    """One snapshot."""

    name: str
    """Its time in UTC and the member that took it."""
    time: datetime
    """When it was uploaded."""
    size: int
    """Bytes."""
    complete: bool
    """Whether it has its record, which is uploaded last."""


def snapshots(s3: Any, spec: EnvironmentSpec) -> list[Snapshot]:
    """Return the snapshots, the newest first. Those that retention has hidden are left out.

    Raises:
        OpsError: the bucket cannot be read.
    """
    prefix = etcd_backup_prefix(spec)
    with aws_errors(f"list backups in bucket {spec.state.bucket}"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=spec.state.bucket, Prefix=prefix)
        entries = {each["Key"][len(prefix) :]: each for page in pages for each in page.get("Contents", ())}
    return [
        Snapshot(name, entry["LastModified"], entry["Size"], f"{name[:-3]}.json" in entries)
        for name, entry in sorted(entries.items(), reverse=True)
        if _NAME.fullmatch(name)
    ]


def newest_whole(s3: Any, spec: EnvironmentSpec) -> datetime | None:
    """Return when the newest snapshot was uploaded that can be restored; None where there is none.

    Raises:
        OpsError: the bucket cannot be read.
    """
    return max((each.time for each in snapshots(s3, spec) if each.complete), default=None)


def record_of(s3: Any, spec: EnvironmentSpec, name: str, env: str) -> dict[str, Any]:
    """Return a snapshot's record: its digest, size, revision and number of keys. The snapshot is checked against it.

    Raises:
        SnapshotError: there is no such snapshot, it has no record, or another size than that.
        OpsError: the bucket cannot be read.
    """
    found = next((each for each in snapshots(s3, spec) if each.name == name), None)
    fix = f"name one that slipway etcd backups {env} lists as complete"
    if found is None:
        raise SnapshotError("there is no such snapshot", name, fix)
    content = read(s3, spec.state.bucket, f"{etcd_backup_prefix(spec)}{name[:-3]}.json")
    try:
        record: dict[str, Any] = json.loads(content or b"")
        size = record["size"]
    except (ValueError, KeyError, TypeError):
        raise SnapshotError("the snapshot has no record, so it was not uploaded whole", name, fix) from None
    if size != found.size:
        raise SnapshotError("the snapshot is not as long as its record says", f"{name}: {found.size}, {size}", fix)
    return record


def never_ran(s3: Any, spec: EnvironmentSpec) -> tuple[str, ...]:
    """Return the members of which the bucket holds no mark: the hourly backup of a member that has data puts it there.

    Raises:
        OpsError: the bucket cannot be read.
    """
    names = [member.name for member in plan_members(spec)]
    prefix = etcd_member_prefix(spec, "")
    with aws_errors(f"list backups in bucket {spec.state.bucket}"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=spec.state.bucket, Prefix=prefix)
        marks = [each["Key"][len(prefix) :].rpartition("-")[0] for page in pages for each in page.get("Contents", ())]
    return tuple(name for name in names if name not in marks)


def restore_commands(spec: EnvironmentSpec, name: str) -> list[tuple[str, list[str]]]:
    """Return for each member what is run on it, in two rounds: all of them restore before any starts.

    Each is told the members by name, whichever those were when the snapshot was taken or its machine was started: only
    those that were told the same become one cluster.
    """
    program = "sudo env $(cat /etc/slipway/node.env) /usr/local/lib/slipway/etcd_backup.py"
    members = plan_members(spec)
    restore = f"{program} restore {name} {initial_cluster(members)}"
    restores = [(f"{member.name} ({member.address})", [restore]) for member in members]
    return [*restores, *((f"{member.name} ({member.address})", [f"{program} start"]) for member in members)]
