"""Which objects get which version, so that Pulumi's state and the cluster's records are of one time again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from infra.ops.state.checkpoint import Checkpoint
from infra.ops.state.records import record_prefixes
from infra.ops.state.versions import ObjectVersion, as_of, current, versions, versions_of
from infra.plan.stack_keys import StackKeys
from infra.spec import EnvironmentSpec


@dataclass(frozen=True)
class RecoveryStep:
    """What is done with one object."""

    key: str
    action: Literal["restore", "hide"]
    """``restore``: the version ``source`` is copied onto the key; ``hide``: a delete marker is put before what was not
    there at that time. All versions stay."""
    source: str | None
    """Version to be copied; None to hide."""
    before: str | None
    """Version that was current when this was planned; None where there was none."""
    time: datetime | None = None
    """When the source was written; for people."""


def plan_recovery(
    s3: Any, spec: EnvironmentSpec, keys: StackKeys, target: ObjectVersion, state: Checkpoint
) -> tuple[RecoveryStep, ...]:
    """Return the steps to be done, records first and the state last. Objects that are right already are left out.

    A record is brought back as the state itself names it, where it does, and else as it was when the state was written.

    Raises:
        OpsError: the bucket cannot be read.
    """
    bucket = spec.state.bucket
    found = [each for prefix in record_prefixes(spec) for each in versions(s3, bucket, prefix)]
    found += versions_of(s3, bucket, keys.tags)
    steps = plan_records(found, target.time, named_versions(state, bucket))
    for key in keys.states:
        head = next(versions_of(s3, bucket, key), None)
        present = head.version_id if head is not None and not head.deleted else None
        wanted = target if key == target.key else None
        steps += _step(key, wanted, present)
    return tuple(steps)


def plan_records(found: Iterable[ObjectVersion], time: datetime, named: Mapping[str, str]) -> list[RecoveryStep]:
    """Return the steps that bring records back to a time, or to the versions ``named`` by key."""
    every = list(found)
    then, now = as_of(every, time), current(every)
    exact = {each.key: each for each in every if named.get(each.key) == each.version_id and not each.deleted}
    steps: list[RecoveryStep] = []
    for key in sorted({each.key for each in every}):
        wanted = exact.get(key) or then.get(key)
        head = now.get(key)
        present = head.version_id if head is not None and not head.deleted else None
        steps += _step(key, None if wanted is None or wanted.deleted else wanted, present)
    return steps


def _step(key: str, wanted: ObjectVersion | None, present: str | None) -> list[RecoveryStep]:
    if wanted is None:
        return [] if present is None else [RecoveryStep(key, "hide", None, present)]
    if wanted.version_id == present:
        return []
    return [RecoveryStep(key, "restore", wanted.version_id, present, wanted.time)]


def named_versions(state: Checkpoint, bucket: str) -> dict[str, str]:
    """Return key -> version ID of the objects that the state says it wrote to the bucket."""
    found = {}
    for resource in state.resources:
        outputs = resource.get("outputs") or {}
        if "s3/bucketObject" not in str(resource.get("type", "")) or outputs.get("bucket") != bucket:
            continue
        key, version = outputs.get("key"), outputs.get("versionId")
        replaced = resource.get("delete") and key in found  # it stands behind what replaced it, until it is deleted
        if isinstance(key, str) and isinstance(version, str) and version and not replaced:
            found[key] = version
    return found
