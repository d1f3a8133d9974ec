from __future__ import annotations

import boto3
import pytest

from infra.plan.partition import partition_of


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-central-1", "aws"),
        ("us-east-1", "aws"),
        ("ca-central-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_a_region_tells_its_partition(region: str, partition: str) -> None:
    assert partition_of(region) == partition


def test_every_region_that_botocore_knows_is_in_the_partition_it_says() -> None:
    session = boto3.Session()
    known = {
        region: partition
        for partition in session.get_available_partitions()
        if partition != "aws-eusc"  # the spec takes no region of the European Sovereign Cloud
        for region in session.get_available_regions("ec2", partition_name=partition)
    }
    assert len(known) > 30
    assert {region: partition_of(region) for region in known} == known
