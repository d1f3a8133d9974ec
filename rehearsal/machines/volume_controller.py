"""Stand-in of the EBS CSI driver's controller: makes volumes for claims, and attaches them to their pods' instances.

The driver's images lie in registries. What its controller and the sidecars beside it would do is done from outside,
with the AWS stand-in's own volumes; the node's half is `tools/csi`, on each machine, under the same name. Which claim
is due, and which node a volume is for, is decided by Kubernetes as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from rehearsal.machines.log import tell
from rehearsal.providers.kubernetes.api import MERGE_PATCH

DRIVER: Final = "ebs.csi.aws.com"
_PROVISIONER: Final = "volume.kubernetes.io/storage-provisioner"
_NODE: Final = "volume.kubernetes.io/selected-node"
_FINALIZER: Final = "external-attacher/ebs-csi-aws-com"
_ZONE: Final = "topology.kubernetes.io/zone"
_DEVICES: Final = tuple(f"/dev/xvda{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
"""Of the names that the driver gives out (aws-ebs-csi-driver, pkg/cloud/devicemanager)."""
_UNITS: Final = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_GIB: Final = 2**30


class Call(Protocol):
    """A request to the cluster's API."""

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None = None, kind: str = ...) -> Any:
        """Return the answer's document."""


class VolumeController:
    """The stand-in. `zone` is that of an instance, None for one that is unknown."""

    def __init__(self, ec2: Any, cluster: str, zone: Callable[[str], str | None]) -> None:
        self._ec2 = ec2
        self._cluster = cluster
        self._zone = zone

    def look(self, call: Call) -> None:
        """Do what is to be done now."""
        volumes = {each["metadata"]["name"]: each for each in call("GET", "/api/v1/persistentvolumes")["items"]}
        for claim in call("GET", "/api/v1/persistentvolumeclaims")["items"]:
            if is_due(claim) and f"pvc-{claim['metadata']['uid']}" not in volumes:
                self._provision(call, claim)
        for attachment in call("GET", "/apis/storage.k8s.io/v1/volumeattachments")["items"]:
            if attachment["spec"]["attacher"] == DRIVER:
                volume = volumes.get(attachment["spec"]["source"]["persistentVolumeName"])
                self._attach_or_detach(call, attachment, volume)
        for name, volume in volumes.items():
            if is_to_go(volume):
                identity = volume["spec"]["csi"]["volumeHandle"]
                tell(f"{identity}: deleted with {name}")
                self._ec2.delete_volume(VolumeId=identity)
                call("DELETE", f"/api/v1/persistentvolumes/{name}")

    def _provision(self, call: Call, claim: Mapping[str, Any]) -> None:
        meta, spec = claim["metadata"], claim["spec"]
        zone = self._zone(meta["annotations"][_NODE])
        if zone is None:
            return
        name = f"pvc-{meta['uid']}"
        kind = call("GET", f"/apis/storage.k8s.io/v1/storageclasses/{spec['storageClassName']}")
        gib = gibibytes(spec["resources"]["requests"]["storage"])
        parameters = kind.get("parameters", {})
        tags = {
            f"kubernetes.io/cluster/{self._cluster}": "owned",
            "kubernetes.io/created-for/pv/name": name,
            "kubernetes.io/created-for/pvc/name": meta["name"],
            "kubernetes.io/created-for/pvc/namespace": meta["namespace"],
        }
        made = self._ec2.create_volume(
            AvailabilityZone=zone,
            Size=gib,
            VolumeType=parameters.get("type", "gp3"),
            Encrypted=parameters.get("encrypted") == "true",
            TagSpecifications=[
                {"ResourceType": "volume", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            ],
        )
        tell(f"{made['VolumeId']}: made for {meta['namespace']}/{meta['name']} in {zone}")
        call("POST", "/api/v1/persistentvolumes", persistent_volume(claim, kind, made["VolumeId"], gib, zone))

    def _attach_or_detach(self, call: Call, attachment: Mapping[str, Any], volume: Mapping[str, Any] | None) -> None:
        meta, spec = attachment["metadata"], attachment["spec"]
        path = f"/apis/storage.k8s.io/v1/volumeattachments/{meta['name']}"
        node = spec["nodeName"]
        identity = volume["spec"]["csi"]["volumeHandle"] if volume else ""
        attached = dict(self._attached(identity)) if volume else {}
        if meta.get("deletionTimestamp"):
            if node in attached:
                tell(f"{identity}: detached from {node}")
                self._ec2.detach_volume(VolumeId=identity, InstanceId=node)
            call("PATCH", path, {"metadata": {"finalizers": None}}, MERGE_PATCH)
        elif volume and not attachment.get("status", {}).get("attached") and not attached.keys() - {node}:
            call("PATCH", path, {"metadata": {"finalizers": [_FINALIZER]}}, MERGE_PATCH)
            device = attached.get(node) or self._attach(identity, node)
            status = {"attached": True, "attachmentMetadata": {"devicePath": device}}
            call("PATCH", f"{path}/status", {"status": status}, MERGE_PATCH)

    def _attach(self, identity: str, node: str) -> str:
        of_node = [{"Name": "attachment.instance-id", "Values": [node]}]
        held = {
            each["Device"]
            for volume in self._ec2.describe_volumes(Filters=of_node)["Volumes"]
            for each in volume["Attachments"]
        }
        device = next(each for each in _DEVICES if each not in held)
        tell(f"{identity}: attached to {node} as {device}")
        self._ec2.attach_volume(VolumeId=identity, InstanceId=node, Device=device)
        return device

    def _attached(self, identity: str) -> Iterator[tuple[str, str]]:
        """Yield the instance and the device of each attachment that a volume has."""
        for volume in self._ec2.describe_volumes(VolumeIds=[identity])["Volumes"]:
            for each in volume["Attachments"]:
                if each["State"] in ("attaching", "attached"):
                    yield each["InstanceId"], each["Device"]


def is_due(claim: Mapping[str, Any]) -> bool:
    """Return whether a claim waits for a volume of the driver, and the scheduler knows where."""
    notes = claim["metadata"].get("annotations") or {}
    return (
        notes.get(_PROVISIONER) == DRIVER
        and _NODE in notes
        and not claim["spec"].get("volumeName")
        and "deletionTimestamp" not in claim["metadata"]
    )


def is_to_go(volume: Mapping[str, Any]) -> bool:
    """Return whether a volume of the driver has lost its claim and is not to be kept."""
    return (
        volume["spec"].get("csi", {}).get("driver") == DRIVER
        and volume["status"].get("phase") == "Released"
        and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
        and "deletionTimestamp" not in volume["metadata"]
    )


def persistent_volume(
    claim: Mapping[str, Any], kind: Mapping[str, Any], identity: str, gib: int, zone: str
) -> dict[str, Any]:
    """Return the PersistentVolume of an EBS volume as the driver's provisioner writes it."""
    meta, spec = claim["metadata"], claim["spec"]
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"} | {
        key: meta[key] for key in ("name", "namespace", "uid")
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": f"pvc-{meta['uid']}",
            "annotations": {"pv.kubernetes.io/provisioned-by": DRIVER},
        },
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": f"{gib}Gi"},
            "claimRef": reference,
            "csi": {
                "driver": DRIVER,
                "fsType": kind.get("parameters", {}).get("csi.storage.k8s.io/fstype", "ext4"),
                "volumeHandle": identity,
            },
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": _ZONE, "operator": "In", "values": [zone]}]},
                    ]
                }
            },
            "persistentVolumeReclaimPolicy": kind.get("reclaimPolicy", "Delete"),
            "storageClassName": spec["storageClassName"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
        },
    }


def gibibytes(quantity: str) -> int:
    """Return a quantity of storage in whole GiB, rounded up, as EBS has them."""
    digits = quantity.rstrip("KMGTik")
    size = float(digits) * _UNITS.get(quantity[len(digits) :], 1)
    return max(1, -int(-size // _GIB))
