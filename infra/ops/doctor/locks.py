"""Locks that nobody holds any more, or has held for long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from infra.ops.doctor.finding import Finding
from infra.ops.state.lock import RECOVERY_LOCK, parsed_time, stack_locks
from infra.plan.stack_keys import StackKeys

LONG = timedelta(hours=2)
"""An update that creates a whole cluster takes well under an hour."""


def lock_findings(s3: Any, bucket: str, keys: StackKeys, env: str, now: datetime) -> list[Finding]:
    """Return the locks that are abandoned, or old enough to ask their holder.

    Raises:
        OpsError: the bucket cannot be read.
    """
    found = []
    for lock in stack_locks(s3, bucket, keys):
        fix = f"slipway lock {env} --release {lock.id}"
        if lock.id.startswith(RECOVERY_LOCK):
            continue  # told with the recovery, which alone may take it away
        since = parsed_time(lock.since)
        if lock.is_abandoned():
            problem = f"the lock of {lock} is abandoned: that process has ended"
            found.append(Finding("lock-abandoned", "error", problem, fix))
        elif since is None or now - since > LONG:
            problem = f"the lock of {lock} is old"
            fix = f"ask {lock.user} whether process {lock.pid} on {lock.host} still runs; if not: {fix}"
            found.append(Finding("lock-old", "warning", problem, fix))
    return found
