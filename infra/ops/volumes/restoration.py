"""What is done to bring a claim back to a snapshot: decided from what there is, before anything is changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from infra.ops.errors import OpsError
from infra.ops.volumes.view import DRIVER, Claim, Disk, Key, Snapshot
from infra.plan.tags import CLAIM_NAME_TAG, CLAIM_NAMESPACE_TAG, resource_tags
from infra.spec import EnvironmentSpec
from infra.spec.workloads.data import ClaimSpec

FROM = "slipway/restored-from"
"""Annotation of a PersistentVolume, and tag of its EBS volume: the snapshot that it was made from."""
_FILE_SYSTEM = "ext4"
"""What the driver makes where nothing else is asked for."""
_GIB = 2**30
_NAME_LENGTH = 255
"""Characters of a tag's value (EC2 User Guide, "Tag restrictions")."""


@dataclass(frozen=True)
class Restoration:
    """A new volume of a snapshot, bound to the claim when that is made anew."""

    key: Key
    snapshot: str
    zone: str
    size_gi: int
    access: tuple[str, ...]
    storage_class: str
    file_system: str
    tags: Mapping[str, str]
    """Of the EBS volume: those by which the driver's role may use it, and by which it is found again."""
    live: bool
    """Whether the claim is there and has to go first."""
    former: Disk | None
    """The volume that the claim has now. It is kept."""

    def steps(self) -> Iterator[str]:
        """Yield what will be done, as sentences."""
        yield f"make an EBS volume of {self.size_gi} GiB from {self.snapshot} in {self.zone}"
        yield f"make a PersistentVolume of it that waits for the claim {self.key}"
        if self.former is not None:
            yield f"keep the volume that the claim has now, {self.former.handle or self.former.name}"
        if self.live:
            yield f"delete the claim {self.key}"

    def volume_object(self, volume: str) -> dict[str, Any]:
        """Return the PersistentVolume of an EBS volume, as the driver's provisioner would have made it.

        ``claimRef`` names the claim without its UID: whichever claim of that name is made next is bound to it, and no
        other ever is.
        """
        zones = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [self.zone]}
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "name": f"restored-{volume}",
                "annotations": {"pv.kubernetes.io/provisioned-by": DRIVER, FROM: self.snapshot},
            },
            "spec": {
                "capacity": {"storage": f"{self.size_gi}Gi"},
                "accessModes": list(self.access),
                "storageClassName": self.storage_class,
                "volumeMode": "Filesystem",
                "persistentVolumeReclaimPolicy": "Delete",
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "namespace": self.key.namespace,
                    "name": self.key.name,
                },
                "csi": {"driver": DRIVER, "volumeHandle": volume, "fsType": self.file_system},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [zones]}]}},
            },
        }


def plan_restoration(
    spec: EnvironmentSpec,
    key: Key,
    snapshot: Snapshot,
    known: Sequence[Claim],
    *,
    zone: str | None,
    default_class: str,
) -> Restoration:
    """Return how the claim ``key`` is brought back to a snapshot.

    A claim that is gone is made as the workload declares it whose it is. ``zone`` is where the volume is made; None:
    where the claim's volume is now. ``default_class`` is the StorageClass of claims that name none.

    Raises:
        OpsError: pods use the claim, the snapshot is not whole, nothing tells what the claim was like, or where its
            volume should be.
    """
    claim = next((each for each in known if each.key == key), None)
    _refuse_unusable(key, snapshot, claim)
    declared = _declared(spec, key)
    if claim is None and declared is None:
        raise OpsError(
            "there is no such claim, and no workload of the environment declares it",
            str(key),
            f"name one of {', '.join(str(each.key) for each in known) or 'those that workloads declare'}, or make the "
            "claim first, as by kubectl apply",
        )
    former = claim.disk if claim is not None else None
    told = {CLAIM_NAMESPACE_TAG: key.namespace, CLAIM_NAME_TAG: key.name, FROM: snapshot.id}
    name = f"{spec.cluster.name}-restored-{key.namespace}-{key.name}"[:_NAME_LENGTH]
    return Restoration(
        key=key,
        snapshot=snapshot.id,
        zone=_zone(spec, zone, former),
        size_gi=max(snapshot.size_gi, gibibytes(claim.size) if claim is not None else 0, _size(declared)),
        access=claim.access if claim is not None else (declared.access,) if declared is not None else (),
        storage_class=_storage_class(claim, declared) or default_class,
        file_system=(former.file_system if former is not None else "") or _FILE_SYSTEM,
        tags=resource_tags(spec, name, {**told, "ebs.csi.aws.com/cluster": "true"}),
        live=claim is not None,
        former=former,
    )


def gibibytes(quantity: str) -> int:
    """Return a quantity of Kubernetes in whole GiB, rounded up.

    Raises:
        ValueError: it is none.
    """
    number: Decimal = parse_quantity(quantity)  # type: ignore[no-untyped-call]
    return math.ceil(number / _GIB)


def _refuse_unusable(key: Key, snapshot: Snapshot, claim: Claim | None) -> None:
    if snapshot.state != "completed":
        raise OpsError(f"the snapshot {snapshot.id} is not whole", snapshot.state, "name another, or wait until it is")
    if claim is not None and claim.users:
        raise OpsError(
            f"pods use the claim {key}",
            ", ".join(claim.users),
            f"end them first, as by kubectl -n {key.namespace} scale --replicas=0 of what runs them",
        )
    if claim is not None and claim.disk is not None and not claim.disk.handle:
        raise OpsError(f"the claim {key} is not on EBS", claim.storage_class, "bring it back by its own driver's means")


def _declared(spec: EnvironmentSpec, key: Key) -> ClaimSpec | None:
    """Return the declaration of a claim by its name: ``<workload>-<claim>``, or a StatefulSet's with the pod's name."""
    for workload in spec.declared_workloads:
        for claim in workload.claims if workload.namespace == key.namespace else ():
            if workload.kind == "StatefulSet":
                prefix, _, number = key.name.rpartition("-")
                if prefix == f"{claim.name}-{workload.name}" and number.isdigit():
                    return claim
            elif key.name == f"{workload.name}-{claim.name}":
                return claim
    return None


def _size(declared: ClaimSpec | None) -> int:
    return declared.size_gi if declared is not None else 0


def _storage_class(claim: Claim | None, declared: ClaimSpec | None) -> str:
    if claim is not None:
        return claim.storage_class
    return (declared.storage_class if declared is not None else None) or ""


def _zone(spec: EnvironmentSpec, wanted: str | None, former: Disk | None) -> str:
    zones = spec.network.zones
    found = wanted or (former.zone if former is not None else "") or (zones[0] if len(zones) == 1 else "")
    if found not in zones:
        raise OpsError(
            "the zone of the new volume is none of the environment's" if found else "nothing tells the volume's zone",
            found or "the claim has no volume",
            f"name the zone in which its pod is to run, by --zone: {', '.join(zones)}",
        )
    return found
