"""Bringing a claim back to a snapshot: what was decided, done step by step. It may be ended anywhere and run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from infra.ops.aws import ec2_items
from infra.ops.clock import Clock
from infra.ops.errors import OpsError, aws_errors
from infra.ops.kube import ClusterRefusedError, Kube
from infra.ops.volumes.restoration import FROM, Restoration
from infra.ops.volumes.view import disk_of
from infra.plan.tags import CLAIM_NAME_TAG, CLAIM_NAMESPACE_TAG, CLUSTER_TAG

_SETTABLE = {"gp3": ("Iops", "Throughput"), "io1": ("Iops",), "io2": ("Iops",)}
"""What CreateVolume takes for a type (EC2 API Reference); DescribeVolumes tells more."""
_VOLUMES = "/api/v1/persistentvolumes"
_POLL = 2.0
_VOLUME_SECONDS = 600.0
"""For EC2 to make a volume, which takes seconds: its data come from the snapshot as they are read."""
_CLAIM_SECONDS = 60.0
"""For a claim that no pod uses to go."""


def restore(
    restoration: Restoration, cluster: str, kube: Kube, ec2: Any, clock: Clock, tell: Callable[[str], None]
) -> str:
    """Do what a restoration says; return the ID of the new EBS volume.

    The new volume is ready, and known to the cluster, before the claim goes; the volume that the claim had is kept.

    Raises:
        OpsError: AWS or the cluster refused something, or something did not happen in time. The same call goes on.
    """
    volume = _volume(restoration, cluster, kube, ec2, clock, tell)
    _know(restoration, volume, kube, tell)
    if restoration.former is not None and restoration.former.reclaim != "Retain":
        body = {"spec": {"persistentVolumeReclaimPolicy": "Retain"}}
        kube.request("PATCH", f"{_VOLUMES}/{restoration.former.name}", body=body)
        tell(f"kept: {restoration.former.handle}, PersistentVolume {restoration.former.name}")
    if restoration.live:
        _delete_claim(restoration, kube, clock)
        tell(f"deleted: claim {restoration.key}")
    return volume


def _volume(
    restoration: Restoration, cluster: str, kube: Kube, ec2: Any, clock: Clock, tell: Callable[[str], None]
) -> str:
    """Return the volume of the snapshot: one that an earlier run made and nothing has used yet, or a new one."""
    used = {
        disk.handle for each in kube.items(_VOLUMES) if (disk := disk_of(each)).handle and not _waits(each, restoration)
    }
    filters = {
        f"tag:{CLUSTER_TAG}": [cluster],
        f"tag:{CLAIM_NAMESPACE_TAG}": [restoration.key.namespace],
        f"tag:{CLAIM_NAME_TAG}": [restoration.key.name],
        f"tag:{FROM}": [restoration.snapshot],
        "availability-zone": [restoration.zone],
    }
    with aws_errors(f"make a volume of {restoration.snapshot}"):
        made = [each["VolumeId"] for each in ec2_items(ec2, "describe_volumes", "Volumes", filters)]
        left = sorted(set(made) - used)
        if left:
            tell(f"there is already: {left[0]}, made from {restoration.snapshot}")
            volume = str(left[0])
        else:
            volume = _make(restoration, ec2)
            tell(f"made: {volume} from {restoration.snapshot} in {restoration.zone}")
    until = clock.seconds() + _VOLUME_SECONDS
    while (state := _state(ec2, volume)) != "available":
        if state != "creating" or clock.seconds() > until:
            raise OpsError(f"the volume {volume} is not usable", state, "look at it in EC2, then run the command again")
        clock.wait(_POLL)
    return volume


def _make(restoration: Restoration, ec2: Any) -> str:
    tags = [{"Key": key, "Value": value} for key, value in restoration.tags.items()]
    made = ec2.create_volume(
        SnapshotId=restoration.snapshot,
        AvailabilityZone=restoration.zone,
        Size=restoration.size_gi,
        Encrypted=True,
        TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
        **_performance(restoration, ec2),
    )
    return str(made["VolumeId"])


def _performance(restoration: Restoration, ec2: Any) -> dict[str, Any]:
    """Return type, IOPS and throughput of the volume that the claim had: gp3's own where that is gone."""
    former = restoration.former
    asked = {"volume-id": [former.handle]} if former is not None else {}
    found = list(ec2_items(ec2, "describe_volumes", "Volumes", asked)) if asked else []
    if not found:
        return {"VolumeType": "gp3"}
    taken = ("VolumeType", *_SETTABLE.get(found[0]["VolumeType"], ()))
    return {name: found[0][name] for name in taken if found[0].get(name)}


def _state(ec2: Any, volume: str) -> str:
    with aws_errors(f"read the state of {volume}"):
        found = list(ec2_items(ec2, "describe_volumes", "Volumes", {"volume-id": [volume]}))
    return str(found[0]["State"]) if found else "gone"


def _waits(volume: Mapping[str, Any], restoration: Restoration) -> bool:
    """Return whether a PersistentVolume still waits for its claim, as one does that an earlier run made."""
    reference = volume["spec"].get("claimRef") or {}
    of_claim = (reference.get("namespace"), reference.get("name")) == (restoration.key.namespace, restoration.key.name)
    return of_claim and not reference.get("uid")


def _know(restoration: Restoration, volume: str, kube: Kube, tell: Callable[[str], None]) -> None:
    body = restoration.volume_object(volume)
    try:
        kube.request("POST", _VOLUMES, body=body)
    except ClusterRefusedError as error:
        if error.status != 409:
            raise
        return
    tell(f"made: PersistentVolume {body['metadata']['name']}, which waits for the claim {restoration.key}")


def _delete_claim(restoration: Restoration, kube: Kube, clock: Clock) -> None:
    path = f"/api/v1/namespaces/{restoration.key.namespace}/persistentvolumeclaims/{restoration.key.name}"
    kube.request("DELETE", path)
    until = clock.seconds() + _CLAIM_SECONDS
    while kube.raw("GET", path)[0] != 404:
        if clock.seconds() > until:
            raise OpsError(
                f"the claim {restoration.key} does not go",
                "a pod was started that uses it, or a controller holds it by a finalizer",
                "end what uses it, then run the command again",
            )
        clock.wait(_POLL)
