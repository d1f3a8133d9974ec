"""Claims with what is behind and before them, and which snapshots are of which claim."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from infra.ops.errors import OpsError
from infra.ops.volumes.take import take_snapshot
from infra.ops.volumes.view import Claim, Disk, Key, claims, default_class, snapshot_named, snapshot_of, snapshots
from infra.spec import EnvironmentSpec
from tests.infra.ops.volumes.samples import Api, claim, pod, volume
from tests.infra.samples import sample_spec

STORE = Key("shop", "data-store-0")


@pytest.fixture
def spec() -> EnvironmentSpec:
    return sample_spec()


@pytest.fixture
def ec2(cloud: None, spec: EnvironmentSpec) -> Any:
    return boto3.client("ec2", region_name=spec.region)


def bound(handle: str, key: Key = STORE) -> Claim:
    disk = Disk(f"pv-{handle}", handle, "eu-central-1a", "Delete", "ext4")
    return Claim(key, "Bound", "10Gi", ("ReadWriteOncePod",), "gp3", disk, ())


def made(ec2: Any, zone: str = "eu-central-1a") -> str:
    return str(ec2.create_volume(AvailabilityZone=zone, Size=10, VolumeType="gp3")["VolumeId"])


def test_a_claim_with_its_volume_and_its_pods() -> None:
    api: Any = Api(
        persistentvolumes=[volume(), volume("pvc-2", "vol-2")],
        persistentvolumeclaims=[claim()],
        pods=[
            pod("store-1"),
            pod("web", "data-store-0"),
            pod("job", "data-store-0"),
            pod("x", "data-store-0", namespace="y"),
        ],
    )
    disk = Disk("pvc-1", "vol-1", "eu-central-1a", "Delete", "xfs")
    assert claims(api) == [Claim(STORE, "Bound", "10Gi", ("ReadWriteOncePod",), "gp3", disk, ("job", "web"))]
    assert api.queries["/api/v1/pods"] == {"fieldSelector": "status.phase!=Succeeded,status.phase!=Failed"}


def test_a_claim_that_waits_and_one_of_another_driver() -> None:
    other = volume("pv-efs", "fs-1", driver="efs.csi.aws.com", key="topology.ebs.csi.aws.com/zone")
    api: Any = Api(persistentvolumes=[other], persistentvolumeclaims=[claim("b", ""), claim("a", "pv-efs")])
    first, second = claims(api)
    assert (first.key.name, first.disk) == ("a", Disk("pv-efs", "", "eu-central-1a", "Delete", "xfs"))
    assert (second.phase, second.size, second.disk) == ("Pending", "8Gi", None)


@pytest.mark.parametrize(
    ("marks", "found"), [({}, ""), ({"gp3": "true"}, "gp3"), ({"gp3": "false", "io2": "true"}, "io2")]
)
def test_the_class_of_claims_that_name_none(marks: dict[str, str], found: str) -> None:
    key = "storageclass.kubernetes.io/is-default-class"
    classes = [{"metadata": {"name": "plain"}}] + [
        {"metadata": {"name": name, "annotations": {key: mark}}} for name, mark in marks.items()
    ]
    api: Any = Api(storageclasses=classes)
    assert default_class(api) == found


def test_a_snapshot_is_taken_and_found_with_its_claim(ec2: Any, spec: EnvironmentSpec) -> None:
    store, other = bound(made(ec2)), bound(made(ec2), Key("shop", "data-store-1"))
    identity = take_snapshot(ec2, spec, store)
    by_hand = ec2.create_snapshot(VolumeId=other.disk.handle if other.disk else "")["SnapshotId"]
    ec2.create_snapshot(VolumeId=made(ec2))  # of nobody's volume
    found = {each.id: each for each in snapshots(ec2, spec.cluster.name, [store, other])}
    assert {key: each.key for key, each in found.items()} == {identity: STORE, by_hand: other.key}
    assert (found[identity].size_gi, found[identity].state) == (10, "completed")
    # The claim and its volume may be gone: the snapshot's tags tell still.
    assert [each.key for each in snapshots(ec2, spec.cluster.name, [])] == [STORE]
    assert snapshots(ec2, "other.example.com", []) == []
    (described,) = ec2.describe_snapshots(SnapshotIds=[identity])["Snapshots"]
    assert described["Description"] == f"shop/data-store-0 of {spec.cluster.name}, by slipway volumes snapshot"
    tags = {each["Key"]: each["Value"] for each in described["Tags"]}
    assert tags["Name"] == f"shop-data-store-0.{spec.cluster.name}"
    assert tags["slipway/environment"] == spec.name


def test_snapshots_come_the_newest_first_and_volumes_are_asked_in_parts() -> None:
    class Ec2:
        def __init__(self) -> None:
            self.asked: list[Any] = []

        def get_paginator(self, operation: str) -> Any:
            assert operation == "describe_snapshots"
            return self

        def paginate(self, **asked: Any) -> list[dict[str, Any]]:
            self.asked.append(asked)
            day = len(self.asked)
            one = {"SnapshotId": f"s-{day}", "StartTime": datetime(2026, 1, day, tzinfo=UTC), "VolumeSize": 1}
            return [{"Snapshots": [{**one, "State": "completed"}]}]

    ec2 = Ec2()
    known = [bound(f"vol-{number}") for number in range(401)]
    assert [each.id for each in snapshots(ec2, "c", known)] == ["s-4", "s-3", "s-2", "s-1"]
    assert all(each["OwnerIds"] == ["self"] for each in ec2.asked)
    assert [len(each["Filters"][0]["Values"]) for each in ec2.asked] == [1, 200, 200, 1]


@pytest.mark.parametrize(
    ("tags", "key"),
    [
        ({}, STORE),
        ({"namespace": "a"}, STORE),
        ({"name": "b"}, STORE),
        ({"namespace": "a", "name": "b"}, Key("a", "b")),
    ],
)
def test_tags_tell_before_the_volume(tags: dict[str, str], key: Key) -> None:
    raw = {"SnapshotId": "s", "VolumeId": "v", "StartTime": datetime(2026, 1, 1, tzinfo=UTC), "VolumeSize": 1}
    written = [{"Key": f"kubernetes.io/created-for/pvc/{name}", "Value": value} for name, value in tags.items()]
    assert snapshot_of({**raw, "State": "pending", "Tags": written}, {"v": STORE}).key == key


def test_a_snapshot_by_its_id(ec2: Any) -> None:
    made_of = made(ec2)
    identity = ec2.create_snapshot(VolumeId=made_of)["SnapshotId"]
    found = snapshot_named(ec2, identity)
    assert (found.id, found.volume, found.key) == (identity, made_of, None)
    with pytest.raises(OpsError, match="no such snapshot in the account and region: snap-1"):
        snapshot_named(ec2, "snap-1")


@pytest.mark.parametrize(
    ("disk", "said"),
    [(None, "has no EBS volume: Pending. Fix"), (Disk("pv", "", "a", "Retain", ""), "has no EBS volume: efs. Fix")],
)
def test_what_no_snapshot_can_be_taken_of(disk: Disk | None, said: str, spec: EnvironmentSpec) -> None:
    one = Claim(STORE, "Pending", "1Gi", (), "efs", disk, ())
    with pytest.raises(OpsError, match=said):
        take_snapshot(None, spec, one)
