"""Load balancers that AWS itself refuses to delete, which would stop a destroy half-way.

The state says what was declared. What counts is what AWS has: a person can protect any load balancer by hand, and the
AWS Load Balancer Controller does so for a Service or an Ingress that asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.ops.errors import aws_errors, error_code

_ATTRIBUTE = "deletion_protection.enabled"


def guarded_by_aws(session: boto3.Session, arns: Iterable[str]) -> frozenset[str]:
    """Return which of these load balancers AWS refuses to delete. One that is gone is not among them.

    Raises:
        OpsError: AWS cannot be asked.
    """
    elb = session.client("elbv2")
    with aws_errors("look for load balancers that are protected from deletion"):
        return frozenset(arn for arn in arns if _is_guarded(elb, arn))


def release_command(arn: str) -> str:
    """Return the command by which a person lifts the protection."""
    return (
        f"aws elbv2 modify-load-balancer-attributes --load-balancer-arn {arn} --attributes Key={_ATTRIBUTE},Value=false"
    )


def _is_guarded(elb: Any, arn: str) -> bool:
    try:
        found = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    except ClientError as error:
        if error_code(error) == "LoadBalancerNotFound":
            return False
        raise
    return any(each["Key"] == _ATTRIBUTE and each["Value"] == "true" for each in found)
