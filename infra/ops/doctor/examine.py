"""The examination as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.ops.doctor.backups import backup_findings, newest_backups
from infra.ops.doctor.bucket import bucket_findings
from infra.ops.doctor.finding import Finding
from infra.ops.doctor.locks import lock_findings
from infra.ops.doctor.recovery import recovery_findings
from infra.ops.doctor.state import state_findings
from infra.plan.stack_keys import StackKeys
from infra.spec import EnvironmentSpec


@dataclass(frozen=True)
class Examination:
    """What was found."""

    findings: tuple[Finding, ...]
    """What is wrong; errors first."""
    backups: dict[str, datetime]
    """The newest backup of ``state`` and ``etcd``, where there is one."""


def examine(s3: Any, spec: EnvironmentSpec, keys: StackKeys, env: str, now: datetime) -> Examination:
    """Look at the state, its locks, its bucket and its backups; change nothing.

    Raises:
        OpsError: the bucket cannot be asked, so that nothing can be told.
    """
    bucket = spec.state.bucket
    protections = bucket_findings(s3, spec, keys, env)
    newest = newest_backups(s3, spec, keys)
    found = [
        *state_findings(s3, bucket, keys, env),
        *recovery_findings(s3, bucket, keys, env),
        *lock_findings(s3, bucket, keys, env, now),
        *protections,
        *backup_findings(newest, env, now),
    ]
    return Examination(tuple(sorted(found, key=lambda each: each.severity)), newest)
