"""The programs beside the EBS CSI driver's controller, run as its manifest says, with the rights that it gives them.

The driver itself cannot be had; what stands for it (`tools/csi-sidecars/driver`) does at once what it is asked. Claims
are bound by the real controllers; attachments are made here, where no pod is on a machine.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rehearsal.controlplane import ControlPlane
from tests.e2e.addon_objects import ADDONS, RUNNABLE
from tests.e2e.addon_pod import Cluster, Container, eventually, settled
from tests.e2e.at_hand import built_or_skip
from tests.e2e.cluster import live, plane, tools
from tests.e2e.test_addons import apply

__all__ = ["plane", "tools"]  # fixtures

pytestmark = pytest.mark.e2e

DRIVER, ZONE, MACHINE = "ebs.csi.aws.com", "topology.ebs.csi.aws.com/zone", "i-0123456789abcdef0"
SIDECARS = ("csi-provisioner", "csi-attacher", "csi-resizer")
STORAGE = "/apis/storage.k8s.io/v1"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
MERGE = "application/merge-patch+json"


@pytest.fixture(scope="module")
def programs() -> dict[str, Path]:
    return {name: built_or_skip(name) for name in (*SIDECARS, "csi-driver")}


@pytest.fixture
def cluster(plane: ControlPlane) -> Cluster:
    made = Cluster(plane)
    for each in ADDONS["ebs-csi"]:
        if each.kind not in RUNNABLE:
            apply(made.provider, each, settled(each.body, {}), dry=False)
    machine = {"metadata": {"name": MACHINE, "labels": {ZONE: "eu-central-1a"}}}
    driver = {"name": DRIVER, "nodeID": MACHINE, "topologyKeys": [ZONE]}
    made.ask("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", **machine})
    registered = {"metadata": {"name": MACHINE}, "spec": {"drivers": [driver]}}
    made.ask("POST", f"{STORAGE}/csinodes", {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", **registered})
    faster = {"metadata": {"name": "faster"}, "driverName": DRIVER, "parameters": {"iops": "4000"}}
    kind = {"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttributesClass"}
    made.ask("POST", f"{STORAGE}/volumeattributesclasses", {**kind, **faster})
    return made


@pytest.fixture
def asked(programs: dict[str, Path], tmp_path: Path) -> Iterator[Path]:
    """Run what stands for the driver; the file of what it was asked is returned, with its socket's folder beside it."""
    socket, log = tmp_path / "socket", tmp_path / "asked"
    socket.mkdir()
    # Containers are of another user, who has to get here.
    for each in (socket, tmp_path, *tmp_path.parents[:2]):
        each.chmod(0o777 if each == socket else 0o755)
    with log.open("wb") as stream:
        driver = subprocess.Popen([programs["csi-driver"], socket / "csi.sock"], stdout=stream)
    eventually((socket / "csi.sock").exists, 10, lambda: "the driver does not listen")
    yield log
    driver.kill()
    driver.wait()


@pytest.fixture
def sidecars(
    programs: dict[str, Path], cluster: Cluster, asked: Path, tmp_path: Path
) -> Iterator[dict[str, Container]]:
    (workload,) = (each for each in ADDONS["ebs-csi"] if each.kind == "Deployment")
    running = {}
    for name in SIDECARS:
        (folder := tmp_path / name).mkdir()
        there = {"/csi": asked.parent / "socket"}
        running[name] = Container(programs[name], workload, cluster, folder, container=name, mounted=there)
    yield running
    for each in running.values():
        each.stop()


def gone(cluster: Cluster, path: str) -> bool:
    return live(cluster.provider, path) is None


def test_a_volume_is_made_attached_grown_changed_detached_and_deleted(
    cluster: Cluster, sidecars: dict[str, Container], asked: Path
) -> None:
    provisioner, attacher, resizer = (sidecars[name] for name in SIDECARS)
    chosen = {"name": "data", "annotations": {"volume.kubernetes.io/selected-node": MACHINE}}
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": chosen, "spec": wanted}
    cluster.ask("POST", CLAIMS, body)

    def claim(*path: str) -> Any:
        found: Any = cluster.ask("GET", f"{CLAIMS}/data")
        for key in path:
            found = found.get(key, {})
        return found

    provisioner.eventually(lambda: claim("status", "phase") == "Bound", 60)
    volume = claim("spec", "volumeName")
    attachment = f"{STORAGE}/volumeattachments/data"
    source = {"attacher": DRIVER, "nodeName": MACHINE, "source": {"persistentVolumeName": volume}}
    kind = {"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": {"name": "data"}}
    cluster.ask("POST", f"{STORAGE}/volumeattachments", {**kind, "spec": source})
    attacher.eventually(lambda: cluster.ask("GET", attachment).get("status", {}).get("attached"), 60)
    larger = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    cluster.ask("PATCH", f"{CLAIMS}/data", larger, content_type=MERGE)
    resizer.eventually(lambda: claim("status", "capacity", "storage") == "2Gi", 60)
    cluster.ask("PATCH", f"{CLAIMS}/data", {"spec": {"volumeAttributesClassName": "faster"}}, content_type=MERGE)
    resizer.eventually(lambda: claim("status", "currentVolumeAttributesClassName") == "faster", 60)
    cluster.ask("DELETE", attachment)
    attacher.eventually(partial(gone, cluster, attachment), 60)
    cluster.ask("DELETE", f"{CLAIMS}/data")
    provisioner.eventually(partial(gone, cluster, f"/api/v1/persistentvolumes/{volume}"), 60)

    told = asked.read_text(encoding="utf-8").splitlines()
    # The attacher may ask twice, when its note of the first answer met another change.
    assert list(dict.fromkeys(line.split()[0] for line in told)) == [
        "create",
        "attach",
        "grow",
        "modify",
        "detach",
        "delete",
    ]
    for part in ("type:gp3", "encrypted:true", "csi.storage.k8s.io/pvc/name:data"):
        assert part in told[0]
    leases = cluster.ask("GET", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases")["items"]
    held = {each["metadata"]["name"] for each in leases}
    assert {f"{leader}ebs-csi-aws-com" for leader in ("", "external-attacher-leader-", "external-resizer-")} <= held
    for each in sidecars.values():
        assert each.complaints() == []
