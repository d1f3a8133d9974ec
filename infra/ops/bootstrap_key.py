"""The key of the state: found by its alias, or by its tags where a run stopped before the alias was made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.ops.errors import OwnershipError, StateKeyError, aws_errors, error_code
from infra.ops.steps import Progress
from infra.plan.state_bucket import ENVIRONMENT_TAG, StateBucketPlan, StateKeyPlan

_KEY_SPEC, _KEY_USAGE = "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"
"""The one kind of key that S3 encrypts with (S3 User Guide, "Using server-side encryption with AWS KMS keys")."""

_STATE_FIXES = {
    "PendingDeletion": "aws kms cancel-key-deletion --key-id {id}, then aws kms enable-key --key-id {id}",
    "Disabled": "aws kms enable-key --key-id {id}",
}


@dataclass(frozen=True)
class FoundKey:
    """A key that exists."""

    key_id: str
    arn: str
    description: str
    tags: Mapping[str, str]
    has_alias: bool


def find_key(kms: Any, plan: StateBucketPlan, *, adopt: bool) -> FoundKey | None:
    """Return the environment's key, or None where there is none yet.

    Raises:
        OwnershipError: the alias leads to a key of another environment, or to one Slipway did not make and ``adopt``
            is not set.
        StateKeyError: the key cannot encrypt.
        OpsError: KMS refused a call, or cannot be reached.
    """
    wanted = plan.key
    metadata = _described(kms, wanted.alias)
    if metadata is None:
        return _unnamed_key(kms, plan)
    with aws_errors(f"read the tags of {wanted.alias}"):
        tags = _tags(kms, metadata["KeyId"])
    owner = tags.get(ENVIRONMENT_TAG)
    if owner is not None and owner != plan.environment:
        raise OwnershipError(
            f"{wanted.alias} leads to the key of another environment, {owner}",
            metadata["Arn"],
            "name the environment otherwise, or point the alias to a key of its own",
        )
    if owner is None and not adopt:
        raise OwnershipError(
            f"{wanted.alias} leads to a key that Slipway did not make",
            metadata["Arn"],
            "delete the alias, or take the key over with --adopt",
        )
    _require_usable(wanted, metadata)
    return _found(metadata, tags, has_alias=True)


def ensure_key(kms: Any, plan: StateKeyPlan, found: FoundKey | None, progress: Progress) -> str | None:
    """Make the key and its alias, or bring them back to the plan; return the key's ARN, None if a dry run has none.

    Raises:
        OpsError: KMS refused a call, or cannot be reached.
    """
    made: list[FoundKey] = []
    progress.ensure(
        f"KMS key {plan.alias}",
        wanted=True,
        found=None if found is None else True,
        act=lambda: made.append(_create(kms, plan)),
    )
    key = found or (made[0] if made else None)
    key_id = key.key_id if key else ""
    progress.ensure(
        f"KMS alias {plan.alias}",
        wanted=True,
        found=True if key and key.has_alias else None,
        act=_doing(f"make {plan.alias}", lambda: kms.create_alias(AliasName=plan.alias, TargetKeyId=key_id)),
        detail="completes an earlier run that was interrupted" if found else "",
    )
    _ensure_settings(kms, plan, key, progress)
    return key.arn if key else None


def _ensure_settings(kms: Any, plan: StateKeyPlan, key: FoundKey | None, progress: Progress) -> None:
    subject = f"KMS key {plan.alias}"
    key_id = key.key_id if key else ""
    with aws_errors(f"read the key of {plan.alias}"):
        rotation = kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] if key else None
        policy = json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]) if key else None
    progress.ensure(
        f"{subject}: yearly rotation",
        wanted=plan.rotation,
        found=rotation or None,
        act=_doing(f"set the rotation of {plan.alias}", lambda: kms.enable_key_rotation(KeyId=key_id)),
    )
    progress.ensure(
        f"{subject}: policy",
        wanted=json.loads(plan.policy),
        found=policy,
        act=_doing(
            f"set the policy of {plan.alias}",
            lambda: kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=plan.policy),
        ),
        detail="replaces another policy" if policy else "",
    )
    progress.ensure(
        f"{subject}: description",
        wanted=plan.description,
        found=key.description if key else None,
        act=_doing(
            f"describe {plan.alias}",
            lambda: kms.update_key_description(KeyId=key_id, Description=plan.description),
        ),
    )
    progress.ensure(
        f"{subject}: tags",
        wanted=dict(plan.tags),
        found=dict(key.tags) if key else None,
        act=_doing(f"tag {plan.alias}", lambda: _retag(kms, key_id, plan.tags, key.tags if key else {})),
    )


def _create(kms: Any, plan: StateKeyPlan) -> FoundKey:
    """Make a key whose tags say whose it is from its first moment, so that a run that stops here finds it again."""
    with aws_errors(f"make the key of {plan.alias}"):
        answer = kms.create_key(
            Description=plan.description,
            KeySpec=_KEY_SPEC,
            KeyUsage=_KEY_USAGE,
            Policy=plan.policy,
            Tags=[{"TagKey": key, "TagValue": value} for key, value in plan.tags.items()],
        )
    return _found(answer["KeyMetadata"], plan.tags, has_alias=False)


def _unnamed_key(kms: Any, plan: StateBucketPlan) -> FoundKey | None:
    with aws_errors("look through the account's keys"):
        for key_id in _key_ids(kms):
            tags = _readable_tags(kms, key_id)
            if not all(tags.get(name) == plan.key.tags[name] for name in ("Name", ENVIRONMENT_TAG)):
                continue
            metadata = kms.describe_key(KeyId=key_id)["KeyMetadata"]
            if metadata["KeyState"] == "Enabled":
                return _found(metadata, tags, has_alias=False)
    return None


def _described(kms: Any, alias: str) -> dict[str, Any] | None:
    with aws_errors(f"read {alias}"):
        try:
            metadata: dict[str, Any] = kms.describe_key(KeyId=alias)["KeyMetadata"]
        except ClientError as error:
            if error_code(error) == "NotFoundException":
                return None
            raise
    return metadata


def _require_usable(plan: StateKeyPlan, metadata: Mapping[str, Any]) -> None:
    state, key_id = metadata["KeyState"], metadata["KeyId"]
    if state != "Enabled":
        fix = _STATE_FIXES.get(state, "wait until the key is enabled, then run the command again")
        raise StateKeyError(f"the key of {plan.alias} is in state {state}", metadata["Arn"], fix.format(id=key_id))
    if (metadata["KeySpec"], metadata["KeyUsage"]) != (_KEY_SPEC, _KEY_USAGE):
        raise StateKeyError(
            f"the key of {plan.alias} is no symmetric encryption key, which S3 needs",
            metadata["Arn"],
            "delete the alias and run the command again, which makes a key",
        )


def _key_ids(kms: Any) -> Iterator[str]:
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            yield key["KeyId"]


def _tags(kms: Any, key_id: str) -> dict[str, str]:
    pages = kms.get_paginator("list_resource_tags").paginate(KeyId=key_id)
    tags = {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}
    return {name: value for name, value in tags.items() if not name.startswith("aws:")}


def _readable_tags(kms: Any, key_id: str) -> dict[str, str]:
    """Return a key's tags; none where the key's own policy shuts these credentials out: it is not one we made."""
    try:
        return _tags(kms, key_id)
    except ClientError as error:
        if error_code(error) in ("AccessDeniedException", "NotFoundException"):
            return {}
        raise


def _retag(kms: Any, key_id: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> None:
    changed = [{"TagKey": name, "TagValue": value} for name, value in wanted.items() if found.get(name) != value]
    foreign = [name for name in found if name not in wanted]
    if changed:
        kms.tag_resource(KeyId=key_id, Tags=changed)
    if foreign:
        kms.untag_resource(KeyId=key_id, TagKeys=foreign)


def _found(metadata: Mapping[str, Any], tags: Mapping[str, str], *, has_alias: bool) -> FoundKey:
    return FoundKey(
        key_id=metadata["KeyId"],
        arn=metadata["Arn"],
        description=metadata.get("Description", ""),
        tags=tags,
        has_alias=has_alias,
    )


def _doing(action: str, call: Callable[[], object]) -> Callable[[], None]:
    def act() -> None:
        with aws_errors(action):
            call()

    return act
