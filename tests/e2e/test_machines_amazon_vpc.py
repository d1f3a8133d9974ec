"""The Amazon VPC CNI and kube-proxy are the pod network of machines: their own programs, with what `up` applies.

One member and three workers. One of these is of a type that has so few addresses on its first interface that the
daemon attaches a second one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from infra.plan.addons.iam import addon_roles
from infra.spec import from_mapping
from rehearsal.machines.asked import AMAZON_VPC
from tests.e2e.conftest import Rehearsed
from tests.e2e.machine_cluster import NEEDS_ALL, Cluster, eventually, is_ready
from tests.e2e.machine_networks import (
    EVERYWHERE,
    NODES_SECONDS,
    OTHERS,
    PORT,
    REPLACED_SECONDS,
    address,
    from_vpc,
    with_own_network,
)
from tests.e2e.machine_objects import container, deployment, pod, service
from tests.e2e.specs import small, with_group

pytestmark = NEEDS_ALL

NODES = 4
PODS = 12
MANY = 16
"""As many as a range has addresses. The machine of few addresses has one for each of its interfaces, and other pods."""
TO_PODS, FROM_PODS = 512, 1536
"""Priorities of the rules by which packets go to pods, and from pods of further interfaces (the project's
docs/cni-proposal.md)."""
WRONG = r"forbidden|AccessDenied|UnauthorizedOperation|cannot (get|list|watch|patch|update|create)"


def declared() -> dict[str, Any]:
    spec = with_group(small("vpc"), "nodes", minSize=2, maxSize=3, machineType="t3.small")
    few = {"name": "few", "role": "Node", "machineType": "t3.micro", "minSize": 1, "maxSize": 1}
    spec["instanceGroups"].append({**few, "maxPods": 30})
    spec["cluster"] |= {
        "cni": AMAZON_VPC,
        "networkPolicies": "notEnforced",
        "addons": {name: {"enabled": False} for name in OTHERS},
    }
    return spec


@pytest.fixture(scope="module")
def environment(home: Path) -> Iterator[Rehearsed]:
    yield from with_own_network(home, "vpc", declared(), AMAZON_VPC)


@pytest.fixture(scope="module")
def cluster(environment: Rehearsed) -> Cluster:
    return Cluster(environment)


@pytest.fixture(scope="module")
def nodes(cluster: Cluster) -> list[str]:
    """Return the member and the workers once they have their network, pods on each, that of few addresses last."""
    found = eventually(
        lambda: roles if sum(map(len, (roles := cluster.ready_nodes()).values())) == NODES else None,
        NODES_SECONDS,
        f"{NODES} nodes are Ready",
    )
    kinds = {each["metadata"]["name"]: each["metadata"]["labels"] for each in cluster.get("nodes")["items"]}
    workers = sorted(found["Node"], key=lambda node: kinds[node]["slipway/instance-group"] == "few")
    port = {"port": 80, "targetPort": 8080, "nodePort": PORT}
    cluster.apply(
        deployment("shop", PODS, tolerations=EVERYWHERE),
        service("shop"),
        service("outside", selector={"app": "shop"}, type="NodePort", ports=[port]),
        pod("client", nodeName=workers[0]),
    )
    cluster.settled("shop", PODS, 180)
    cluster.wait("condition=Ready", "pod/client")
    return [*found["ControlPlane"], *workers]


def daemons(cluster: Cluster, app: str = "aws-node") -> dict[str, dict[str, Any]]:
    """Return node -> the pod of a DaemonSet on it."""
    found = cluster.get("pods", "--namespace=kube-system", f"--selector=k8s-app={app}")["items"]
    return {each["spec"]["nodeName"]: each for each in found}


def interfaces(environment: Rehearsed, node: str) -> list[dict[str, Any]]:
    """Return what the AWS stand-in has of a machine's interfaces, the first one first."""
    attached = [{"Name": "attachment.instance-id", "Values": [node]}]
    found = environment.client("ec2").describe_network_interfaces(Filters=attached)["NetworkInterfaces"]
    return sorted(found, key=lambda each: int(each["Attachment"]["DeviceIndex"]))


