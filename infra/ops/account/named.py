"""What a spec names by ID or ARN, looked up one by one or by a filter: what is not there is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import boto3
from botocore.exceptions import ClientError

from infra.ops.aws import ec2_items
from infra.ops.errors import aws_errors, error_code
from infra.plan.account.facts import Address, Certificate, Named, TargetGroup
from infra.plan.account.named import References
from infra.plan.tags import CLUSTER_TAG
from infra.spec import EnvironmentSpec

_Found = TypeVar("_Found")

_ABSENT = ("TargetGroupNotFound", "NoSuchEntity", "NoSuchHostedZone", "ResourceNotFoundException")
"""Codes by which ELB, IAM, Route 53 and ACM say that there is no such thing."""


def named(session: boto3.Session, spec: EnvironmentSpec, wanted: References) -> Named:
    """Return what is there of what a spec names.

    Raises:
        OpsError: AWS cannot be asked.
    """
    ec2 = session.client("ec2")
    with aws_errors("look up what the spec names of its account"):
        existing = spec.network.vpc
        ours = {"vpc-id": [existing.id]} if existing else {f"tag:{CLUSTER_TAG}": [spec.cluster.name]}
        vpcs = list(ec2_items(ec2, "describe_vpcs", "Vpcs", ours))
        return Named(
            vpc=vpcs[0]["VpcId"] if vpcs else None,
            security_groups=_security_groups(ec2, wanted.security_groups.values()),
            target_groups=_each(wanted.target_groups.values(), _target_group(session)),
            certificates=_each(wanted.certificates.values(), _certificate(session)),
            hosted_zones=_each(wanted.hosted_zones.values(), _hosted_zone(session)),
            policies=frozenset(_each(wanted.policies.values(), _policy(session))),
            addresses=_addresses(ec2, wanted.addresses.values(), spec.cluster.name),
        )


def _each(names: Iterable[str], look_up: Callable[[str], _Found]) -> dict[str, _Found]:
    found = {}
    for name in dict.fromkeys(names):
        try:
            found[name] = look_up(name)
        except ClientError as error:
            if error_code(error) not in _ABSENT:
                raise
    return found


def _security_groups(ec2: Any, names: Iterable[str]) -> dict[str, str]:
    wanted = sorted(set(names))
    if not wanted:
        return {}
    # By a filter: EC2 refuses a whole request that names one group it does not know.
    found = ec2_items(ec2, "describe_security_groups", "SecurityGroups", {"group-id": wanted})
    return {each["GroupId"]: each.get("VpcId", "") for each in found}


def _addresses(ec2: Any, names: Iterable[str], cluster: str) -> dict[str, Address]:
    wanted = sorted(set(names))
    if not wanted:
        return {}
    # EC2 lists gateways for an hour after they are gone, and those that failed, which have no address any more.
    ours = {f"tag:{CLUSTER_TAG}": [cluster], "state": ["pending", "available"]}
    gateways = list(ec2_items(ec2, "describe_nat_gateways", "NatGateways", ours))
    subnets = sorted({each["SubnetId"] for each in gateways})
    described = ec2_items(ec2, "describe_subnets", "Subnets", {"subnet-id": subnets}) if subnets else ()
    zones = {each["SubnetId"]: str(each["AvailabilityZone"]) for each in described}
    own = {
        each.get("AllocationId"): Address(gateway=zones[gateway["SubnetId"]])
        for gateway in gateways
        for each in gateway.get("NatGatewayAddresses", ())
    }
    # By a filter, as of security groups. This operation has no pages.
    found = ec2.describe_addresses(Filters=[{"Name": "allocation-id", "Values": wanted}])["Addresses"]
    others = {each["AllocationId"]: Address(interface=str(each.get("NetworkInterfaceId", ""))) for each in found}
    return {name: own.get(name, other) for name, other in others.items()}


def _target_group(session: boto3.Session) -> Callable[[str], TargetGroup]:
    def look_up(arn: str) -> TargetGroup:
        (found,) = session.client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
        return TargetGroup(found.get("VpcId", ""), found["TargetType"])

    return look_up


def _certificate(session: boto3.Session) -> Callable[[str], Certificate]:
    def look_up(arn: str) -> Certificate:
        found = session.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
        names = dict.fromkeys([found["DomainName"], *found.get("SubjectAlternativeNames", ())])
        return Certificate(found["Status"], tuple(names))

    return look_up


def _hosted_zone(session: boto3.Session) -> Callable[[str], str]:
    def look_up(zone: str) -> str:
        return str(session.client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Name"]).rstrip(".")

    return look_up


def _policy(session: boto3.Session) -> Callable[[str], str]:
    def look_up(arn: str) -> str:
        return str(session.client("iam").get_policy(PolicyArn=arn)["Policy"]["Arn"])

    return look_up
