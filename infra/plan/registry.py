"""Repositories of container images: one for each of the four images of a service."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from infra.plan.iam import PULL_ACTIONS
from infra.plan.tags import state_tags
from infra.spec import EnvironmentSpec
from infra.spec.partition import partition_of
from infra.spec.registry import RegistrySpec

IMAGES = ("build", "test", "service", "installation")
"""What is built of a service, in this order, each upon the last but one or the last (docs/containers.md)."""

RELEASED = ("service", "installation")
"""What runs in environments; the other two never leave the pipeline."""

UNTAGGED_DAYS = 14
"""Age at which an image goes that no tag names (any more): with immutable tags, the parts of a failed push."""


@dataclass(frozen=True)
class RepositoryPlan:
    """One repository."""

    name: str
    lifecycle_policy: str
    """JSON."""
    access_policy: str | None
    """JSON; None where no other account pulls from it."""
    tags: dict[str, str]


@dataclass(frozen=True)
class RegistryPlan:
    """All repositories of an environment's account, and the key that encrypts them."""

    key_alias: str
    key_tags: dict[str, str]
    repositories: tuple[RepositoryPlan, ...]


def plan_registry(spec: EnvironmentSpec) -> RegistryPlan | None:
    """Return the repositories, or None where the environment has none of its own."""
    if spec.registry is None:
        return None
    return RegistryPlan(
        key_alias=f"alias/slipway-images-{spec.name}",
        key_tags=state_tags(spec, f"slipway-images-{spec.name}"),
        repositories=tuple(
            _repository(spec, spec.registry, service, image) for service in spec.registry.services for image in IMAGES
        ),
    )


def _repository(spec: EnvironmentSpec, registry: RegistrySpec, service: str, image: str) -> RepositoryPlan:
    released = image in RELEASED
    name = f"{service}/{image}"
    return RepositoryPlan(
        name=name,
        lifecycle_policy=json.dumps(_lifecycle(registry.keep_released if released else registry.keep_built)),
        access_policy=json.dumps(_access(spec, registry)) if released and registry.pulled_from else None,
        tags={**state_tags(spec, name), "slipway/service": service, "slipway/image": image},
    )


def _lifecycle(keep: int) -> dict[str, Any]:
    untagged = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": UNTAGGED_DAYS,
    }
    # A rule for any status has to come last (ECR User Guide, "Lifecycle policy evaluation rules").
    beyond = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keep}
    return {
        "rules": [
            _expire(1, f"what no tag names, after {UNTAGGED_DAYS} days", untagged),
            _expire(2, f"all but the newest {keep}", beyond),
        ]
    }


def _expire(priority: int, description: str, selection: dict[str, Any]) -> dict[str, Any]:
    action = {"type": "expire"}
    return {"rulePriority": priority, "description": description, "selection": selection, "action": action}


def _access(spec: EnvironmentSpec, registry: RegistrySpec) -> dict[str, Any]:
    """Return who may pull. Pushing stays with the environment's own account; ECR itself uses the key for pulls."""
    partition = partition_of(spec.region)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Pull",
                "Effect": "Allow",
                "Principal": {
                    "AWS": [f"arn:{partition}:iam::{account}:root" for account in sorted(registry.pulled_from)]
                },
                "Action": list(PULL_ACTIONS),
            }
        ],
    }
