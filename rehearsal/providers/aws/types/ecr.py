"""ECR: repositories, their lifecycle and access policies. All have the repository's name as id."""

from __future__ import annotations

from typing import Any

from rehearsal.providers.aws.kind import Kind, Props, change_tags, find_one
from rehearsal.providers.aws.naming import tag_map
from rehearsal.providers.aws.session import Aws

_GONE = frozenset({"RepositoryNotFoundException"})


class Repository(Kind):
    """aws_ecr_repository."""

    token = "aws:ecr/repository:Repository"
    service = "ecr"
    gone = _GONE
    name_property = "name"
    force_new = frozenset({"name", "encryptionConfigurations"})
    defaults = {"forceDelete": False, "imageTagMutability": "MUTABLE"}
    computed = frozenset({"encryptionConfigurations", "imageScanningConfiguration"})
    handled = frozenset(
        {"encryptionConfigurations", "forceDelete", "imageScanningConfiguration", "imageTagMutability", "name", "tags"}
    )

    def create(self, aws: Aws, inputs: Props) -> str:
        encryption = [
            {"encryptionType": "AES256", **{key: value for key, value in each.items() if value is not None}}
            for each in inputs.get("encryptionConfigurations") or []
        ]
        aws.call(
            "ecr",
            "create_repository",
            repositoryName=inputs["name"],
            imageTagMutability=inputs["imageTagMutability"],
            imageScanningConfiguration=inputs.get("imageScanningConfiguration"),
            encryptionConfiguration=encryption[0] if encryption else None,
            tags=[{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()] or None,
        )
        return str(inputs["name"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        found = find_one(aws, "ecr", "describe_repositories", "repositories", _GONE, repositoryNames=[identifier])
        if found is None:
            return None
        tags = aws.call("ecr", "list_tags_for_resource", resourceArn=found["repositoryArn"]).get("tags", [])
        return {
            "arn": found["repositoryArn"],
            "encryptionConfigurations": [dict(found["encryptionConfiguration"])],
            "imageScanningConfiguration": found.get("imageScanningConfiguration"),
            "imageTagMutability": found["imageTagMutability"],
            "name": found["repositoryName"],
            "registryId": found["registryId"],
            "repositoryUrl": found["repositoryUri"],
            "tags": tag_map(tags),
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if "imageTagMutability" in changed:
            mutability = new["imageTagMutability"]
            aws.call("ecr", "put_image_tag_mutability", repositoryName=identifier, imageTagMutability=mutability)
        if "imageScanningConfiguration" in changed:
            scanning: Any = new.get("imageScanningConfiguration") or {"scanOnPush": False}
            aws.call(
                "ecr",
                "put_image_scanning_configuration",
                repositoryName=identifier,
                imageScanningConfiguration=scanning,
            )
        if "tags" in changed:
            put, removed = change_tags(old.get("tags") or {}, new.get("tags") or {})
            if removed:
                aws.call(
                    "ecr", "untag_resource", resourceArn=aws.arn("ecr", f"repository/{identifier}"), tagKeys=removed
                )
            if put:
                aws.call("ecr", "tag_resource", resourceArn=aws.arn("ecr", f"repository/{identifier}"), tags=put)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ecr", "delete_repository", repositoryName=identifier, force=bool(state.get("forceDelete")))


class _Policy(Kind):
    """A document attached to a repository."""

    service = "ecr"
    force_new = frozenset({"repository"})
    documents = frozenset({"policy"})
    handled = frozenset({"repository", "policy"})
    operation: str
    """The operations' common part of the name."""
    answer: str
    """The document's name in operations."""
    setter: str

    def create(self, aws: Aws, inputs: Props) -> str:
        self._put(aws, inputs["repository"], inputs["policy"])
        return str(inputs["repository"])

    def _put(self, aws: Aws, repository: str, policy: str) -> None:
        aws.call("ecr", f"{self.setter}_{self.operation}", repositoryName=repository, **{self.answer: policy})

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        found = aws.find("ecr", f"get_{self.operation}", self.gone, repositoryName=identifier)
        if found is None:
            return None
        return {"repository": identifier, "policy": found[self.answer], "registryId": found.get("registryId")}

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        self._put(aws, identifier, new["policy"])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ecr", f"delete_{self.operation}", repositoryName=identifier)


class LifecyclePolicy(_Policy):
    """aws_ecr_lifecycle_policy."""

    token = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
    gone = _GONE | {"LifecyclePolicyNotFoundException"}
    operation, answer, setter = "lifecycle_policy", "lifecyclePolicyText", "put"


class RepositoryPolicy(_Policy):
    """aws_ecr_repository_policy."""

    token = "aws:ecr/repositoryPolicy:RepositoryPolicy"
    gone = _GONE | {"RepositoryPolicyNotFoundException"}
    operation, answer, setter = "repository_policy", "policyText", "set"


KINDS = (Repository(), LifecyclePolicy(), RepositoryPolicy())
