"""Deleting leftovers, again and again while something still hangs on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.ops.clock import Clock
from infra.ops.destroy.leftovers import Leftover
from infra.ops.errors import OpsError, aws_errors, error_code

PATIENCE_SECONDS = 600
"""A network load balancer's interfaces go within minutes of it; ten times that is a reason to look."""

_PAUSE_SECONDS = 10

_STILL_USED = (
    "DependencyViolation",
    "ResourceInUse",
    "VolumeInUse",
    "InvalidNetworkInterface.InUse",
    "InvalidParameterValue",
    "OperationNotPermitted",
)
"""How AWS says that something else must go first."""

_GONE = (
    "InvalidInstanceID.NotFound",
    "InvalidVolume.NotFound",
    "InvalidGroup.NotFound",
    "InvalidNetworkInterfaceID.NotFound",
    "LoadBalancerNotFound",
    "TargetGroupNotFound",
    "AccessPointNotFound",
)

Tell = Callable[[str], None]


class StuckError(OpsError):
    """Something still hangs on a leftover after all patience."""


def sweep(session: boto3.Session, leftovers: Sequence[Leftover], clock: Clock, tell: Tell) -> None:
    """Delete leftovers in their order; what is still in use is tried again until it is not.

    Raises:
        StuckError: something is still in use after :data:`PATIENCE_SECONDS`. It names each and what AWS said.
        OpsError: AWS refused for another reason.
    """
    waiting = list(leftovers)
    began = clock.seconds()
    while waiting:
        said: dict[Leftover, str] = {}
        for each in waiting:
            reason = _delete(session, each)
            if reason is None:
                tell(f"deleted: {each}")
            else:
                said[each] = reason
        waiting = list(said)
        if not waiting:
            return
        elapsed = clock.seconds() - began
        if elapsed > PATIENCE_SECONDS:
            told = "; ".join(f"{each}: {reason}" for each, reason in said.items())
            raise StuckError(
                f"still in use after {int(elapsed)} seconds", told, "remove what holds it, then run the command again"
            )
        tell(f"waiting for {len(waiting)} in use: {', '.join(each.id for each in waiting)} ({int(elapsed)} s)")
        clock.wait(_PAUSE_SECONDS)


def _delete(session: boto3.Session, leftover: Leftover) -> str | None:
    """Return None once it is gone, or why it is still in use."""
    with aws_errors(f"delete {leftover}"):
        try:
            _CALLS[leftover.kind](session, leftover.id)
        except ClientError as error:
            if error_code(error) in _GONE:
                return None
            if error_code(error) in _STILL_USED:
                return str(error.response["Error"].get("Message", error_code(error)))
            raise
    return None


def _delete_group(session: boto3.Session, group: str) -> None:
    """Delete a security group, and first the rules of others that name it: they alone would keep it for ever."""
    ec2 = session.client("ec2")
    for direction, revoke in (
        ("ip-permission.group-id", ec2.revoke_security_group_ingress),
        ("egress.ip-permission.group-id", ec2.revoke_security_group_egress),
    ):
        field = "IpPermissions" if direction.startswith("ip-") else "IpPermissionsEgress"
        naming = ec2.describe_security_groups(Filters=[{"Name": direction, "Values": [group]}])["SecurityGroups"]
        for other in naming:
            if other["GroupId"] == group:
                continue
            rules = [_only(rule, group) for rule in other[field] if _names(rule, group)]
            if rules:
                revoke(GroupId=other["GroupId"], IpPermissions=rules)
    ec2.delete_security_group(GroupId=group)


def _names(rule: dict[str, Any], group: str) -> bool:
    return any(pair.get("GroupId") == group for pair in rule.get("UserIdGroupPairs", ()))


def _only(rule: dict[str, Any], group: str) -> dict[str, Any]:
    """Return the part of a rule that names a group; its other sources stay."""
    kept: dict[str, Any] = {name: rule[name] for name in ("IpProtocol", "FromPort", "ToPort") if name in rule}
    return {**kept, "UserIdGroupPairs": [pair for pair in rule["UserIdGroupPairs"] if pair.get("GroupId") == group]}


_CALLS: dict[str, Callable[[boto3.Session, str], object]] = {
    "machine": lambda session, id_: session.client("ec2").terminate_instances(InstanceIds=[id_]),
    "load balancer": lambda session, id_: session.client("elbv2").delete_load_balancer(LoadBalancerArn=id_),
    "classic load balancer": lambda session, id_: session.client("elb").delete_load_balancer(LoadBalancerName=id_),
    "target group": lambda session, id_: session.client("elbv2").delete_target_group(TargetGroupArn=id_),
    "network interface": lambda session, id_: session.client("ec2").delete_network_interface(NetworkInterfaceId=id_),
    "volume": lambda session, id_: session.client("ec2").delete_volume(VolumeId=id_),
    "security group": _delete_group,
}
