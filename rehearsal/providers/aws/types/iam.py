"""IAM: roles and their policies, managed policies, instance profiles, OpenID Connect providers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

from rehearsal.providers.aws.kind import Kind, Props, change_tags
from rehearsal.providers.aws.naming import tag_list, tag_map
from rehearsal.providers.aws.session import Aws

_GONE = frozenset({"NoSuchEntity"})


def document(text: Any) -> str | None:
    """Return a policy document as text; boto3 hands it over parsed, percent-encoded or plain."""
    if text is None:
        return None
    if isinstance(text, Mapping):
        return json.dumps(text)
    return unquote(text) if str(text).startswith("%7B") else str(text)


class IamKind(Kind):
    """A thing of IAM that has tags, by the operations ``tag_<word>`` and ``untag_<word>``."""

    service = "iam"
    gone = _GONE
    tag_word: ClassVar[str]
    tag_argument: ClassVar[str]

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        """Change tags, then the rest."""
        if "tags" in changed:
            put, removed = change_tags(old.get("tags") or {}, new.get("tags") or {})
            which = {self.tag_argument: identifier}
            if removed:
                aws.call("iam", f"untag_{self.tag_word}", **which, TagKeys=removed)
            if put:
                aws.call("iam", f"tag_{self.tag_word}", **which, Tags=put)
        if changed - {"tags"}:
            self.modify(aws, identifier, new, changed - {"tags"})

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str]) -> None:
        """Change what is not a tag."""
        raise NotImplementedError(f"{self.token}: {sorted(changed)} cannot be changed in place")


class Role(IamKind):
    """aws_iam_role. Inline and managed policies are resources of their own here, as the vendor advises."""

    token = "aws:iam/role:Role"
    tag_word, tag_argument = "role", "RoleName"
    name_property = "name"
    force_new = frozenset({"name", "namePrefix", "path"})
    defaults = {
        "description": None,
        "forceDetachPolicies": False,
        "maxSessionDuration": 3600,
        "path": "/",
        "permissionsBoundary": None,
    }
    documents = frozenset({"assumeRolePolicy"})
    handled = frozenset(
        {"assumeRolePolicy", "description", "forceDetachPolicies", "maxSessionDuration", "name", "namePrefix", "path"}
        | {"permissionsBoundary", "tags"}
    )

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "iam",
            "create_role",
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            Path=inputs["path"],
            Description=inputs.get("description"),
            MaxSessionDuration=inputs["maxSessionDuration"],
            PermissionsBoundary=inputs.get("permissionsBoundary"),
            Tags=tag_list(inputs.get("tags")) or None,
        )
        return str(made["Role"]["RoleName"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        answer = aws.find("iam", "get_role", _GONE, RoleName=identifier)
        if answer is None:
            return None
        role = answer["Role"]
        return {
            "arn": role["Arn"],
            "assumeRolePolicy": document(role.get("AssumeRolePolicyDocument")),
            "createDate": role["CreateDate"].isoformat(),
            "description": role.get("Description") or None,
            "maxSessionDuration": role.get("MaxSessionDuration", 3600),
            "name": role["RoleName"],
            "path": role["Path"],
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tags": tag_map(role.get("Tags")),
            "uniqueId": role["RoleId"],
        }

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str]) -> None:
        if "assumeRolePolicy" in changed:
            text = new["assumeRolePolicy"]
            aws.call("iam", "update_assume_role_policy", RoleName=identifier, PolicyDocument=text)
        if changed & {"description", "maxSessionDuration"}:
            aws.call(
                "iam",
                "update_role",
                RoleName=identifier,
                Description=new.get("description") or "",
                MaxSessionDuration=new["maxSessionDuration"],
            )
        if "permissionsBoundary" in changed and new.get("permissionsBoundary"):
            boundary = new["permissionsBoundary"]
            aws.call("iam", "put_role_permissions_boundary", RoleName=identifier, PermissionsBoundary=boundary)
        elif "permissionsBoundary" in changed:
            aws.call("iam", "delete_role_permissions_boundary", RoleName=identifier)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        if state.get("forceDetachPolicies"):
            for policy in aws.call("iam", "list_attached_role_policies", RoleName=identifier)["AttachedPolicies"]:
                aws.call("iam", "detach_role_policy", RoleName=identifier, PolicyArn=policy["PolicyArn"])
            for name in aws.call("iam", "list_role_policies", RoleName=identifier)["PolicyNames"]:
                aws.call("iam", "delete_role_policy", RoleName=identifier, PolicyName=name)
        # The vendor too takes the role out of instance profiles first.
        profiles = aws.call("iam", "list_instance_profiles_for_role", RoleName=identifier)["InstanceProfiles"]
        for profile in profiles:
            aws.call(
                "iam",
                "remove_role_from_instance_profile",
                InstanceProfileName=profile["InstanceProfileName"],
                RoleName=identifier,
            )
        aws.call("iam", "delete_role", RoleName=identifier)


class RolePolicy(Kind):
    """aws_iam_role_policy; its id is ``role:policy``."""

    token = "aws:iam/rolePolicy:RolePolicy"
    service = "iam"
    gone = _GONE
    name_property = "name"
    force_new = frozenset({"name", "namePrefix", "role"})
    documents = frozenset({"policy"})
    handled = frozenset({"name", "namePrefix", "role", "policy"})

    def create(self, aws: Aws, inputs: Props) -> str:
        role, name = inputs["role"], inputs["name"]
        aws.call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=inputs["policy"])
        return f"{role}:{name}"

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        role, name = identifier.split(":", 1)
        answer = aws.find("iam", "get_role_policy", _GONE, RoleName=role, PolicyName=name)
        if answer is None:
            return None
        return {"role": role, "name": name, "policy": document(answer["PolicyDocument"])}

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        role, name = identifier.split(":", 1)
        aws.call("iam", "delete_role_policy", RoleName=role, PolicyName=name)


class RolePolicyAttachment(Kind):
    """aws_iam_role_policy_attachment; imported by ``role/policy ARN``."""

    token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    service = "iam"
    gone = _GONE
    force_new = frozenset({"role", "policyArn"})
    handled = frozenset({"role", "policyArn"})

    def create(self, aws: Aws, inputs: Props) -> str:
        aws.call("iam", "attach_role_policy", RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        role, arn = identifier.split("/", 1)
        answer = aws.find("iam", "list_attached_role_policies", _GONE, RoleName=role)
        attached = answer["AttachedPolicies"] if answer else []
        if not any(policy["PolicyArn"] == arn for policy in attached):
            return None
        return {"role": role, "policyArn": arn}

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        role, arn = identifier.split("/", 1)
        aws.call("iam", "detach_role_policy", RoleName=role, PolicyArn=arn)


class Policy(IamKind):
    """aws_iam_policy: an update makes a new default version and drops the oldest of five."""

    token = "aws:iam/policy:Policy"
    tag_word, tag_argument = "policy", "PolicyArn"
    name_property = "name"
    force_new = frozenset({"name", "namePrefix", "path", "description"})
    defaults = {"path": "/"}
    documents = frozenset({"policy"})
    handled = frozenset({"name", "namePrefix", "path", "description", "policy", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "iam",
            "create_policy",
            PolicyName=inputs["name"],
            Path=inputs["path"],
            PolicyDocument=inputs["policy"],
            Description=inputs.get("description"),
            Tags=tag_list(inputs.get("tags")) or None,
        )
        return str(made["Policy"]["Arn"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        answer = aws.find("iam", "get_policy", _GONE, PolicyArn=identifier)
        if answer is None:
            return None
        policy = answer["Policy"]
        version = aws.call("iam", "get_policy_version", PolicyArn=identifier, VersionId=policy["DefaultVersionId"])[
            "PolicyVersion"
        ]
        tags = aws.call("iam", "list_policy_tags", PolicyArn=identifier)["Tags"]
        return {
            "arn": policy["Arn"],
            "description": policy.get("Description") or None,
            "name": policy["PolicyName"],
            "path": policy["Path"],
            "policy": document(version["Document"]),
            "policyId": policy["PolicyId"],
            "tags": tag_map(tags),
        }

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str]) -> None:
        self._drop_oldest(aws, identifier)
        aws.call("iam", "create_policy_version", PolicyArn=identifier, PolicyDocument=new["policy"], SetAsDefault=True)

    def _drop_oldest(self, aws: Aws, identifier: str) -> None:
        versions = aws.call("iam", "list_policy_versions", PolicyArn=identifier)["Versions"]
        if len(versions) >= 5:  # quota "Versions per managed policy" of IAM
            spare = [version for version in versions if not version["IsDefaultVersion"]]
            oldest = min(spare, key=lambda version: int(version["VersionId"].removeprefix("v")))
            aws.call("iam", "delete_policy_version", PolicyArn=identifier, VersionId=oldest["VersionId"])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        for version in aws.call("iam", "list_policy_versions", PolicyArn=identifier)["Versions"]:
            if not version["IsDefaultVersion"]:
                aws.call("iam", "delete_policy_version", PolicyArn=identifier, VersionId=version["VersionId"])
        aws.call("iam", "delete_policy", PolicyArn=identifier)


KINDS = (
    Role(),
    RolePolicy(),
    RolePolicyAttachment(),
    Policy(),
)
