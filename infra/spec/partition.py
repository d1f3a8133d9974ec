"""AWS partitions: what an ARN begins with, told from the region's name."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem

_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
)
"""Prefix of region names -> partition, as botocore's ``partitions.json`` has them; every other region is in ``aws``."""


def partition_of(region: str) -> str:
    """Return the partition of ``region``: ``aws``, ``aws-cn``, ``aws-us-gov``..."""
    return next((partition for prefix, partition in _PARTITIONS if region.startswith(prefix)), "aws")


def check_partition(spec: EnvironmentSpec, at: Location, arn: str) -> Iterator[Problem]:
    """Yield the problem of an ARN of another partition than the environment's region: AWS knows nothing by it there."""
    partition, rest = partition_of(spec.region), arn.removeprefix("arn:").partition(":")[2]
    if not arn.startswith(f"arn:{partition}:"):
        yield Problem(
            at,
            f"is of the partition {arn.split(':')[1]}, and {spec.region} is in {partition}",
            f"write arn:{partition}:{rest}",
            repr(arn),
            (("region",),),
        )
