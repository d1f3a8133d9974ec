"""Names of AWS resources, made from the spec so that they can be told before anything exists."""

from __future__ import annotations

from hashlib import sha256

from infra.spec import EnvironmentSpec, InstanceGroupSpec

MEMBER_TAG = "slipway/member"
"""Tag by which a machine finds the address and volume of the member it is, and by which IAM lets it take no other."""


def group_identity(group: InstanceGroupSpec) -> str:
    """Return the name under which the group was created: what its Pulumi and AWS names are made of.

    A later rename (``renamedFrom``) leaves it as it was, so that a rename never replaces machines.
    """
    return group.renamed_from or group.name


def group_resource_name(spec: EnvironmentSpec, group: InstanceGroupSpec) -> str:
    """Return ``<group>.<cluster>``, the AWS name of the group's resources, as kops names them."""
    return f"{group_identity(group)}.{spec.cluster.name}"


def dashed_cluster_name(spec: EnvironmentSpec) -> str:
    """Return the cluster's name with hyphens for dots, for services that take no dots (SQS, EventBridge, ELB)."""
    return spec.cluster.name.replace(".", "-")


def state_key_alias(environment: str) -> str:
    """Return the KMS alias of the key that encrypts the environment's state."""
    return f"alias/slipway-state-{environment}"


ELB_NAME_LIMIT = 32
"""Characters of a load balancer's and a target group's name (ELBv2 API, CreateLoadBalancer, CreateTargetGroup)."""


def shortened(name: str, limit: int, identity: str, digits: int = 8) -> str:
    """Return ``name``, cut to ``limit`` characters where it must be and then told apart by a digest of ``identity``."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - digits - 1].rstrip('-')}-{sha256(identity.encode()).hexdigest()[:digits]}"


def kubernetes_token(api_version: str, kind: str) -> str:
    """Return the type that pulumi-kubernetes has for a kind: the core group is written out in it."""
    return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{kind}"
