"""IAM roles for service accounts: what a pod may do in AWS, tied to its namespace and service account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from infra.plan.control_plane.issuer import AUDIENCE, plan_issuer
from infra.plan.policy_document import policy_document
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec

ROLE_NAME_LIMIT = 64
"""Characters of a role's name (IAM User Guide, "IAM and AWS STS quotas")."""


@dataclass(frozen=True)
class ServiceAccountRolePlan:
    """The role of one service account."""

    name: str
    """Logical name."""
    role_name: str
    description: str
    namespace: str
    service_account: str
    issuer_host: str
    policy: str
    """JSON of the inline policy."""
    permissions_boundary: str | None
    tags: Mapping[str, str]

    def trust_policy(self, provider_arn: str) -> str:
        """Return who may assume the role, as JSON: this service account with a token made for STS, and nobody else."""
        subject = f"system:serviceaccount:{self.namespace}:{self.service_account}"
        return policy_document(
            [
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": provider_arn},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                        "StringEquals": {
                            f"{self.issuer_host}:aud": AUDIENCE,
                            f"{self.issuer_host}:sub": subject,
                        }
                    },
                }
            ]
        )


def plan_service_account_role(
    spec: EnvironmentSpec,
    *,
    name: str,
    namespace: str,
    service_account: str,
    statements: Sequence[Mapping[str, Any]],
) -> ServiceAccountRolePlan:
    """Return the role of ``service_account``, allowed what the IAM policy ``statements`` say.

    ``name`` is the role's logical name; its AWS name is ``<name>.sa.<cluster>``, shortened by a hash where IAM's limit
    asks for it.
    """
    return ServiceAccountRolePlan(
        name=name,
        role_name=_role_name(f"{name}.sa.{spec.cluster.name}"),
        description=f"Service account {namespace}/{service_account} of {spec.cluster.name}",
        namespace=namespace,
        service_account=service_account,
        issuer_host=plan_issuer(spec).url.removeprefix("https://"),
        policy=policy_document(statements),
        permissions_boundary=spec.cluster.iam.permissions_boundary,
        tags=resource_tags(spec, f"{name}.sa.{spec.cluster.name}"),
    )


def _role_name(full: str) -> str:
    if len(full) <= ROLE_NAME_LIMIT:
        return full
    return f"{full[: ROLE_NAME_LIMIT - 9]}-{sha256(full.encode()).hexdigest()[:8]}"
