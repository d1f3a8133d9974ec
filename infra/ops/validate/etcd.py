"""etcd: its members, and the age of its newest backup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from infra.ops.errors import aws_errors
from infra.ops.roll.etcd import EtcdHealth, problem
from infra.ops.validate.findings import Finding

CHECK = "etcd"
BACKUP_CHECK = "etcd backup"
OLDEST_BACKUP = timedelta(hours=25)
"""Age from which the newest backup is too old: one a day may be an hour late."""


def check_members(health: EtcdHealth, members: int) -> Iterator[Finding]:
    """Yield what is wrong with etcd's members."""
    wrong = problem(health.report(), members)
    if wrong:
        yield Finding(CHECK, "invalid", "etcd", wrong, "bring the members back before anything else")


def check_backup(s3: Any, bucket: str, prefix: str, now: datetime) -> Iterator[Finding]:
    """Yield whether the newest object below ``prefix`` is too old, or there is none."""
    with aws_errors(f"list the backups in s3://{bucket}/{prefix}"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = [each for page in pages for each in page.get("Contents", ())]
    # The members' own control files lie there too, so that no rule of the bucket touches them.
    times = [each["LastModified"] for each in found if not each["Key"].startswith(f"{prefix}members/")]
    where = f"s3://{bucket}/{prefix}"
    if not times:
        yield Finding(BACKUP_CHECK, "invalid", where, "holds no backup", "see the backup timer of the control plane")
        return
    age = now - max(times)
    if age > OLDEST_BACKUP:
        hours = age.total_seconds() / 3600
        problem_ = f"the newest backup is {hours:.0f} h old, and one should be made each day"
        yield Finding(BACKUP_CHECK, "invalid", where, problem_, "see the backup timer of the control plane")
