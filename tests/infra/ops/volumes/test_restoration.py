"""What is done to bring a claim back to a snapshot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.ops.errors import OpsError
from infra.ops.volumes.restoration import Restoration, gibibytes, plan_restoration
from infra.ops.volumes.view import Claim, Disk, Key, Snapshot
from infra.spec import EnvironmentSpec
from tests.infra.samples import sample_spec
from tests.infra.workload_samples import IMAGE, environment

STORE = Key("shop", "data-store-0")
DISK = Disk("pvc-1", "vol-1", "eu-central-1a", "Delete", "xfs")


def snapshot(**other: Any) -> Snapshot:
    given = {"size_gi": 10, "state": "completed", "key": STORE, **other}
    return Snapshot("snap-1", "vol-1", datetime(2026, 1, 1, tzinfo=UTC), **given)


def live(**other: Any) -> Claim:
    given: dict[str, Any] = {"key": STORE, "phase": "Bound", "size": "10Gi", "access": ("ReadWriteOncePod",)}
    return Claim(**{**given, "storage_class": "gp3", "disk": DISK, "users": (), **other})


def plan(spec: EnvironmentSpec | None = None, key: Key = STORE, *known: Claim, **other: Any) -> Restoration:
    given = {"snapshot": snapshot(), "zone": None, **other}
    return plan_restoration(spec or sample_spec(), key, known=known, default_class="fast", **given)


def declared(**workload: Any) -> EnvironmentSpec:
    """Return an environment of one workload, ``store``, in namespace ``data``."""
    claims = [{"name": "data", "path": "/data", "sizeGi": 20}]
    return environment(
        {"store": {"image": IMAGE, "replicas": 1, "claims": claims, **workload}},
        uses=[{"name": "store", "namespace": "data"}],
    )


def test_a_claim_that_is_there() -> None:
    found = plan(None, STORE, live())
    assert found == Restoration(
        key=STORE,
        snapshot="snap-1",
        zone="eu-central-1a",
        size_gi=10,
        access=("ReadWriteOncePod",),
        storage_class="gp3",
        file_system="xfs",
        tags={
            "team": "platform",
            "Name": "test.example.com-restored-shop-data-store-0",
            "KubernetesCluster": "test.example.com",
            "kubernetes.io/cluster/test.example.com": "owned",
            "slipway/environment": "test",
            "kubernetes.io/created-for/pvc/namespace": "shop",
            "kubernetes.io/created-for/pvc/name": "data-store-0",
            "slipway/restored-from": "snap-1",
            "ebs.csi.aws.com/cluster": "true",
        },
        live=True,
        former=DISK,
    )
    assert list(found.steps()) == [
        "make an EBS volume of 10 GiB from snap-1 in eu-central-1a",
        "make a PersistentVolume of it that waits for the claim shop/data-store-0",
        "keep the volume that the claim has now, vol-1",
        "delete the claim shop/data-store-0",
    ]


@pytest.mark.parametrize(
    ("workload", "name"),
    [({"kind": "StatefulSet"}, "data-store-12"), ({}, "store-data"), ({"claims": "classed"}, "store-data")],
)
def test_a_claim_that_is_gone_is_made_as_it_is_declared(workload: dict[str, Any], name: str) -> None:
    classed = workload == {"claims": "classed"}
    one = {"name": "data", "path": "/data", "sizeGi": 20, "storageClass": "io2", "access": "ReadWriteOnce"}
    spec = declared(**({"claims": [one]} if classed else workload))
    found = plan(spec, Key("data", name), zone="eu-central-1b")
    assert (found.zone, found.size_gi, found.file_system, found.live, found.former) == (
        "eu-central-1b", 20, "ext4", False, None,
    )  # fmt: skip
    access, kind = ("ReadWriteOnce", "io2") if classed else ("ReadWriteOncePod", "fast")
    assert (found.access, found.storage_class) == ((access,), kind)
    assert len(list(found.steps())) == 2


@pytest.mark.parametrize(
    ("kind", "namespace", "name"),
    [
        ("StatefulSet", "data", "data-store"),
        ("StatefulSet", "data", "data-store-x"),
        ("StatefulSet", "data", "other-store-0"),
        ("StatefulSet", "web", "data-store-0"),
        ("Deployment", "data", "data-store-0"),
    ],
)
def test_a_claim_that_nobody_declares(kind: str, namespace: str, name: str) -> None:
    with pytest.raises(OpsError, match=f"no workload of the environment declares it: {namespace}/{name}. Fix: name o"):
        plan(declared(kind=kind), Key(namespace, name), live(), zone="eu-central-1a")


@pytest.mark.parametrize(
    ("claim", "other", "said"),
    [
        (live(), {"snapshot": snapshot(state="pending")}, "the snapshot snap-1 is not whole: pending. Fix"),
        (live(users=("store-0", "x")), {}, "use the claim shop/data-store-0: store-0, x. Fix: end them first"),
        (live(disk=Disk("pv", "", "a", "Retain", ""), storage_class="efs"), {}, "is not on EBS: efs. Fix"),
        (live(disk=None), {}, "nothing tells the volume's zone: the claim has no volume. Fix: .*--zone: eu-c"),
        (live(), {"zone": "eu-central-1f"}, "is none of the environment's: eu-central-1f. Fix"),
    ],
)  # fmt: skip
def test_what_is_refused(claim: Claim, other: dict[str, Any], said: str) -> None:
    with pytest.raises(OpsError, match=said):
        plan(None, STORE, claim, **other)


def test_one_zone_needs_no_word() -> None:
    spec = sample_spec(network={"zones": ["eu-central-1a"]})
    assert plan(spec, STORE, live(disk=None)).zone == "eu-central-1a"


def test_the_zone_that_is_named_stands_and_the_greatest_size() -> None:
    found = plan(None, STORE, live(size="50Gi", storage_class=""), zone="eu-central-1c")
    assert (found.zone, found.size_gi, found.storage_class) == ("eu-central-1c", 50, "fast")
    assert plan(None, STORE, live(), snapshot=snapshot(size_gi=64)).size_gi == 64


def test_a_long_name_fits_into_a_tag() -> None:
    key = Key("shop", "d" * 253)
    assert len(plan(None, key, live(key=key)).tags["Name"]) == 255


def test_the_object_of_the_new_volume() -> None:
    assert plan(None, STORE, live()).volume_object("vol-9") == {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": "restored-vol-9",
            "annotations": {
                "pv.kubernetes.io/provisioned-by": "ebs.csi.aws.com",
                "slipway/restored-from": "snap-1",
            },
        },
        "spec": {
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOncePod"],
            "storageClassName": "gp3",
            "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": "shop",
                "name": "data-store-0",
            },
            "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-9", "fsType": "xfs"},
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {
                            "matchExpressions": [
                                {
                                    "key": "topology.kubernetes.io/zone",
                                    "operator": "In",
                                    "values": ["eu-central-1a"],
                                }
                            ]
                        }
                    ]
                }
            },
        },
    }


@pytest.mark.parametrize(
    ("quantity", "whole"), [("10Gi", 10), ("1", 1), ("1073741825", 2), ("10G", 10), ("1500Mi", 2), ("1.5Ti", 1536)]
)
def test_quantities(quantity: str, whole: int) -> None:
    assert gibibytes(quantity) == whole
