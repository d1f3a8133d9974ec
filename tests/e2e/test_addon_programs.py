"""The vendors' programs, run as the add-ons' manifests say, with a real API server and the policies of their roles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from infra.plan.addons.objects import AddonObject
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
from tests.e2e.cluster import live, plane, tools
from tests.e2e.edge_router import free_port
from tests.e2e.test_addons import apply

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


@contextmanager
def cloud_controller_manager(
    cluster: Cluster, cloud: Cloud, folder: Path, machine: dict[str, Any]
) -> Iterator[Container]:
    """Run the cloud controller manager on a machine of the cluster."""
    running = Container(
        program("aws-cloud-controller-manager"),
        declare(cluster, "cloud-controller-manager"),
        cluster,
        folder,
        known={"roleArn/cloud-controller-manager": cloud.roles["cloud-controller-manager"]},
        environment={
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_ENDPOINT_URL_STS": cloud.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": cloud.metadata(machine["InstanceId"]),
        },
        added=(f"--secure-port={free_port()}",),
    )
    try:
        yield running
        assert running.complaints() == []
        assert cloud.asked.keys() == {f"cloud-controller-manager.sa.{SPEC.cluster.name}"}
    finally:
        running.stop()


def adopted(cluster: Cluster, name: str) -> dict[str, Any] | None:
    found = node(cluster, name)
    assert found is not None
    taints = [each["key"] for each in found["spec"].get("taints", ())]
    return found if UNINITIALIZED["key"] not in taints and "addresses" in found["status"] else None


def test_the_cloud_controller_manager_adopts_nodes_and_removes_those_of_machines_that_are_gone(
    cluster: Cluster, cloud: Cloud, tmp_path: Path
) -> None:
    machines = {zone: machine(cloud, zone) for zone in SPEC.network.zones[:2]}
    here, other = (register(cluster, each) for each in machines.values())
    with cloud_controller_manager(cluster, cloud, tmp_path, machines[SPEC.network.zones[0]]) as running:
        for zone, name in zip(machines, (here, other), strict=True):
            found = running.eventually(partial(adopted, cluster, name))
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


def test_the_cloud_controller_manager_makes_and_changes_and_deletes_load_balancers(
    cluster: Cluster, cloud: Cloud, tmp_path: Path
) -> None:
    here = machine(cloud, SPEC.network.zones[0])
    name = register(cluster, here)
    balancers = cloud.client("elbv2")
    path = "/api/v1/namespaces/default/services/shop"
    with cloud_controller_manager(cluster, cloud, tmp_path, here) as running:
        running.eventually(partial(adopted, cluster, name))
        body = service("shop", 80)
        apply(cluster.provider, AddonObject("test", body), body, dry=False)
        made = running.eventually(lambda: cluster.ask("GET", path)["status"]["loadBalancer"].get("ingress"))
        (balancer,) = balancers.describe_load_balancers()["LoadBalancers"]
        assert [each["hostname"] for each in made] == [balancer["DNSName"]]
        assert balancer["Type"] == "network"
        body = service("shop", 8443)
        apply(cluster.provider, AddonObject("test", body), body, dry=False)

        def ports() -> list[int]:
            found = balancers.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
            return [each["Port"] for each in found]

        running.eventually(lambda: ports() == [8443])
        cluster.ask("DELETE", path)
        running.eventually(lambda: not balancers.describe_load_balancers()["LoadBalancers"])
        running.eventually(lambda: live(cluster.provider, path) is None)
        (actions,) = cloud.asked.values()
        # moto's groups have none of the attributes that could be modified then.
        assert "elasticloadbalancing:DescribeTargetGroupAttributes" in actions
    cluster.ask("DELETE", f"/api/v1/nodes/{name}")


def service(name: str, port: int) -> dict[str, Any]:
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    annotations = {
        f"{prefix}-type": "nlb",
        f"{prefix}-internal": "true",
        f"{prefix}-target-group-attributes": "preserve_client_ip.enabled=false",
    }
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default", "annotations": annotations},
        "spec": {"type": "LoadBalancer", "ports": [{"port": port, "targetPort": 8080}], "selector": {"app": name}},
    }
