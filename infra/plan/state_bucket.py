"""The state bucket and its key, decided once: ``slipway bootstrap`` makes them, the Pulumi program adopts them.

Both read this plan, so that the program's import of what the bootstrap made finds no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.plan.naming import state_key_alias
from infra.plan.state_layout import (
    PULUMI_FOLDERS,
    config_key,
    igconfigs_prefix,
    instance_groups_prefix,
    locks_prefix,
    manifests_prefix,
)
from infra.plan.state_policies import bucket_policy, key_policy
from infra.plan.tags import state_tags
from infra.spec import EnvironmentSpec
from infra.spec.partition import partition_of

ENVIRONMENT_TAG = "slipway/environment"
"""Tag by which the bootstrap knows what it made, and for which environment."""

ABORT_UPLOAD_DAYS = 7
"""Days after which an upload in parts that was never completed is dropped."""


@dataclass(frozen=True)
class LifecycleRule:
    """What S3 does by itself with objects whose key begins with ``prefix``."""

    id: str
    prefix: str
    noncurrent_days: int
    """Days after which a replaced or deleted version is removed. Current versions are never removed."""
    abort_upload_days: int
    """Days after which an upload in parts that was never completed is dropped."""
    remove_expired_delete_markers: bool
    """Whether a delete marker goes when no version is left behind it. Pulumi makes and deletes a lock object in each
    run; their markers would pile up and slow the listing of locks down."""


@dataclass(frozen=True)
class StateKeyPlan:
    """The KMS key that encrypts the state.

    Its deletion window is left to KMS, which takes 30 days, the longest, when told nothing (KMS API Reference,
    ScheduleKeyDeletion). The window is no property of a key: an import would read none and differ from a program that
    sets it.
    """

    alias: str
    description: str
    policy: str
    """JSON."""
    rotation: bool
    tags: Mapping[str, str]


@dataclass(frozen=True)
class StateBucketPlan:
    """The bucket that holds an environment's state. Values are the words that both S3 and Pulumi use."""

    bucket: str
    account_id: str
    region: str
    environment: str
    key: StateKeyPlan
    tags: Mapping[str, str]
    versioning: str
    sse_algorithm: str
    bucket_key: bool
    """Whether S3 derives object keys from one of its own per bucket: fewer calls of KMS for the same protection."""
    block_public_access: bool
    """Value of all four settings of the public access block."""
    object_ownership: str
    """``BucketOwnerEnforced``: no ACLs, the bucket's account owns every object."""
    lifecycle_rules: tuple[LifecycleRule, ...]

    def policy(self, key_arn: str) -> str:
        """Return the bucket's policy as JSON, given the ARN of the key."""
        return bucket_policy(partition_of(self.region), self.bucket, key_arn)


def plan_state_bucket(spec: EnvironmentSpec) -> StateBucketPlan:
    """Return the state bucket of the environment."""
    return StateBucketPlan(
        bucket=spec.state.bucket,
        account_id=spec.account_id,
        region=spec.region,
        environment=spec.name,
        key=StateKeyPlan(
            alias=state_key_alias(spec.name),
            description=f"Slipway: state of environment {spec.name}",
            policy=key_policy(partition_of(spec.region), spec.account_id),
            rotation=True,
            tags=state_tags(spec, f"slipway-state-{spec.name}"),
        ),
        tags=state_tags(spec, spec.state.bucket),
        versioning="Enabled",
        sse_algorithm="aws:kms",
        bucket_key=True,
        block_public_access=True,
        object_ownership="BucketOwnerEnforced",
        lifecycle_rules=_lifecycle_rules(spec),
    )


def rules_matching(plan: StateBucketPlan, key: str) -> tuple[LifecycleRule, ...]:
    """Return the lifecycle rules that S3 applies to the object ``key``: those whose prefix it begins with."""
    return tuple(rule for rule in plan.lifecycle_rules if key.startswith(rule.prefix))


def _lifecycle_rules(spec: EnvironmentSpec) -> tuple[LifecycleRule, ...]:
    """One rule for each named prefix: what is not named is kept, CAs (``pki/``) and ``backups/`` above all."""
    prefixes = {
        **{f"pulumi-{folder.split('/')[1]}": folder for folder in PULUMI_FOLDERS},
        "config": config_key(spec),
        "instancegroup": instance_groups_prefix(spec),
        "igconfig": igconfigs_prefix(spec),
        "manifests": manifests_prefix(spec),
        "locks": locks_prefix(spec),
    }
    return tuple(
        LifecycleRule(
            id=f"expire-replaced-{name}",
            prefix=prefix,
            noncurrent_days=spec.state.noncurrent_version_days,
            abort_upload_days=ABORT_UPLOAD_DAYS,
            remove_expired_delete_markers=True,
        )
        for name, prefix in prefixes.items()
    )
