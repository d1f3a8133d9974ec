"""The claims of a cluster, the EBS volumes behind them, and the snapshots of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.ops.aws import FILTER_VALUES, ec2_items
from infra.ops.errors import OpsError, aws_errors
from infra.ops.kube import Kube
from infra.plan.tags import CLAIM_NAME_TAG, CLAIM_NAMESPACE_TAG, CLUSTER_TAG

DRIVER = "ebs.csi.aws.com"


@dataclass(frozen=True, order=True)
class Key:
    """Which claim: ``namespace/name``."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Disk:
    """The PersistentVolume that a claim is bound to."""

    name: str
    """Of the PersistentVolume."""
    handle: str
    """ID of the EBS volume; empty for one of another driver."""
    zone: str
    reclaim: str
    """``Delete``: the EBS volume goes with the claim; ``Retain``: it stays."""
    file_system: str


@dataclass(frozen=True)
class Claim:
    """A PersistentVolumeClaim."""

    key: Key
    phase: str
    size: str
    """What it has, or asks for until it is bound, as ``10Gi``."""
    access: tuple[str, ...]
    storage_class: str
    disk: Disk | None
    """None until it is bound."""
    users: tuple[str, ...]
    """Pods that mount it, or will once they are scheduled; those that have ended do not count."""


@dataclass(frozen=True)
class Snapshot:
    """An EBS snapshot of a claim's volume."""

    id: str
    volume: str
    begun: datetime
    size_gi: int
    state: str
    """``pending``, ``completed``, ``error``, or what EC2 calls it otherwise."""
    key: Key | None
    """The claim that it is of, by its tags or its volume; None where neither tells."""


def claims(kube: Kube) -> list[Claim]:
    """Return all claims of the cluster, by namespace and name.

    Raises:
        OpsError: the cluster cannot be asked.
    """
    disks = {each["metadata"]["name"]: disk_of(each) for each in kube.items("/api/v1/persistentvolumes")}
    users: dict[Key, list[str]] = {}
    for pod in kube.items("/api/v1/pods", fieldSelector="status.phase!=Succeeded,status.phase!=Failed"):
        for key in _mounted(pod):
            users.setdefault(key, []).append(pod["metadata"]["name"])
    found = [_claim(each, disks, users) for each in kube.items("/api/v1/persistentvolumeclaims")]
    return sorted(found, key=lambda each: each.key)


def default_class(kube: Kube) -> str:
    """Return the StorageClass of claims that name none; empty where the cluster has no such class.

    Raises:
        OpsError: the cluster cannot be asked.
    """
    for each in kube.items("/apis/storage.k8s.io/v1/storageclasses"):
        notes = each["metadata"].get("annotations") or {}
        if notes.get("storageclass.kubernetes.io/is-default-class") == "true":
            return str(each["metadata"]["name"])
    return ""


def disk_of(raw: Mapping[str, Any]) -> Disk:
    """Return a PersistentVolume as far as it is of interest here."""
    spec = raw["spec"]
    csi = spec.get("csi", {})
    return Disk(
        name=raw["metadata"]["name"],
        handle=csi.get("volumeHandle", "") if csi.get("driver") == DRIVER else "",
        zone=next(iter(_zones(spec)), ""),
        reclaim=spec.get("persistentVolumeReclaimPolicy", "Retain"),
        file_system=csi.get("fsType", ""),
    )


def snapshots(ec2: Any, cluster: str, known: Sequence[Claim]) -> list[Snapshot]:
    """Return the snapshots of the cluster's claims, the newest first: those of claims that are gone are among them.

    Found by the tags that the EBS CSI driver gives a volume, which AWS Backup and Data Lifecycle Manager copy, and by
    the volumes of the claims there are.

    Raises:
        OpsError: AWS cannot be asked.
    """
    of_volume = {each.disk.handle: each.key for each in known if each.disk is not None and each.disk.handle}
    found: dict[str, Snapshot] = {}
    with aws_errors("list snapshots of volumes"):
        volumes = list(of_volume)
        parts = [volumes[start : start + FILTER_VALUES] for start in range(0, len(volumes), FILTER_VALUES)]
        tagged = {f"tag:{CLUSTER_TAG}": [cluster], "tag-key": [CLAIM_NAME_TAG]}
        for filters in (tagged, *({"volume-id": part} for part in parts)):
            for each in ec2_items(ec2, "describe_snapshots", "Snapshots", filters, OwnerIds=["self"]):
                found[each["SnapshotId"]] = snapshot_of(each, of_volume)
    return sorted(found.values(), key=lambda each: (each.begun, each.id), reverse=True)


def snapshot_named(ec2: Any, identity: str) -> Snapshot:
    """Return the account's snapshot of this ID.

    Raises:
        OpsError: there is none, or AWS cannot be asked.
    """
    with aws_errors(f"look at the snapshot {identity}"):
        # By a filter: EC2 refuses a request that names a snapshot it does not know.
        found = list(ec2_items(ec2, "describe_snapshots", "Snapshots", {"snapshot-id": [identity]}, OwnerIds=["self"]))
    if not found:
        raise OpsError("there is no such snapshot in the account and region", identity, "see slipway volumes list")
    return snapshot_of(found[0], {})


def snapshot_of(raw: Mapping[str, Any], of_volume: Mapping[str, Key]) -> Snapshot:
    """Return a snapshot as EC2 describes it; ``of_volume`` is volume -> claim."""
    tags = {each["Key"]: each["Value"] for each in raw.get("Tags", ())}
    named = tags.get(CLAIM_NAMESPACE_TAG), tags.get(CLAIM_NAME_TAG)
    return Snapshot(
        id=raw["SnapshotId"],
        volume=raw.get("VolumeId", ""),
        begun=raw["StartTime"],
        size_gi=int(raw["VolumeSize"]),
        state=raw["State"],
        key=Key(named[0], named[1]) if named[0] and named[1] else of_volume.get(raw.get("VolumeId", "")),
    )


def _claim(raw: Mapping[str, Any], disks: Mapping[str, Disk], users: Mapping[Key, Iterable[str]]) -> Claim:
    meta, spec, status = raw["metadata"], raw["spec"], raw.get("status", {})
    key = Key(meta["namespace"], meta["name"])
    asked = spec.get("resources", {}).get("requests", {}).get("storage", "")
    return Claim(
        key=key,
        phase=status.get("phase", "Pending"),
        size=status.get("capacity", {}).get("storage", asked),
        access=tuple(spec.get("accessModes", ())),
        storage_class=spec.get("storageClassName") or "",
        disk=disks.get(spec.get("volumeName", "")),
        users=tuple(sorted(users.get(key, ()))),
    )


def _mounted(pod: Mapping[str, Any]) -> Iterator[Key]:
    namespace = pod["metadata"]["namespace"]
    for volume in pod.get("spec", {}).get("volumes") or ():
        claim = volume.get("persistentVolumeClaim")
        if claim is not None:
            yield Key(namespace, claim["claimName"])


def _zones(spec: Mapping[str, Any]) -> Iterator[str]:
    terms = spec.get("nodeAffinity", {}).get("required", {}).get("nodeSelectorTerms", ())
    for term in terms:
        for each in term.get("matchExpressions", ()):
            # The driver's own key, too: volumes made before its version 1.33 have no other.
            if each["key"] in ("topology.kubernetes.io/zone", "topology.ebs.csi.aws.com/zone"):
                yield from each.get("values", ())