def ranges(interface: dict[str, Any]) -> list[IPv4Network]:
    return [IPv4Network(each["Ipv4Prefix"]) for each in interface.get("Ipv4Prefixes", ())]


def test_daemons_become_ready_and_stay(cluster: Cluster, nodes: list[str]) -> None:
    for app in ("aws-node", "kube-proxy"):
        found = eventually(
            lambda app=app: pods if all(map(is_ready, (pods := daemons(cluster, app)).values())) else None,  # type: ignore[misc]
            180,
            f"{app} is ready on each machine",
        )
        assert set(found) == set(nodes)
        restarts = {each["restartCount"] for pod in found.values() for each in pod["status"]["containerStatuses"]}
        assert restarts == {0}, app
    processes = cluster.machine(nodes[1]).execute("ps", "-e", "-o", "comm=").split()
    assert {"aws-k8s-agent", "kube-proxy.real"} <= set(processes)


def test_neither_daemon_lacks_a_right(cluster: Cluster, nodes: list[str]) -> None:
    for app in ("aws-node", "kube-proxy"):
        for each in daemons(cluster, app).values():
            name = each["metadata"]["name"]
            lines = cluster.kubectl("--namespace=kube-system", "logs", name, f"--container={app}").splitlines()
            assert len(lines) > 10
            assert [line for line in lines if re.search(WRONG, line)] == []
    events = cluster.get("events", "--namespace=kube-system")["items"]
    assert [each["message"] for each in events if re.search(WRONG, each.get("message", ""))] == []
    assert len(nodes) == NODES


def test_pods_have_addresses_of_their_machines_ranges(
    environment: Rehearsed, cluster: Cluster, nodes: list[str]
) -> None:
    for node in nodes:
        own = [each for interface in interfaces(environment, node) for each in ranges(interface)]
        for each in cluster.pods("shop").values():
            if each["spec"]["nodeName"] == node:
                assert any(IPv4Address(each["status"]["podIP"]) in one for one in own), node


def test_a_machine_of_few_addresses_gets_a_further_interface(
    environment: Rehearsed, cluster: Cluster, nodes: list[str]
) -> None:
    first, second = eventually(
        lambda: found if len(found := interfaces(environment, nodes[-1])) == 2 else None, 120, "a second interface"
    )
    assert ranges(second)
    tags = {each["Key"]: each["Value"] for each in second["TagSet"]}
    assert tags["KubernetesCluster"] == environment.spec["cluster"]["name"]
    assert second["Attachment"]["DeleteOnTermination"]
    assert {each["GroupId"] for each in second["Groups"]} == {each["GroupId"] for each in first["Groups"]}
    links = json.loads(cluster.machine(nodes[-1]).execute("ip", "-json", "address", "show", "dev", "ens6"))
    assert [each["local"] for each in links[0]["addr_info"]] == [second["PrivateIpAddress"]]
    (member, *_) = nodes
    assert all(not ranges(each) for each in interfaces(environment, member)[1:])


def test_the_role_allows_what_the_daemon_asks_of_ec2(
    environment: Rehearsed, cluster: Cluster, nodes: list[str]
) -> None:
    # The daemon counts its calls itself. The AWS stand-in allows whatever is asked.
    (role,) = (each for each in addon_roles(from_mapping(environment.spec, "vpc")) if each.addon == "amazon-vpc-cni")
    allowed = {action for statement in role.statements for action in statement["Action"]}
    told = cluster.machine(nodes[-1]).execute("curl", "-sS", "http://127.0.0.1:61678/metrics")
    asked = {f"ec2:{action}" for action in re.findall(r'^awscni_ec2api_req_count\{fn="(\w+)"\}', told, re.MULTILINE)}
    assert {"ec2:AttachNetworkInterface", "ec2:CreateNetworkInterface", "ec2:DescribeSubnets"} <= asked
    assert asked <= allowed


