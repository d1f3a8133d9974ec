"""The newest backups: of Pulumi's state by the engine, of etcd by the control plane."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from infra.ops.doctor.finding import Finding
from infra.ops.errors import aws_errors
from infra.ops.etcd.snapshots import OLDEST, SEE_TIMER, newest_whole
from infra.ops.state.versions import instant
from infra.plan.stack_keys import StackKeys
from infra.spec import EnvironmentSpec


def newest_backups(s3: Any, spec: EnvironmentSpec, keys: StackKeys) -> dict[str, datetime]:
    """Return the time of the newest backup of the ``state`` and of ``etcd``; what has none that is whole is left out.

    Raises:
        OpsError: the bucket cannot be read.
    """
    with aws_errors(f"list backups in bucket {spec.state.bucket}"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=spec.state.bucket, Prefix=keys.backups)
        state = max((each["LastModified"] for page in pages for each in page.get("Contents", ())), default=None)
    found = {"state": state, "etcd": newest_whole(s3, spec)}
    return {name: time for name, time in found.items() if time is not None}


def backup_findings(newest: dict[str, datetime], env: str, now: datetime) -> list[Finding]:
    """Return what is wrong with the age of backups.

    No etcd backup at all is no finding: a cluster that was never up has none.
    """
    found = []
    if "state" not in newest:
        fix = f"pulumi up --stack {env}, without PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS"
        found.append(Finding("no-state-backup", "warning", "there is no backup of the state", fix))
    etcd = newest.get("etcd")
    if etcd is not None and now - etcd > OLDEST:
        hours = int((now - etcd).total_seconds() // 3600)
        problem = f"the newest etcd backup is {hours} hours old ({instant(etcd)}), where one is made each hour"
        found.append(Finding("etcd-backup-old", "warning", problem, SEE_TIMER))
    return found
