"""A restoration done, ended in the middle, and done again: nothing is made twice, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
import pytest

from infra.ops.errors import OpsError
from infra.ops.kube import ClusterRefusedError
from infra.ops.volumes.restoration import Restoration, plan_restoration
from infra.ops.volumes.restore import restore
from infra.ops.volumes.view import Key, claims, snapshot_named
from infra.spec import EnvironmentSpec
from tests.infra.ops.roll.simulation import FakeClock
from tests.infra.ops.volumes.samples import Api, claim, volume
from tests.infra.samples import sample_spec

STORE = Key("shop", "data-store-0")
CLAIM_PATH = "/api/v1/namespaces/shop/persistentvolumeclaims/data-store-0"


@pytest.fixture
def spec() -> EnvironmentSpec:
    return sample_spec()


class World:
    """moto's EC2 with the volume of a claim and its snapshot, and the claim in an API server."""

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.ec2: Any = boto3.client("ec2", region_name=spec.region)
        kind = {"VolumeType": "gp3", "Iops": 4000, "Throughput": 250}
        self.former = self.ec2.create_volume(AvailabilityZone="eu-central-1a", Size=10, **kind)["VolumeId"]
        self.snapshot = self.ec2.create_snapshot(VolumeId=self.former)["SnapshotId"]
        self.api: Any = Api(persistentvolumes=[volume(handle=self.former)], persistentvolumeclaims=[claim()])
        self.clock, self.told, self.spec = FakeClock(), list[str](), spec

    def plan(self) -> Restoration:
        found = snapshot_named(self.ec2, self.snapshot)
        return plan_restoration(self.spec, STORE, found, claims(self.api), zone=None, default_class="gp3")

    def restore(self, plan: Restoration | None = None) -> str:
        cluster = self.spec.cluster.name
        return restore(plan or self.plan(), cluster, self.api, self.ec2, self.clock, self.told.append)

    def made(self) -> list[dict[str, Any]]:
        found = self.ec2.describe_volumes()["Volumes"]
        return [each for each in found if each["VolumeId"] != self.former]


@pytest.fixture
def world(cloud: None, spec: EnvironmentSpec) -> World:
    return World(spec)


def test_a_new_volume_waits_for_the_claim_and_the_old_one_is_kept(world: World) -> None:
    plan = world.plan()
    identity = world.restore()
    (made,) = world.made()
    assert (made["VolumeId"], made["SnapshotId"], made["Size"]) == (identity, world.snapshot, 10)
    assert (made["AvailabilityZone"], made["Encrypted"]) == ("eu-central-1a", True)
    assert (made["VolumeType"], made["Iops"], made["Throughput"]) == ("gp3", 4000, 250)
    assert {each["Key"]: each["Value"] for each in made["Tags"]} == dict(plan.tags)
    assert world.api.asked == [
        ("POST", "/api/v1/persistentvolumes", plan.volume_object(identity)),
        ("PATCH", "/api/v1/persistentvolumes/pvc-1", {"spec": {"persistentVolumeReclaimPolicy": "Retain"}}),
        ("DELETE", CLAIM_PATH, None),
    ]
    assert world.told == [
        f"made: {identity} from {world.snapshot} in eu-central-1a",
        f"made: PersistentVolume restored-{identity}, which waits for the claim shop/data-store-0",
        f"kept: {world.former}, PersistentVolume pvc-1",
        "deleted: claim shop/data-store-0",
    ]


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("gp2", {"VolumeType": "gp2"}),
        ("io2", {"VolumeType": "io2", "Iops": 5000}),
        ("gp3", {"VolumeType": "gp3", "Iops": 5000, "Throughput": 300}),
    ],
)
def test_the_new_volume_is_as_fast_as_the_old_one(world: World, kind: str, taken: dict[str, Any]) -> None:
    asked: list[dict[str, Any]] = []

    def describe(parsed: dict[str, Any], **_: Any) -> None:
        for each in parsed["Volumes"]:
            each.update({"VolumeType": kind, "Iops": 5000, "Throughput": 300})

    events = world.ec2.meta.events
    events.register("after-call.ec2.DescribeVolumes", describe)
    events.register("provide-client-params.ec2.CreateVolume", lambda params, **_: asked.append(dict(params)))
    world.restore()
    (one,) = asked
    assert {name: one[name] for name in ("VolumeType", "Iops", "Throughput") if name in one} == taken


