"""AWS partitions: what an ARN begins with, told from the region's name."""

from __future__ import annotations

_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
)
"""Prefix of region names -> partition, as botocore's ``partitions.json`` has them; every other region is in ``aws``."""


def partition_of(region: str) -> str:
    """Return the partition of ``region``: ``aws``, ``aws-cn``, ``aws-us-gov``..."""
    return next((partition for prefix, partition in _PARTITIONS if region.startswith(prefix)), "aws")
