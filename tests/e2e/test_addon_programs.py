"""The vendors' programs, run as the add-ons' manifests say, with a real API server and the policies of their roles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from infra.plan.addons.objects import AddonObject
from infra.plan.termination import plan_termination
from infra.plan.workloads.workload import plan_backends
from rehearsal.controlplane import ControlPlane
from tests.e2e import promql
from tests.e2e.addon_cloud import Cloud
from tests.e2e.addon_objects import (
    ACCOUNT_OF_PODS,
    SPEC,
    UNINITIALIZED,
    daemon,
    declare,
    gone,
    group_of,
    interruption,
    machine,
    node,
    notice,
    pod,
    pods_on,
    register,
    waiting,
)
from tests.e2e.addon_pod import Cluster, Container
from tests.e2e.at_hand import built_or_skip, programs_or_skip, sources
from tests.e2e.cluster import live, plane, tools
from tests.e2e.edge_router import free_port
from tests.e2e.kernel_log import KernelLog
from tests.e2e.test_addons import apply
from tests.infra.workload_samples import IMAGE, environment

__all__ = ["plane", "tools"]  # fixtures

pytestmark = pytest.mark.e2e

OF_KUBELET = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
"""Conditions that a kubelet sets, or in its place the controller that misses it."""


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
        body = service(80)
        apply(cluster.provider, AddonObject("test", body), body, dry=False)
        made = running.eventually(lambda: cluster.ask("GET", path)["status"]["loadBalancer"].get("ingress"))
        (balancer,) = balancers.describe_load_balancers()["LoadBalancers"]
        assert [each["hostname"] for each in made] == [balancer["DNSName"]]
        assert (balancer["Type"], balancer["Scheme"]) == ("network", "internal")
        (tagged,) = balancers.describe_tags(ResourceArns=[balancer["LoadBalancerArn"]])["TagDescriptions"]
        tags = {each["Key"]: each["Value"] for each in tagged["Tags"]}
        assert (tags["team"], tags["slipway/environment"]) == ("platform", "test")
        targets = [each["Target"]["Id"] for each in balancer_targets(balancers, balancer["LoadBalancerArn"])]
        assert targets == [here["InstanceId"]]
        # What the workers' security group lets in: the VPC, and health checks from its subnets.
        groups = cloud.client("ec2").describe_security_groups()["SecurityGroups"]
        ranges = [each for group in groups for rule in group["IpPermissions"] for each in rule["IpRanges"]]
        clients = [each["CidrIp"] for each in ranges if "rule/nlb/client" in each.get("Description", "")]
        assert clients == [SPEC.network.cidr]
        body = service(8443)
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


def balancer_targets(balancers: Any, arn: str) -> list[dict[str, Any]]:
    (group,) = balancers.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]
    found = balancers.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
    return list(found["TargetHealthDescriptions"])


def service(port: int) -> dict[str, Any]:
    """Return a backend's Service as the program declares it."""
    pods = {"image": IMAGE, "ports": [{"name": "http", "port": 8080}]}
    ports = [{"name": "http", "port": port, "targetPort": 8080}]
    backend = {"name": "shop", "namespace": "web", "type": "loadBalancer", "workload": "web", "ports": ports}
    (plan,) = plan_backends(environment({"web": pods}, backends=[backend]))
    (planned,) = plan.objects
    return {**planned.manifest(), "metadata": {**planned.manifest()["metadata"], "namespace": "default"}}


@contextmanager
def node_termination_handler(cluster: Cluster, cloud: Cloud, folder: Path, queue: str) -> Iterator[Container]:
    """Run the node termination handler with a queue."""
    running = Container(
        built_or_skip("node-termination-handler"),
        declare(cluster, "node-termination-handler"),
        cluster,
        folder,
        known={
            "roleArn/node-termination-handler": cloud.roles["node-termination-handler"],
            "terminationQueueUrl": queue,
        },
        environment={"AWS_ENDPOINT": cloud.endpoint, "PROBES_SERVER_PORT": str(free_port())},
    )
    try:
        yield running
        assert running.complaints() == []
        errors = [each["message"] for each in running.told() if each["level"] == "error"]
        assert [each for each in errors if not each.startswith("WARNING: ignoring DaemonSet-managed Pods: ")] == []
    finally:
        running.stop()