def test_a_volume_that_is_gone_is_replaced_by_gp3(world: World) -> None:
    world.ec2.delete_volume(VolumeId=world.former)
    world.restore()
    assert [each["VolumeType"] for each in world.made()] == ["gp3"]


def test_a_claim_that_is_gone_needs_no_deletion(world: World) -> None:
    world.restore(replace(world.plan(), live=False, former=None))
    assert [method for method, _, _ in world.api.asked] == ["POST"]


def test_a_volume_that_is_kept_already_is_not_changed(world: World) -> None:
    world.api.lists["/api/v1/persistentvolumes"][0]["spec"]["persistentVolumeReclaimPolicy"] = "Retain"
    world.restore()
    assert [method for method, _, _ in world.api.asked] == ["POST", "DELETE"]


@pytest.mark.parametrize("at", ["POST", "PATCH", "DELETE"])
def test_ended_before_any_step_and_run_again(world: World, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = world.api.request

    def broken(method: str, path: str, body: Any = None) -> Any:
        if method == at:
            raise ClusterRefusedError(f"cannot {method}", 500, {})
        return whole(method, path, body)

    with monkeypatch.context() as patch:
        patch.setattr(world.api, "request", broken)
        with pytest.raises(OpsError, match=f"cannot {at}"):
            world.restore()
    first = world.made()
    again = world.restore()
    assert [each["VolumeId"] for each in world.made()] == [each["VolumeId"] for each in first] == [again]
    assert f"there is already: {again}, made from {world.snapshot}" in world.told
    names = [each["metadata"]["name"] for each in world.api.lists["/api/v1/persistentvolumes"]]
    assert names == ["pvc-1", f"restored-{again}"]
    assert world.api.asked[-1] == ("DELETE", CLAIM_PATH, None)


def test_a_volume_that_was_used_since_is_not_taken_again(world: World) -> None:
    first = world.restore()
    restored = world.api.lists["/api/v1/persistentvolumes"][1]
    restored["spec"]["claimRef"]["uid"] = "u2"
    assert world.restore() != first
    assert len(world.made()) == 2


def test_a_volume_of_another_zone_is_not_taken(world: World) -> None:
    first = world.restore()
    assert world.restore(replace(world.plan(), zone="eu-central-1b")) != first


def test_a_claim_that_does_not_go(world: World) -> None:
    world.api.gone_after = 1_000
    with pytest.raises(OpsError, match="the claim shop/data-store-0 does not go: a pod was started that uses it"):
        world.restore()
    assert 60 < world.clock.time < 65
    world.api.gone_after = 2
    world.restore()


@pytest.mark.parametrize(("states", "waits"), [(["creating", "creating", "available"], True), (["error"], False)])
def test_a_volume_that_takes_its_time(
    world: World, states: list[str], waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter(states)
    monkeypatch.setattr("infra.ops.volumes.restore._state", lambda *_: next(left))
    if waits:
        world.restore()
        assert world.clock.time == 4
        return
    with pytest.raises(OpsError, match=r"the volume vol-\w+ is not usable: error. Fix: look at it in EC2"):
        world.restore()
    assert world.api.asked == []


def test_a_volume_that_is_never_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.ops.volumes.restore._state", lambda *_: "creating")
    with pytest.raises(OpsError, match="is not usable: creating"):
        world.restore()
    assert 600 < world.clock.time < 605


def test_a_refusal_of_the_cluster_is_passed_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any, **__: Any) -> Any:
        raise ClusterRefusedError("cannot POST", 422, {"message": "no"})

    monkeypatch.setattr(world.api, "request", refuses)
    with pytest.raises(ClusterRefusedError, match="no"):
        world.restore()
