"""Carrying a recovery out: journal, lock, objects, lock, journal. It can be killed at any point and run again.

The journal is written first and deleted last. While the objects are of two times, the stack's lock keeps the
engine out; it is left where it is when the run dies, and taken over by the next run of the same recovery.
"""

from __future__ import annotations

import dataclasses
import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.ops.errors import OpsError
from infra.ops.recover import journal as journals
from infra.ops.recover.journal import Journal
from infra.ops.recover.objects import carry_out, standing
from infra.ops.recover.plan import RecoveryStep, plan_recovery
from infra.ops.state.lock import StackLock, new_lock, refuse_if_locked, release, stack_locks, take
from infra.ops.state.points import state_at
from infra.ops.state.versions import ObjectVersion
from infra.ops.who import user_name
from infra.plan.stack_keys import StackKeys
from infra.spec import EnvironmentSpec

Report = Callable[[RecoveryStep], None]
"""Called with each step once it is done, or found to be done."""


class ChangedError(OpsError):
    """The bucket changed between the plan and the lock."""


@dataclass(frozen=True)
class Recovering:
    """Where a recovery takes place."""

    s3: Any
    spec: EnvironmentSpec
    keys: StackKeys
    env: str
    """The environment as the user calls it, for messages."""

    @property
    def bucket(self) -> str:
        """The state bucket."""
        return self.spec.state.bucket

    def plan(self, target: ObjectVersion) -> tuple[RecoveryStep, ...]:
        """Return what bringing ``target`` back takes. Changes nothing.

        Raises:
            PointError: it holds no state that the engine would take.
            OpsError: the bucket cannot be read.
        """
        state = state_at(self.s3, self.bucket, target, env=self.env)
        return plan_recovery(self.s3, self.spec, self.keys, target, state)

    def begin(self, target: ObjectVersion, report: Report) -> Journal:
        """Bring ``target`` back, with the records that belong to it.

        Raises:
            LockedError: somebody holds the lock. Nothing was changed.
            JournalError: another recovery was begun and has not ended. Nothing was changed.
            ChangedError: somebody has changed the bucket meanwhile. Nothing was changed.
            OpsError: S3 refused a call; run :meth:`resume`.
        """
        refuse_if_locked(stack_locks(self.s3, self.bucket, self.keys), env=self.env)
        steps = self.plan(target)
        by, began = f"{user_name()}@{socket.gethostname()}", datetime.now(UTC).isoformat()
        journal = Journal(uuid.uuid4().hex[:12], by, began, target.version_id, steps)
        journals.begin(self.s3, self.bucket, self.keys, journal, env=self.env)
        lock = new_lock(self.keys, journal.lock_prefix)
        try:
            take(self.s3, self.bucket, self.keys, lock, env=self.env)
        except OpsError:
            # A lock of this recovery may be there all the same: its write went through and the answer was lost, or
            # another run has taken the recovery over. Without the journal nobody could finish what it guards.
            if not self.own_locks(journal):
                journals.end(self.s3, self.bucket, self.keys)
            raise
        if self.plan(target) != steps:
            release(self.s3, self.bucket, lock)
            journals.end(self.s3, self.bucket, self.keys)
            raise ChangedError("the bucket was changed meanwhile", self.bucket, "look at the plan again")
        self._carry_out(journal, report)
        return journal

    def resume(self, journal: Journal, report: Report, *, undo: bool = False) -> Journal:
        """Finish a recovery that was interrupted, or undo what it has done.

        Raises:
            LockedError: somebody else holds the lock, or the run that began it still lives.
            ConflictError: somebody has written one of the objects since.
            OpsError: S3 refused a call; run it again.
        """
        self._take_over(journal)
        if undo and journal.direction == "forward":
            journal = dataclasses.replace(journal, direction="undo", phase="begun")
            journals.rewrite(self.s3, self.bucket, self.keys, journal)
        if journal.phase == "done":
            self._leave(journal)
        else:
            self._carry_out(journal, report)
        return journal

    def forget(self, journal: Journal | None) -> None:
        """End an interrupted recovery, leaving every object as it is.

        Raises:
            LockedError: somebody else holds the lock, or the run that began it still lives.
            OpsError: S3 refused a call; run it again.
        """
        if journal is not None:
            self._take_over(journal)
            self._leave(journal)
        else:
            journals.end(self.s3, self.bucket, self.keys)

    def _take_over(self, journal: Journal) -> None:
        """Take the lock, in place of those of this recovery's runs that have died."""
        dead = [
            lock
            for lock in stack_locks(self.s3, self.bucket, self.keys)
            if lock.id.startswith(journal.lock_prefix) and lock.is_abandoned()
        ]
        own = new_lock(self.keys, journal.lock_prefix)
        take(self.s3, self.bucket, self.keys, own, env=self.env, besides=dead)
        for lock in dead:
            release(self.s3, self.bucket, lock)

    def _carry_out(self, journal: Journal, report: Report) -> None:
        waiting = [
            (step, standing(self.s3, self.bucket, journal, step, env=self.env))
            for step in (journal.steps if journal.direction == "forward" else reversed(journal.steps))
        ]
        for step, found in waiting:
            if found == "to do":
                carry_out(self.s3, self.bucket, journal, step)
            report(step)
        journal = dataclasses.replace(journal, phase="done")
        journals.rewrite(self.s3, self.bucket, self.keys, journal)
        self._leave(journal)

    def _leave(self, journal: Journal) -> None:
        """Release this recovery's locks, then take its journal away."""
        for lock in self.own_locks(journal):
            release(self.s3, self.bucket, lock)
        journals.end(self.s3, self.bucket, self.keys)

    def own_locks(self, journal: Journal) -> list[StackLock]:
        """Return the locks that runs of a recovery hold or have left behind.

        Raises:
            OpsError: the bucket cannot be read.
        """
        found = stack_locks(self.s3, self.bucket, self.keys)
        return [lock for lock in found if lock.id.startswith(journal.lock_prefix)]
