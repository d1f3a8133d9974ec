"""etcd: its members, and the age of its newest backup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from infra.ops.etcd.snapshots import OLDEST, SEE_TIMER, newest_whole
from infra.ops.roll.etcd import EtcdHealth, problem
from infra.ops.validate.findings import Finding
from infra.plan.state_layout import etcd_backup_prefix
from infra.spec import EnvironmentSpec

CHECK = "etcd"
BACKUP_CHECK = "etcd backup"


def check_members(health: EtcdHealth, members: int) -> Iterator[Finding]:
    """Yield what is wrong with etcd's members."""
    wrong = problem(health.report(), members)
    if wrong:
        yield Finding(CHECK, "invalid", "etcd", wrong, "bring the members back before anything else")


def check_backup(s3: Any, spec: EnvironmentSpec, now: datetime) -> Iterator[Finding]:
    """Yield whether the newest snapshot that can be restored is too old, or there is none."""
    newest = newest_whole(s3, spec)
    where = f"s3://{spec.state.bucket}/{etcd_backup_prefix(spec)}"
    if newest is None:
        yield Finding(BACKUP_CHECK, "invalid", where, "holds no backup that is whole", SEE_TIMER)
    elif now - newest > OLDEST:
        hours = (now - newest).total_seconds() / 3600
        problem_ = f"the newest backup is {hours:.0f} h old, and one should be made each hour"
        yield Finding(BACKUP_CHECK, "invalid", where, problem_, SEE_TIMER)
