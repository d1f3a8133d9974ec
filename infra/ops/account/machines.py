"""Zones of the region, and the instance types that EC2 offers in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import boto3

from infra.ops.aws import ec2_items
from infra.ops.errors import aws_errors
from infra.plan.account.facts import MachineType

_STANDARD_ZONE = "availability-zone"


def zones(session: boto3.Session) -> dict[str, str]:
    """Return the region's availability zones -> their states, without Local and Wavelength Zones.

    Raises:
        OpsError: AWS cannot be asked.
    """
    with aws_errors("list the zones of the region"):
        found = session.client("ec2").describe_availability_zones()["AvailabilityZones"]
    return {each["ZoneName"]: each["State"] for each in found if each.get("ZoneType", _STANDARD_ZONE) == _STANDARD_ZONE}


def machine_types(session: boto3.Session, names: Sequence[str]) -> dict[str, MachineType]:
    """Return those of the named instance types that the region has.

    Raises:
        OpsError: AWS cannot be asked.
    """
    ec2 = session.client("ec2")
    offered: dict[str, set[str]] = defaultdict(set)
    with aws_errors("read what instance types the region has"):
        pages = ec2.get_paginator("describe_instance_type_offerings").paginate(
            LocationType=_STANDARD_ZONE, Filters=[{"Name": "instance-type", "Values": list(names)}]
        )
        for page in pages:
            for each in page["InstanceTypeOfferings"]:
                offered[each["InstanceType"]].add(each["Location"])
        if not offered:
            return {}
        # By a filter and not by name: EC2 refuses a whole request that names one type it does not know.
        described = list(ec2_items(ec2, "describe_instance_types", "InstanceTypes", {"instance-type": sorted(offered)}))
    return {
        each["InstanceType"]: MachineType(
            frozenset(offered[each["InstanceType"]]),
            frozenset(each["ProcessorInfo"]["SupportedArchitectures"]),
            int(each["VCpuInfo"]["DefaultVCpus"]),
        )
        for each in described
    }