def test_pods_of_both_interfaces_reach_all_others(environment: Rehearsed, cluster: Cluster, nodes: list[str]) -> None:
    few = nodes[-1]
    tiny = container(resources={"requests": {"cpu": "1m", "memory": "8Mi"}})
    cluster.apply(deployment("many", MANY, containers=[tiny], nodeSelector={"slipway/instance-group": "few"}))
    many = cluster.settled("many", MANY, 240)
    second = ranges(interfaces(environment, few)[1])
    there = {name for name, each in many.items() if any(IPv4Address(each["status"]["podIP"]) in one for one in second)}
    assert there
    assert there != set(many)
    for name, each in many.items():
        ip = each["status"]["podIP"]
        assert f"{name} {ip}:8080 from" in cluster.ask("client", "get", url=f"http://{ip}:8080/")
    (one,) = list(there)[:1]
    for each in cluster.pods("shop").values():
        assert cluster.ask(one, "get", url=f"http://{each['status']['podIP']}:8080/")
    virtual = cluster.get("service", "shop")["spec"]["clusterIP"]
    assert cluster.answering(f"http://{virtual}/", 20, one)


def test_networkd_leaves_the_daemons_rules_alone(environment: Rehearsed, cluster: Cluster, nodes: list[str]) -> None:
    everywhere = cluster.get("pods", "--all-namespaces")["items"]
    for node in nodes:
        own = {
            each["status"]["podIP"]
            for each in everywhere
            if each["spec"]["nodeName"] == node and not each["spec"].get("hostNetwork") and is_ready(each)
        }
        rules = json.loads(cluster.machine(node).execute("ip", "-json", "rule"))
        assert own <= {each["dst"] for each in rules if each["priority"] == TO_PODS and "dst" in each}, node
        further = [one for interface in interfaces(environment, node)[1:] for one in ranges(interface)]
        of_further = {each for each in own if any(IPv4Address(each) in one for one in further)}
        # By these packets leave by the interface that has their address: EC2 drops others.
        assert of_further <= {each["src"] for each in rules if each["priority"] == FROM_PODS}, node
        links = cluster.machine(node).execute("networkctl", "list", "--no-legend", "--no-pager").splitlines()
        states = {line.split()[1]: line.split()[4] for line in links}
        assert {state for name, state in states.items() if name.startswith("eni")} <= {"unmanaged"}, node


def test_services_names_and_ports_of_nodes(cluster: Cluster, nodes: list[str]) -> None:
    pods = cluster.pods("shop")
    virtual = cluster.get("service", "shop")["spec"]["clusterIP"]
    assert set(cluster.answering(f"http://{virtual}/", 120)) == set(pods)
    cluster.wait("condition=Available", "deployment/coredns", namespace="kube-system")
    assert cluster.ask("client", "get", url="http://shop.default.svc.cluster.local/")
    for node in nodes:
        answers = {from_vpc(cluster, f"http://{address(cluster, node)}:{PORT}/") for _ in range(12)}
        assert answers <= set(pods), node
        assert cluster.machine(node).execute("curl", "-sS", "-m", "3", f"http://{virtual}/").split(" ")[0] in pods


def test_a_machine_that_is_replaced_takes_its_interfaces_with_it(
    environment: Rehearsed, cluster: Cluster, nodes: list[str]
) -> None:
    gone = nodes[-1]
    old = {each["NetworkInterfaceId"] for each in interfaces(environment, gone)}
    environment.client("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=gone, ShouldDecrementDesiredCapacity=False
    )

    def replaced() -> str | None:
        return next((node for node in cluster.ready_nodes().get("Node", ()) if node not in nodes), None)

    fresh = eventually(replaced, REPLACED_SECONDS, "another worker is Ready")
    left = environment.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
    assert old.isdisjoint({each["NetworkInterfaceId"] for each in left})
    eventually(lambda: cluster.only_on("shop", {*nodes[:-1], fresh}, PODS), 240, "pods are on the new one, too")
