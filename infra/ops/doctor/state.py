"""The state object: whether the engine could read it, and what an update that died left in it."""

from __future__ import annotations

from typing import Any

from infra.ops.doctor.finding import Finding
from infra.ops.state.checkpoint import Checkpoint, DamagedStateError, PendingOperation, integrity_problems, parse
from infra.ops.state.versions import ObjectVersion, instant, read, versions_of
from infra.plan.stack_keys import StackKeys

_LOOK_BACK = 50
"""How many older versions are tried before giving up finding one that can be read."""

_SETTLE = {
    "creating": "pulumi refresh --stack {env} asks for each whether it exists: give its ID if it does, clear it if not",
    "updating": "pulumi refresh --stack {env}, then pulumi up --stack {env}: an update can be made again",
    "deleting": "pulumi refresh --stack {env}, then pulumi up --stack {env}: a deletion can be made again",
    "reading": "pulumi refresh --stack {env}: nothing was changed",
    "importing": "pulumi refresh --stack {env}, then import it again: nothing was changed",
}


def state_findings(s3: Any, bucket: str, keys: StackKeys, env: str) -> list[Finding]:
    """Return what is wrong with the stack's state.

    Raises:
        OpsError: the bucket cannot be read.
    """
    heads = [head for key in keys.states if (head := next(versions_of(s3, bucket, key), None)) is not None]
    present = [head for head in heads if not head.deleted]
    if not heads:
        fix = f"pulumi stack init {env}, if the environment is new; else check state.bucket and the project's name"
        return [Finding("state-missing", "error", f"bucket {bucket} has never held a state at {keys.state}", fix)]
    if not present:
        newest = max(heads, key=lambda each: each.time)
        problem = f"the state {newest.key} was deleted at {instant(newest.time)}"
        return [Finding("state-missing", "error", problem, _recover(s3, bucket, newest.key, env))]
    found = []
    if len(present) > 1:
        names = " and ".join(each.key for each in present)
        fix = f"let the engine write one of them: pulumi refresh --stack {env}, and delete the older by hand"
        found.append(Finding("state-twice", "warning", f"the state is there twice, {names}; the younger counts", fix))
    return found + _of_content(s3, bucket, max(present, key=lambda each: each.time), env)


def _of_content(s3: Any, bucket: str, version: ObjectVersion, env: str) -> list[Finding]:
    where = f"the state {version.key} (version {version.version_id} of {instant(version.time)})"
    try:
        checkpoint = _checkpoint(s3, bucket, version)
    except DamagedStateError as error:
        problem = f"{where} cannot be read: {error}"
        return [Finding("state-damaged", "error", problem, _recover(s3, bucket, version.key, env))]
    found = []
    wrong = integrity_problems(checkpoint)
    if wrong:
        # `pulumi state repair` would drop what refers to the missing, and the next update make it a second time.
        fix = _recover(s3, bucket, version.key, env)
        found += [Finding("state-inconsistent", "error", f"in {where}, {problem}", fix) for problem in wrong]
    return found + [_pending(operation, env) for operation in checkpoint.pending]


def _pending(operation: PendingOperation, env: str) -> Finding:
    named = f" ({operation.id})" if operation.id else ""
    problem = f"an update ended while {operation.kind} {operation.urn}{named}: what became of it is not known"
    fix = _SETTLE.get(operation.kind, "pulumi refresh --stack {env}").format(env=env)
    return Finding("pending-operation", "error", problem, fix)


def _checkpoint(s3: Any, bucket: str, version: ObjectVersion) -> Checkpoint:
    content = read(s3, bucket, version.key, version.version_id)
    if content is None:
        raise DamagedStateError("it is gone")
    return parse(content)


def _recover(s3: Any, bucket: str, key: str, env: str) -> str:
    """Return the command that brings back the newest version of a state that is sound."""
    for number, version in enumerate(versions_of(s3, bucket, key)):
        if number >= _LOOK_BACK:
            break
        if not version.deleted and is_sound(s3, bucket, version):
            return f"slipway recover {env} --to {version.version_id} --apply"
    return f"slipway history {env}, and slipway recover {env} --to an older version"


def is_sound(s3: Any, bucket: str, version: ObjectVersion) -> bool:
    """Return whether the engine would take a version of a state.

    Raises:
        OpsError: the bucket cannot be read.
    """
    try:
        return not integrity_problems(_checkpoint(s3, bucket, version))
    except DamagedStateError:
        return False
