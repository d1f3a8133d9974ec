"""Repositories of container images."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.plan.registry import RegistryPlan, RepositoryPlan


class Registry(pulumi.ComponentResource):
    """Maps a :class:`RegistryPlan` to a key and repositories whose tags cannot be moved.

    Key and repositories are protected: environments beyond this one pull what they hold.
    """

    def __init__(self, name: str, plan: RegistryPlan, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:Registry", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._kept = pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=True))
        key = aws.kms.Key(
            name,
            description="Encrypts the images of services",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            tags=plan.key_tags,
            opts=self._kept,
        )
        aws.kms.Alias(name, name=plan.key_alias, target_key_id=key.key_id, opts=self._child)
        self.urls: dict[str, pulumi.Output[str]] = {
            each.name: self._repository(each, key.arn).repository_url for each in plan.repositories
        }
        self.register_outputs({"urls": dict(self.urls)})

    def _repository(self, plan: RepositoryPlan, key_arn: pulumi.Input[str]) -> aws.ecr.Repository:
        repository = aws.ecr.Repository(
            plan.name,
            name=plan.name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[
                aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=key_arn)
            ],
            tags=plan.tags,
            opts=self._kept,
        )
        aws.ecr.LifecyclePolicy(plan.name, repository=repository.name, policy=plan.lifecycle_policy, opts=self._child)
        if plan.access_policy is not None:
            aws.ecr.RepositoryPolicy(plan.name, repository=repository.name, policy=plan.access_policy, opts=self._child)
        return repository
