from __future__ import annotations

import boto3
import pytest

from infra.spec.partition import partition_of
from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import report


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
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_a_region_tells_its_partition(region: str, partition: str) -> None:
    assert partition_of(region) == partition


def test_every_region_that_botocore_knows_is_in_the_partition_it_says() -> None:
    session = boto3.Session()
    known = {
        region: partition
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition_name=partition)
    }
    assert len(known) > 30
    assert {region: partition_of(region) for region in known} == known


def test_arns_are_of_the_regions_partition() -> None:
    region, account = "us-gov-west-1", "111122223333"
    environment = sample_mapping(region=region, network={"zones": [f"{region}a"]})
    environment["instanceGroups"] = [
        {**group, "image": "ami-0123456789abcdef0", "zones": [f"{region}a"]} for group in environment["instanceGroups"]
    ]
    boundary = f"arn:aws:iam::{account}:policy/boundary"
    targets = f"arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/web/0123456789abcdef"
    acm = f"arn:aws:acm:{region}:{account}:certificate/01234567-89ab-cdef-0123-456789abcdef"
    environment["cluster"]["iam"] = {"permissionsBoundary": boundary}
    environment["instanceGroups"][1]["targetGroups"] = [targets, targets.replace("arn:aws:", "arn:aws-us-gov:")]
    environment["edge"] = {
        "firewall": [{"name": "web", "sources": ["anywhere"], "ports": [443], "hosts": ["a.example.com"]}],
        "tls": {"acm": acm},
    }
    assert report(environment) == [
        f"{place}: {arn!r} is of the partition aws, and {region} is in aws-us-gov. "
        f"Fix: write {arn.replace('arn:aws:', 'arn:aws-us-gov:')}."
        for place, arn in (
            ("cluster.iam.permissionsBoundary", boundary),
            ("instanceGroups[1].targetGroups[0]", targets),
            ("edge.tls.acm", acm),
        )
    ]


def test_the_sovereign_cloud_has_regions_and_zones() -> None:
    environment = sample_mapping(region="eusc-de-east-1", network={"zones": ["eusc-de-east-1a"]})
    environment["instanceGroups"][0]["zones"] = ["eusc-de-east-1a"]
    assert report(environment) == []
