"""A recovery that was begun and has not ended."""

from __future__ import annotations

from typing import Any

from infra.ops.doctor.finding import Finding
from infra.ops.recover.journal import JournalError, load
from infra.ops.state.lock import RECOVERY_LOCK, stack_locks
from infra.plan.stack_keys import StackKeys


def recovery_findings(s3: Any, bucket: str, keys: StackKeys, env: str) -> list[Finding]:
    """Return what a recovery has left: its journal, or a lock without one.

    Raises:
        OpsError: the bucket cannot be read.
    """
    try:
        journal = load(s3, bucket, keys, env=env)
    except JournalError as error:
        return [Finding("recovery-journal", "error", f"{error.what}: {error.value}", error.fix)]
    if journal is None:
        return [
            Finding("lock-abandoned", "error", f"the lock of {lock} is of a recovery that has ended",
                    f"slipway lock {env} --release {lock.id}")
            for lock in stack_locks(s3, bucket, keys)
            if lock.id.startswith(RECOVERY_LOCK)
        ]  # fmt: skip
    finish, undo = f"slipway recover {env} --to {journal.version} --apply", f"slipway recover {env} --undo --apply"
    # What is undone in part can only be undone to the end.
    fix = f"{undo} undoes it to the end" if journal.direction == "undo" else f"{finish} finishes it, {undo} undoes it"
    return [Finding("recovery-interrupted", "error", journal.unfinished, fix)]
