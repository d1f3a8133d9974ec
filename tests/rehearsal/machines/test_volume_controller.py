from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto import mock_aws

from rehearsal.machines.volume_controller import VolumeController, gibibytes, is_due, is_to_go

ZONE = "eu-central-1a"
CLAIMS, VOLUMES = "/api/v1/persistentvolumeclaims", "/api/v1/persistentvolumes"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
ATTACHMENTS = "/apis/storage.k8s.io/v1/volumeattachments"
CLAIM: dict[str, Any] = {
    "metadata": {
        "name": "data-db-0",
        "namespace": "shop",
        "uid": "u-1",
        "annotations": {
            "volume.kubernetes.io/storage-provisioner": "ebs.csi.aws.com",
            "volume.kubernetes.io/selected-node": "i-1",
        },
    },
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "gp3",
        "resources": {"requests": {"storage": "1500Mi"}},
    },
}
CLASS = {"parameters": {"type": "gp3", "encrypted": "true"}, "reclaimPolicy": "Delete"}


class Cluster:
    """A cluster's API as far as the controller asks for it."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, dict[str, Any]]] = {CLAIMS: {}, VOLUMES: {}, CLASSES: {"gp3": CLASS}}
        self.kept[ATTACHMENTS] = {}

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None = None, kind: str = "") -> Any:
        if method == "GET" and path in self.kept:
            return {"items": list(self.kept[path].values())}
        if method == "POST":
            assert body is not None
            self.kept[path][body["metadata"]["name"]] = {**body, "status": {"phase": "Bound"}}
            return body
        folder, _, name = path.removesuffix("/status").rpartition("/")
        if method == "DELETE":
            return self.kept[folder].pop(name)
        if method == "PATCH":
            assert body is not None
            assert kind == "application/merge-patch+json"
            for key, value in body.items():
                self.kept[folder][name].setdefault(key, {}).update(value)
        return self.kept[folder][name]


@pytest.fixture
def ec2() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ec2", region_name="eu-central-1")


@pytest.fixture
def node(ec2: Any) -> str:
    made = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, Placement={"AvailabilityZone": ZONE})
    return str(made["Instances"][0]["InstanceId"])


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.kept[CLAIMS]["data-db-0"] = copy.deepcopy(CLAIM)
    return made


def attachment(cluster: Cluster, node: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "metadata": {"name": "csi-1"},
        "spec": {
            "attacher": "ebs.csi.aws.com",
            "nodeName": node,
            "source": {"persistentVolumeName": "pvc-u-1"},
        },
    }
    cluster.kept[ATTACHMENTS]["csi-1"] = made
    return made


def test_a_claim_gets_one_volume_in_the_zone_of_its_node(ec2: Any, cluster: Cluster) -> None:
    controller = VolumeController(ec2, "c.example", {"i-1": ZONE}.get)
    for _ in range(2):
        controller.look(cluster)
    (volume,) = cluster.kept[VOLUMES].values()
    (made,) = ec2.describe_volumes(VolumeIds=[volume["spec"]["csi"]["volumeHandle"]])["Volumes"]
    assert (made["Size"], made["AvailabilityZone"], made["Encrypted"], made["VolumeType"]) == (2, ZONE, True, "gp3")
    assert {"Key": "kubernetes.io/cluster/c.example", "Value": "owned"} in made["Tags"]
    assert volume["metadata"]["name"] == "pvc-u-1"
    assert volume["spec"]["capacity"] == {"storage": "2Gi"}
    assert volume["spec"]["claimRef"]["uid"] == "u-1"
    (term,) = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == [ZONE]


def test_a_claim_of_a_node_that_is_not_known_waits(ec2: Any, cluster: Cluster) -> None:
    VolumeController(ec2, "c.example", lambda _: None).look(cluster)
    assert cluster.kept[VOLUMES] == {}


def test_a_volume_is_attached_detached_and_goes_with_its_claim(ec2: Any, cluster: Cluster, node: str) -> None:
    controller = VolumeController(ec2, "c.example", {"i-1": ZONE}.get)
    controller.look(cluster)
    asked = attachment(cluster, node)
    controller.look(cluster)
    assert asked["status"] == {"attached": True, "attachmentMetadata": {"devicePath": "/dev/xvdaa"}}
    assert asked["metadata"]["finalizers"] == ["external-attacher/ebs-csi-aws-com"]
    volume = cluster.kept[VOLUMES]["pvc-u-1"]
    identity = volume["spec"]["csi"]["volumeHandle"]

    def instances() -> list[str]:
        (described,) = ec2.describe_volumes(VolumeIds=[identity])["Volumes"]
        return [each["InstanceId"] for each in described["Attachments"]]

    assert instances() == [node]
    asked["metadata"]["deletionTimestamp"] = "now"
    controller.look(cluster)
    assert instances() == []
    assert asked["metadata"]["finalizers"] is None
    del cluster.kept[CLAIMS]["data-db-0"], cluster.kept[ATTACHMENTS]["csi-1"]
    volume["status"] = {"phase": "Released"}
    controller.look(cluster)
    assert cluster.kept[VOLUMES] == {}
    assert identity not in {each["VolumeId"] for each in ec2.describe_volumes()["Volumes"]}


def test_a_volume_that_another_instance_has_is_waited_for(ec2: Any, cluster: Cluster, node: str) -> None:
    controller = VolumeController(ec2, "c.example", {"i-1": ZONE}.get)
    controller.look(cluster)
    attachment(cluster, node)
    controller.look(cluster)
    other = attachment(cluster, "i-0fedcba9876543210")
    controller.look(cluster)
    assert "status" not in other


@pytest.mark.parametrize(
    ("change", "due"),
    [
        ({}, True),
        ({"spec": {"volumeName": "pvc-u-1"}}, False),
        ({"metadata": {"annotations": None}}, False),
        ({"metadata": {"annotations": {"volume.kubernetes.io/storage-provisioner": "ebs.csi.aws.com"}}}, False),
        (
            {
                "metadata": {
                    "annotations": {
                        "volume.kubernetes.io/storage-provisioner": "efs.csi.aws.com",
                        "volume.kubernetes.io/selected-node": "i-1",
                    }
                }
            },
            False,
        ),
        ({"metadata": {"deletionTimestamp": "now"}}, False),
    ],
)
def test_only_a_claim_that_waits_for_this_driver_is_due(change: dict[str, Any], due: bool) -> None:
    claim = {part: {**CLAIM[part], **change.get(part, {})} for part in CLAIM}
    assert is_due(claim) is due


@pytest.mark.parametrize(
    ("driver", "phase", "policy", "goes"),
    [
        ("ebs.csi.aws.com", "Released", "Delete", True),
        ("ebs.csi.aws.com", "Bound", "Delete", False),
        ("ebs.csi.aws.com", "Released", "Retain", False),
        ("efs.csi.aws.com", "Released", "Delete", False),
    ],
)
def test_only_a_released_volume_that_nobody_keeps_goes(driver: str, phase: str, policy: str, goes: bool) -> None:
    spec = {"csi": {"driver": driver}, "persistentVolumeReclaimPolicy": policy}
    assert is_to_go({"metadata": {}, "spec": spec, "status": {"phase": phase}}) is goes


@pytest.mark.parametrize(
    ("quantity", "gib"), [("1Gi", 1), ("1500Mi", 2), ("1G", 1), ("2Ti", 2048), ("100", 1), ("1.5Gi", 2)]
)
def test_quantities_are_whole_gibibytes(quantity: str, gib: int) -> None:
    assert gibibytes(quantity) == gib
