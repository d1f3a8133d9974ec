"""A claim brought back to a snapshot: its own volume damaged, and its volume gone. Real API server and engine.

What the EBS CSI driver would do is done here: a volume in the AWS stand-in and its PersistentVolume. Which claim is
bound to which volume is decided by Kubernetes' controller.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.ops.clock import SystemClock
from infra.ops.errors import OpsError
from infra.ops.kube import Kube
from infra.ops.volumes.restoration import Restoration, plan_restoration
from infra.ops.volumes.restore import restore
from infra.ops.volumes.take import take_snapshot
from infra.ops.volumes.view import Claim, Key, Snapshot, claims, default_class, snapshots
from infra.plan.addons.ebs_csi import plan_ebs_csi
from infra.plan.tags import CLAIM_NAME_TAG, CLAIM_NAMESPACE_TAG, resource_tags
from infra.spec import EnvironmentSpec, load
from rehearsal.machines.volume_controller import persistent_volume
from tests.e2e.commands import slipway
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.specs import REGION, small
from tests.infra.workload_samples import IMAGE

pytestmark = pytest.mark.e2e

CLAIMS = "/api/v1/namespaces/shop/persistentvolumeclaims"
NAMES = ("data-store-0", "wiki-data")
KEPT: dict[str, Any] = {
    "image": IMAGE,
    "replicas": 1,
    "claims": [{"name": "data", "path": "/data", "sizeGi": 10}],
    # No machine of this environment runs pods.
    "wait": False,
}
SPEC = small("volumes", workloads=[{"name": name, "namespace": "shop"} for name in ("store", "wiki")])
SPEC["cluster"]["namespaces"] = [{"name": "shop"}]


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    for each in rehearsed(home, "volumes", SPEC):
        each.write_app("store", {**KEPT, "kind": "StatefulSet"})
        each.write_app("wiki", KEPT)
        each.run("up", "--skip-preview").ok()
        yield each


@dataclass(frozen=True)
class Cloud:
    """The environment as its stack file declares it, and the EC2 that it is in."""

    spec: EnvironmentSpec
    ec2: Any

    def snapshots(self, kube: Kube, name: str) -> list[Snapshot]:
        taken = snapshots(self.ec2, self.spec.cluster.name, claims(kube))
        return [each for each in taken if each.key == Key("shop", name)]

    def plan(self, kube: Kube, name: str, zone: str | None = None) -> Restoration:
        (taken,) = self.snapshots(kube, name)
        known, kind = claims(kube), default_class(kube)
        return plan_restoration(self.spec, Key("shop", name), taken, known, zone=zone, default_class=kind)

    def restore(self, kube: Kube, plan: Restoration) -> str:
        return restore(plan, self.spec.cluster.name, kube, self.ec2, SystemClock(), print)


@pytest.fixture(scope="module")
def cloud(env: Rehearsed) -> Cloud:
    return Cloud(load(env.project / "stacks" / "Pulumi.volumes.yaml", "volumes"), env.client("ec2"))


@pytest.fixture(scope="module")
def kube(env: Rehearsed, cloud: Cloud) -> Kube:
    """Give both claims a volume each, of the class that the driver brings."""
    made = env.kube()
    (kind,) = (dict(each.body) for each in plan_ebs_csi(cloud.spec).objects if each.kind == "StorageClass")
    made.request("POST", "/apis/storage.k8s.io/v1/storageclasses", body=kind)
    for name in NAMES:
        provision(cloud, made, kind, name)
    return made


def provision(cloud: Cloud, kube: Kube, kind: dict[str, Any], name: str) -> None:
    """Give a claim a volume, as the driver would."""
    eventually(lambda: found(kube, name))
    # A claim that was made before there was a default class is given it.
    eventually(lambda: seen(kube, name).storage_class)
    (claim,) = found(kube, name)
    tags = resource_tags(cloud.spec, name, {CLAIM_NAMESPACE_TAG: "shop", CLAIM_NAME_TAG: name})
    written = [{"Key": key, "Value": value} for key, value in tags.items()]
    volume = cloud.ec2.create_volume(
        AvailabilityZone=f"{REGION}a",
        Size=10,
        VolumeType="gp3",
        TagSpecifications=[{"ResourceType": "volume", "Tags": written}],
    )["VolumeId"]
    kube.request("POST", "/api/v1/persistentvolumes", body=persistent_volume(claim, kind, volume, 10, f"{REGION}a"))
    eventually(lambda: seen(kube, name).phase == "Bound")


def found(kube: Kube, name: str) -> list[dict[str, Any]]:
    return [each for each in kube.items(CLAIMS) if each["metadata"]["name"] == name]


def seen(kube: Kube, name: str) -> Claim:
    (one,) = (each for each in claims(kube) if each.key.name == name)
    return one


def handle(kube: Kube, name: str) -> str:
    disk = seen(kube, name).disk
    return disk.handle if disk is not None else ""


def eventually(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def scale(kube: Kube, what: str, replicas: int) -> None:
    path = f"/apis/apps/v1/namespaces/shop/{what}/scale"
    kube.request("PATCH", path, body={"spec": {"replicas": replicas}})


def test_1_what_there_is(env: Rehearsed, kube: Kube) -> None:
    said = slipway(env, "volumes list").ok().output
    for name in NAMES:
        (line,) = (line for line in said.splitlines() if f"shop/{name}" in line)
        assert handle(kube, name) in line
        assert line.rstrip(" │").endswith("never")
    assert "store-0" in said


def test_2_a_snapshot_is_taken(cloud: Cloud, kube: Kube) -> None:
    for name in NAMES:
        taken = take_snapshot(cloud.ec2, cloud.spec, seen(kube, name))
        (one,) = cloud.snapshots(kube, name)
        assert (one.id, one.volume, one.state) == (taken, handle(kube, name), "completed")


def test_3_a_claim_that_pods_use_is_left_alone(cloud: Cloud, kube: Kube) -> None:
    with pytest.raises(OpsError, match="pods use the claim shop/data-store-0: store-0"):
        cloud.plan(kube, "data-store-0")


def test_4_a_claim_of_a_stateful_set_is_brought_back(cloud: Cloud, kube: Kube) -> None:
    before = handle(kube, "data-store-0")
    scale(kube, "statefulsets/store", 0)
    eventually(lambda: not seen(kube, "data-store-0").users)
    made = cloud.restore(kube, cloud.plan(kube, "data-store-0"))
    assert found(kube, "data-store-0") == []
    scale(kube, "statefulsets/store", 1)
    eventually(lambda: found(kube, "data-store-0") and seen(kube, "data-store-0").phase == "Bound")
    assert handle(kube, "data-store-0") == made
    volumes = {each["VolumeId"]: each for each in cloud.ec2.describe_volumes()["Volumes"]}
    assert volumes[made]["SnapshotId"] == cloud.snapshots(kube, "data-store-0")[0].id
    assert before in volumes


def test_5_a_claim_whose_volume_is_gone_is_brought_back(env: Rehearsed, cloud: Cloud, kube: Kube) -> None:
    lost = seen(kube, "wiki-data").disk
    assert lost is not None
    scale(kube, "deployments/wiki", 0)
    eventually(lambda: not seen(kube, "wiki-data").users)
    kube.request("DELETE", f"{CLAIMS}/wiki-data")
    eventually(lambda: not found(kube, "wiki-data"))
    kube.request("PATCH", f"/api/v1/persistentvolumes/{lost.name}", body={"metadata": {"finalizers": None}})
    kube.request("DELETE", f"/api/v1/persistentvolumes/{lost.name}")
    cloud.ec2.delete_volume(VolumeId=lost.handle)
    with pytest.raises(OpsError, match="nothing tells the volume's zone: the claim has no volume"):
        cloud.plan(kube, "wiki-data")
    cloud.restore(kube, cloud.plan(kube, "wiki-data", f"{REGION}b"))
    env.engine("up", "--yes", "--skip-preview", "--refresh").ok()
    eventually(lambda: seen(kube, "wiki-data").phase == "Bound")
    disk = seen(kube, "wiki-data").disk
    assert disk is not None
    assert disk.zone == f"{REGION}b"
    eventually(lambda: seen(kube, "wiki-data").users)
    assert env.changes() == {}
