"""KMS keys and aliases."""

from __future__ import annotations

from typing import Any

from rehearsal.providers.aws.kind import Kind, Props
from rehearsal.providers.aws.naming import tag_map
from rehearsal.providers.aws.session import Aws

_GONE = frozenset({"NotFoundException", "KMSInvalidStateException"})


class Key(Kind):
    """aws_kms_key; its deletion is scheduled, which counts as gone."""

    token = "aws:kms/key:Key"
    service = "kms"
    gone = _GONE
    force_new = frozenset({"keyUsage", "customerMasterKeySpec", "multiRegion", "customKeyStoreId", "xksKeyId"})
    defaults = {
        "bypassPolicyLockoutSafetyCheck": False,
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "enableKeyRotation": False,
        "isEnabled": True,
        "keyUsage": "ENCRYPT_DECRYPT",
    }
    computed = frozenset({"description", "multiRegion", "policy", "rotationPeriodInDays"})
    documents = frozenset({"policy"})
    handled = frozenset({*defaults, "description", "multiRegion", "policy", "rotationPeriodInDays", "tags"}) | {
        "deletionWindowInDays"
    }

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "kms",
            "create_key",
            Description=inputs.get("description"),
            KeyUsage=inputs["keyUsage"],
            KeySpec=inputs["customerMasterKeySpec"],
            MultiRegion=inputs.get("multiRegion"),
            Policy=inputs.get("policy"),
            BypassPolicyLockoutSafetyCheck=inputs["bypassPolicyLockoutSafetyCheck"] or None,
            Tags=_tags(inputs.get("tags")) or None,
        )
        return str(made["KeyMetadata"]["KeyId"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        if inputs["enableKeyRotation"]:
            self._rotate(aws, identifier, inputs)
        if not inputs["isEnabled"]:
            aws.call("kms", "disable_key", KeyId=identifier)

    def _rotate(self, aws: Aws, identifier: str, inputs: Props) -> None:
        days = inputs.get("rotationPeriodInDays")
        if inputs["enableKeyRotation"]:
            aws.call("kms", "enable_key_rotation", KeyId=identifier, RotationPeriodInDays=days)
        else:
            aws.call("kms", "disable_key_rotation", KeyId=identifier)

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        answer = aws.find("kms", "describe_key", _GONE, KeyId=identifier)
        if answer is None or answer["KeyMetadata"]["KeyState"] == "PendingDeletion":
            return None
        about = answer["KeyMetadata"]
        rotation: dict[str, Any] = {}
        if about["KeySpec"] == "SYMMETRIC_DEFAULT":
            rotation = aws.call("kms", "get_key_rotation_status", KeyId=identifier)
        policy = aws.call("kms", "get_key_policy", KeyId=identifier, PolicyName="default")["Policy"]
        tags = aws.call("kms", "list_resource_tags", KeyId=identifier).get("Tags")
        return {
            "arn": about["Arn"],
            "keyId": about["KeyId"],
            "customerMasterKeySpec": about["KeySpec"],
            "description": about.get("Description", ""),
            "enableKeyRotation": bool(rotation.get("KeyRotationEnabled")),
            "isEnabled": about["Enabled"],
            "keyUsage": about["KeyUsage"],
            "multiRegion": about.get("MultiRegion", False),
            "policy": policy,
            "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
            "tags": tag_map(tags, "TagKey", "TagValue"),
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if "description" in changed:
            aws.call("kms", "update_key_description", KeyId=identifier, Description=new.get("description") or "")
        if "policy" in changed:
            aws.call("kms", "put_key_policy", KeyId=identifier, PolicyName="default", Policy=new["policy"])
        if changed & {"enableKeyRotation", "rotationPeriodInDays"}:
            self._rotate(aws, identifier, new)
        if "isEnabled" in changed:
            aws.call("kms", "enable_key" if new["isEnabled"] else "disable_key", KeyId=identifier)
        if "tags" in changed:
            before, after = old.get("tags") or {}, new.get("tags") or {}
            if removed := sorted(before.keys() - after.keys()):
                aws.call("kms", "untag_resource", KeyId=identifier, TagKeys=removed)
            if put := {key: value for key, value in after.items() if before.get(key) != value}:
                aws.call("kms", "tag_resource", KeyId=identifier, Tags=_tags(put))

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        days = state.get("deletionWindowInDays", 30)
        aws.call("kms", "schedule_key_deletion", KeyId=identifier, PendingWindowInDays=days)


def _tags(tags: Props | None) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in (tags or {}).items()]


class Alias(Kind):
    """aws_kms_alias; its id is the name, which begins with ``alias/``."""

    token = "aws:kms/alias:Alias"
    service = "kms"
    gone = frozenset({"NotFoundException"})
    name_property = "name"
    generated_prefix = "alias/"
    force_new = frozenset({"name", "namePrefix"})
    handled = frozenset({"name", "namePrefix", "targetKeyId"})

    def create(self, aws: Aws, inputs: Props) -> str:
        aws.call("kms", "create_alias", AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return str(inputs["name"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        for alias in aws.pages("kms", "list_aliases", "Aliases"):
            if alias["AliasName"] == identifier and alias.get("TargetKeyId"):
                key = alias["TargetKeyId"]
                arn = aws.arn("kms", f"key/{key}")
                # The program may name the key by id or by ARN; either is the same key.
                target = arn if str(known.get("targetKeyId", "")).startswith("arn:") else key
                return {
                    "arn": alias["AliasArn"],
                    "name": identifier,
                    "targetKeyId": target,
                    "targetKeyArn": arn,
                }
        return None

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        aws.call("kms", "update_alias", AliasName=identifier, TargetKeyId=new["targetKeyId"])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("kms", "delete_alias", AliasName=identifier)


KINDS = (Key(), Alias())
