"""Changes of policies and bindings: what may be done after the update that might not before, and the reverse."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.ops.preview.bindings import bindings_of
from infra.ops.preview.changes import CREATE, DELETE, IMPORT, Change
from infra.ops.preview.permission import Permission, holder_of
from infra.ops.preview.secrets import UNKNOWN

ROLE = "aws:iam/role:Role"
POLICY_PROPERTIES: Mapping[str, str] = {
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/policy:Policy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    ROLE: "assumeRolePolicy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:kms/key:Key": "policy",
    "aws:sqs/queue:Queue": "policy",
    "aws:sns/topic:Topic": "policy",
}
"""Type -> the property that is a policy document."""
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_EVERYTHING = ("*", "*:*", "iam:*", "sts:*")
"""Actions that allow anything, or to give oneself anything. Case means nothing in them (IAM User Guide, "Action")."""
_EVERYTHING_POLICIES = ("/AdministratorAccess", "/IAMFullAccess")
"""Ends of the names of AWS's own policies of that kind."""

_Grant = tuple[str, str, str]


def permissions_of(changes: Sequence[Change]) -> tuple[Permission, ...]:
    """Return every action whose permission changes, the alarming ones first; those of a role that goes as one."""
    found = [permission for change in changes for permission in (*_of_change(change), *bindings_of(change))]
    gone = {_role(change) for change in changes if change.type == ROLE and change.op == DELETE}
    lost = Counter(holder for each in found if not each.added and (holder := holder_of(each)) in gone)
    found = [each for each in found if each.added or holder_of(each) not in gone]
    found += [Permission(False, role, "Allow", "anything", "anything", False, number) for role, number in lost.items()]
    return tuple(sorted(found, key=lambda each: (not each.alarming, not each.added)))


def _of_change(change: Change) -> Iterator[Permission]:
    if change.type == ATTACHMENT:
        yield from _attachment(change)
        return
    key = POLICY_PROPERTIES.get(change.type)
    if key is None:
        return
    old = change.step.old.inputs.get(key) if change.step.old and change.op not in (CREATE, IMPORT) else None
    new = change.step.new.inputs.get(key) if change.step.new and change.op != DELETE else None
    if old == new:
        return
    holder = f"{_role(change)}{' (who may take the role)' if key == 'assumeRolePolicy' else ''}"
    before, after = set(_grants(old)), set(_grants(new))
    for grant in sorted(after - before):
        yield _permission(True, holder, grant)
    for grant in sorted(before - after):
        yield _permission(False, holder, grant)


def _attachment(change: Change) -> Iterator[Permission]:
    for added, state in ((True, change.step.new), (False, change.step.old)):
        if state is None or (added and change.op == DELETE) or (not added and change.op in (CREATE, IMPORT)):
            continue
        policy = str(state.inputs.get("policyArn", UNKNOWN))
        yield Permission(
            added,
            _role(change),
            "Allow",
            "everything in the attached policy",
            policy,
            policy.endswith(_EVERYTHING_POLICIES),
        )


def _role(change: Change) -> str:
    inputs = change.step.state.inputs
    for key in ("role", "bucket", "user", "name"):
        value = inputs.get(key)
        if isinstance(value, str) and value != UNKNOWN:
            return value
    return change.label


def _permission(added: bool, holder: str, grant: _Grant) -> Permission:
    effect, action, target = grant
    everything = action.lower() in _EVERYTHING or action.startswith("all but") or "anybody" in target
    return Permission(added, holder, effect, action, target, added and effect == "Allow" and everything)


def _grants(document: Any) -> Iterator[_Grant]:
    """Return a policy document as single actions on single targets."""
    if document in (None, ""):
        return
    policy = _parsed(document)
    if policy is None:
        yield ("Allow", "what is known only during the update", str(UNKNOWN))
        return
    for statement in _listed(policy.get("Statement")):
        if not isinstance(statement, Mapping):
            continue
        effect = str(statement.get("Effect", "Allow"))
        actions = [str(each) for each in _listed(statement.get("Action"))]
        actions += [f"all but {each}" for each in _listed(statement.get("NotAction"))]
        for action in actions:
            for target in _targets(statement):
                yield effect, action, target


def _targets(statement: Mapping[str, Any]) -> Iterator[str]:
    condition = statement.get("Condition")
    when = f" if {json.dumps(condition, sort_keys=True)}" if condition else ""
    principals = _principals(statement.get("Principal"))
    principals += [f"anybody but {each}" for each in _principals(statement.get("NotPrincipal"))]
    who = "".join(f" by {each}" for each in principals)
    resources = [str(each) for each in _listed(statement.get("Resource"))]
    resources += [f"all but {each}" for each in _listed(statement.get("NotResource"))]
    for resource in resources or ["itself"]:
        yield f"{resource}{who}{when}"


def _principals(principal: Any) -> list[str]:
    if principal == "*":
        return ["anybody"]
    if isinstance(principal, Mapping):
        return [
            "anybody" if each == "*" else str(each)
            for key in sorted(principal)
            for each in sorted(map(str, _listed(principal[key])))
        ]
    return []


def _parsed(document: Any) -> Mapping[str, Any] | None:
    if isinstance(document, Mapping):
        return document
    try:
        parsed = json.loads(document)
    except (TypeError, ValueError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
