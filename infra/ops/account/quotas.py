"""The account's quotas of the region, and how much of them others than the environment use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.ops.account.machines import machine_types
from infra.ops.aws import ec2_items, elb_tags, is_of_cluster
from infra.ops.errors import aws_errors, error_code
from infra.plan.account.facts import Quota
from infra.plan.account.quotas import ADDRESSES, BALANCERS, NAMES, SERVICES, VCPUS, VPCS, is_standard
from infra.spec import EnvironmentSpec


def quotas(session: boto3.Session, spec: EnvironmentSpec) -> dict[str, Quota]:
    """Return code -> quota of all that an environment takes some of.

    Raises:
        OpsError: AWS cannot be asked.
    """
    cluster = spec.cluster.name
    ec2 = session.client("ec2")
    counted: Mapping[str, Callable[[], int]] = {
        VPCS: lambda: _others(ec2_items(ec2, "describe_vpcs", "Vpcs", {}), cluster),
        # This operation has no pages.
        ADDRESSES: lambda: _others(ec2.describe_addresses()["Addresses"], cluster),
        BALANCERS: lambda: _balancers(session.client("elbv2"), cluster),
        VCPUS: lambda: _vcpus(session, cluster),
    }
    told = session.client("service-quotas")
    with aws_errors("read the account's quotas and what is in use of them"):
        return {
            code: Quota(SERVICES[code], code, NAMES[code], _allowed(told, SERVICES[code], code), count())
            for code, count in counted.items()
        }


def _allowed(told: Any, service: str, code: str) -> int | None:
    try:
        return int(told.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"])
    except ClientError as error:
        if error_code(error) != "NoSuchResourceException":
            raise
        return None


def _others(found: Iterable[Mapping[str, Any]], cluster: str) -> int:
    return sum(not is_of_cluster(each.get("Tags", ()), cluster) for each in found)


def _balancers(elb: Any, cluster: str) -> int:
    arns = [
        each["LoadBalancerArn"]
        for page in elb.get_paginator("describe_load_balancers").paginate()
        for each in page["LoadBalancers"]
        if each["Type"] == "network"
    ]
    return _others(elb_tags(elb, "ResourceArns", arns), cluster)


def _vcpus(session: boto3.Session, cluster: str) -> int:
    """Return the vCPUs of machines on demand, of families that share one quota, that are of others.

    A type counts with the vCPUs that it has unless told otherwise (EC2 User Guide, "On-Demand Instance quotas").
    """
    running = {"instance-state-name": ["pending", "running"]}
    types = Counter(
        each["InstanceType"]
        for reservation in ec2_items(session.client("ec2"), "describe_instances", "Reservations", running)
        for each in reservation["Instances"]
        if is_standard(each["InstanceType"])
        and each.get("InstanceLifecycle") != "spot"
        and not is_of_cluster(each.get("Tags", ()), cluster)
    )
    sizes = machine_types(session, tuple(types)) if types else {}
    return sum(count * sizes[name].vcpus for name, count in types.items() if name in sizes)
