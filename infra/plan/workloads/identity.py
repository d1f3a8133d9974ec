"""What a workload may do in AWS: a role of its own, and the token by which its pods take it on.

The pods get the token and its variables from their own template, so no admission webhook has to be there when they
are made.
"""

from __future__ import annotations

from typing import Any

from infra.plan.control_plane.issuer import AUDIENCE
from infra.plan.service_account_role import ServiceAccountRolePlan, plan_service_account_role
from infra.spec import EnvironmentSpec
from infra.spec.partition import partition_of
from infra.spec.workloads.folder_rules import TOKEN_FOLDER
from infra.spec.workloads.workload import WorkloadSpec

_TOKEN_FILE = "token"  # noqa: S105  a name of a file
_TOKEN_SECONDS = 3600
"""Life of a token; the kubelet renews it after four fifths of that. The shortest session of a role is 15 minutes."""


def workload_role(spec: EnvironmentSpec, workload: WorkloadSpec) -> ServiceAccountRolePlan | None:
    """Return the workload's role, or None where it does nothing in AWS."""
    if not workload.aws:
        return None
    return plan_service_account_role(
        spec,
        name=f"{workload.namespace}-{workload.name}",
        namespace=workload.namespace,
        service_account=workload.name,
        statements=[
            {"Effect": "Allow", "Action": list(each.actions), "Resource": list(each.resources)} for each in workload.aws
        ],
    )


def aws_variables(spec: EnvironmentSpec, workload: WorkloadSpec) -> dict[str, str]:
    """Return the environment variables that every AWS SDK looks for (SDK reference, web identity)."""
    role = workload_role(spec, workload)
    if role is None:
        return {}
    return {
        "AWS_REGION": spec.region,
        "AWS_ROLE_ARN": f"arn:{partition_of(spec.region)}:iam::{spec.account_id}:role/{role.role_name}",
        "AWS_WEB_IDENTITY_TOKEN_FILE": f"{TOKEN_FOLDER}/{_TOKEN_FILE}",
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
    }


def token_volume() -> dict[str, Any]:
    """Return the volume with the token: for STS alone, so that it opens no API server."""
    token = {"audience": AUDIENCE, "expirationSeconds": _TOKEN_SECONDS, "path": _TOKEN_FILE}
    return {"name": "aws-token", "projected": {"sources": [{"serviceAccountToken": token}], "defaultMode": 0o440}}