def test_the_node_termination_handler_drains_machines_that_go_and_leaves_strangers_alone(
    cluster: Cluster, cloud: Cloud, tmp_path: Path
) -> None:
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName=plan_termination(SPEC).queue_name)["QueueUrl"]
    zone = SPEC.network.zones[0]
    taken, leaving, stranger = machine(cloud, zone), group_of(cloud), machine(cloud, zone, {})
    names = [register(cluster, each) for each in (taken, leaving, stranger)]
    before = [ACCOUNT_OF_PODS, daemon("agent"), *(pod(f"of-{name}", name) for name in names)]
    for body in before:
        apply(cluster.provider, AddonObject("test", body), body, dry=False)
    with node_termination_handler(cluster, cloud, tmp_path, queue) as running:
        running.eventually(lambda: all(pods_on(cluster, name).keys() == {"agent", f"of-{name}"} for name in names))
        told = (interruption(names[0]), notice(names[1]), interruption(names[2]), gone(names[2]))
        for each in told:
            sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(each))

        def settled() -> bool:
            for name in names:
                pods_on(cluster, name)
            return waiting(sqs, queue) == 0

        running.eventually(settled, 60)
        for name, taint in zip(names, ("spot-itn", "asg-lifecycle-termination"), strict=False):
            assert pods_on(cluster, name).keys() == {"agent"}
            spec = (node(cluster, name) or {})["spec"]
            assert spec["unschedulable"]
            assert f"aws-node-termination-handler/{taint}" in [each["key"] for each in spec["taints"]]
        assert pods_on(cluster, names[2]).keys() == {"agent", f"of-{names[2]}"}
        assert "unschedulable" not in (node(cluster, names[2]) or {})["spec"]
    detail = told[1]["detail"]
    (completed,) = cloud.completed
    assert completed == {
        "LifecycleActionResult": "CONTINUE",
        "InstanceId": names[1],
        **{key: detail[key] for key in ("AutoScalingGroupName", "LifecycleActionToken", "LifecycleHookName")},
    }
    assert cloud.asked == {
        f"node-termination-handler.sa.{SPEC.cluster.name}": {
            "autoscaling:CompleteLifecycleAction",
            "ec2:DescribeInstances",
            "sqs:DeleteMessage",
            "sqs:ReceiveMessage",
        }
    }


@contextmanager
def node_problem_detector(cluster: Cluster, folder: Path, name: str) -> Iterator[tuple[Container, KernelLog]]:
    """Run node-problem-detector for a node, with its own configurations and a log that is ours."""
    program = built_or_skip("node-problem-detector")
    (folder / "localtime").write_bytes(b"")
    log = KernelLog(folder / "kmsg")
    running = Container(
        program,
        declare(cluster, "node-problem-detector"),
        cluster,
        folder,
        environment={"NODE_NAME": name},
        changed={"--prometheus-port=20257": f"--prometheus-port={free_port()}"},
        added=(f"--port={free_port()}",),
        mounted={
            "/config": sources("node-problem-detector") / "config",
            "/dev/kmsg": folder / "kmsg",
            "/etc/localtime": folder / "localtime",
        },
    )
    try:
        yield running, log
        assert running.complaints() == []
    finally:
        running.stop()
        log.close()


def test_node_problem_detector_sets_the_conditions_that_an_alert_names(cluster: Cluster, tmp_path: Path) -> None:
    name = register(cluster, {"InstanceId": "i-faulty", "Placement": {"AvailabilityZone": SPEC.network.zones[0]}})
    (alerted,) = (
        set(value.split("|"))
        for selector in promql.asked()
        for label, _, value in selector.matchers
        if label == "condition" and "KernelDeadlock" in value
    )

    def conditions() -> dict[str, str]:
        found = (node(cluster, name) or {})["status"].get("conditions", ())
        return {each["type"]: each["status"] for each in found if each["type"] not in OF_KUBELET}

    def faulty(condition: str, line: str) -> bool:
        log.write(line)
        return conditions()[condition] == "True"

    with node_problem_detector(cluster, tmp_path, name) as (running, log):
        running.eventually(lambda: len(conditions()) == len(alerted))
        assert conditions() == dict.fromkeys(alerted, "False")
        line = "EXT4-fs (nvme0n1p1): Remounting filesystem read-only"
        running.eventually(partial(faulty, "ReadonlyFilesystem", line))
        assert conditions() == {**dict.fromkeys(alerted, "False"), "ReadonlyFilesystem": "True"}
        line = "XFS (nvme1n1): Corruption of in-memory data detected. Shutting down filesystem"
        running.eventually(partial(faulty, "XfsShutdown", line))

        def killed() -> list[dict[str, Any]]:
            log.write("Killed process 4711 (java) total-vm:9kB, anon-rss:9kB, file-rss:9kB, shmem-rss:0kB")
            found = cluster.ask("GET", "/api/v1/events", query={"fieldSelector": "reason=OOMKilling"})["items"]
            return [each for each in found if each["involvedObject"]["name"] == name]

        assert running.eventually(killed)[0]["source"]["component"] == "kernel-monitor"
