"""The vendors' programs, run as the add-ons' manifests say, with a real API server and the policies of their roles."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rehearsal.controlplane import ControlPlane
from tests.e2e.addon_cloud import Cloud
from tests.e2e.addon_objects import (
    SPEC,
    UNINITIALIZED,
    declare,
    machine,
    node,
    register,
)
from tests.e2e.addon_pod import Cluster, Container
from tests.e2e.at_hand import programs_or_skip
from tests.e2e.cluster import plane, tools
from tests.e2e.edge_router import free_port

__all__ = ["plane", "tools"]  # fixtures

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def cluster(plane: ControlPlane) -> Cluster:
    return Cluster(plane)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    made = Cloud(SPEC, monkeypatch)
    yield made
    made.stop()


def program(name: str) -> Path:
    return programs_or_skip([name], name)[name]


def test_the_cloud_controller_manager_adopts_nodes_and_removes_those_of_machines_that_are_gone(
    cluster: Cluster, cloud: Cloud, tmp_path: Path
) -> None:
    manager = program("aws-cloud-controller-manager")
    workload = declare(cluster, "cloud-controller-manager")
    machines = {zone: machine(cloud, zone) for zone in SPEC.network.zones[:2]}
    here, other = (register(cluster, each) for each in machines.values())
    running = Container(
        manager,
        workload,
        cluster,
        tmp_path,
        known={"roleArn/cloud-controller-manager": cloud.roles["cloud-controller-manager"]},
        environment={
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_ENDPOINT_URL_STS": cloud.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": cloud.metadata(here),
        },
        added=(f"--secure-port={free_port()}",),
    )
    try:

        def adopted(name: str) -> dict[str, Any] | None:
            found = node(cluster, name)
            assert found is not None
            taints = [each["key"] for each in found["spec"].get("taints", ())]
            return found if UNINITIALIZED["key"] not in taints and "addresses" in found["status"] else None

        for zone, name in zip(machines, (here, other), strict=True):
            found = running.eventually(partial(adopted, name))
            labels = found["metadata"]["labels"]
            assert labels["topology.kubernetes.io/zone"] == zone
            assert labels["topology.kubernetes.io/region"] == SPEC.region
            assert labels["node.kubernetes.io/instance-type"] == "m7i.large"
            addresses = {each["type"]: each["address"] for each in found["status"]["addresses"]}
            assert addresses["InternalIP"] == machines[zone]["PrivateIpAddress"]
            assert found["spec"]["providerID"] == f"aws:///{zone}/{name}"
        cloud.client("ec2").terminate_instances(InstanceIds=[other])
        running.eventually(lambda: node(cluster, other) is None, 60)
        assert node(cluster, here) is not None
        assert running.complaints() == []
        assert cloud.asked.keys() == {f"cloud-controller-manager.sa.{SPEC.cluster.name}"}
    finally:
        running.stop()
