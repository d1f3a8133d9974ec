"""What a rehearsal does to its AWS stand-in by AWS's own calls."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from rehearsal.environment.cloud import Cloud
from rehearsal.environment.layout import Layout
from rehearsal.moto.balancers import keep_protected_balancers

REGION = "eu-central-1"


@mock_aws
def test_load_balancers_are_released_before_a_destroy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_protected_balancers()
    cloud = Cloud(Layout("test", tmp_path))
    monkeypatch.setattr(cloud, "client", lambda service, region: boto3.client(service, region_name=region))
    ec2, elb = (boto3.client(name, region_name=REGION) for name in ("ec2", "elbv2"))
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
    attributes = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    for name in ("edge", "api"):
        made = elb.create_load_balancer(Name=name, Type="network", Subnets=subnets)["LoadBalancers"][0]
        elb.modify_load_balancer_attributes(LoadBalancerArn=made["LoadBalancerArn"], Attributes=attributes)
    cloud.release_balancers(REGION)
    for each in elb.describe_load_balancers()["LoadBalancers"]:
        elb.delete_load_balancer(LoadBalancerArn=each["LoadBalancerArn"])
    assert elb.describe_load_balancers()["LoadBalancers"] == []


@mock_aws
def test_the_volumes_of_a_clusters_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(Layout("test", tmp_path))
    ec2 = boto3.client("ec2", region_name=REGION)
    monkeypatch.setattr(cloud, "client", lambda *_: ec2)

    def volume(cluster: str, **tags: str) -> str:
        written = [{"Key": key, "Value": value} for key, value in {"KubernetesCluster": cluster, **tags}.items()]
        specification = [{"ResourceType": "volume", "Tags": written}]
        made = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=20, TagSpecifications=specification)
        return str(made["VolumeId"])

    volume("c")
    volume("other", **{"slipway/member": "a"})
    expected = {name: volume("c", **{"slipway/member": name}) for name in "ab"}
    assert cloud.etcd_volumes(REGION, "c") == expected
