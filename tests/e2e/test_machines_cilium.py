"""Cilium itself is the pod network of machines: its own programs, with the add-on's manifests as `up` applies them.

One member, two workers. Encryption is off, since few kernels of test machines have WireGuard, and Envoy is not there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.machines.asked import CILIUM
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
from tests.e2e.machine_objects import deployment, ingress_policy, named, pod, service
from tests.e2e.specs import small, with_group

pytestmark = NEEDS_ALL

PODS = 4


def declared() -> dict[str, Any]:
    spec = with_group(small("cilium"), "nodes", minSize=2, maxSize=3, machineType="t3.small")
    spec["cluster"]["addons"] = {name: {"enabled": False} for name in OTHERS}
    return spec


@pytest.fixture(scope="module")
def environment(home: Path) -> Iterator[Rehearsed]:
    yield from with_own_network(home, "cilium", declared(), CILIUM)


@pytest.fixture(scope="module")
def cluster(environment: Rehearsed) -> Cluster:
    return Cluster(environment)


@pytest.fixture(scope="module")
def nodes(cluster: Cluster) -> list[str]:
    """Return the member and the workers once their network is there, with pods on each."""
    found = eventually(
        lambda: roles if sum(map(len, (roles := cluster.ready_nodes()).values())) == 3 else None,
        NODES_SECONDS,
        "three nodes are Ready",
    )
    here, there = found["Node"]
    cluster.apply(named("Namespace", "bank"))
    port = {"port": 80, "targetPort": 8080, "nodePort": PORT}
    cluster.apply(
        deployment("shop", PODS, tolerations=EVERYWHERE),
        service("shop"),
        service("outside", selector={"app": "shop"}, type="NodePort", ports=[port], externalTrafficPolicy="Local"),
        pod("client", nodeName=here),
        pod("teller", namespace="bank", nodeName=there),
    )
    cluster.settled("shop", PODS)
    for name, namespace in (("client", "default"), ("teller", "bank")):
        cluster.wait("condition=Ready", f"pod/{name}", namespace=namespace)
    return [*found["ControlPlane"], here, there]


def agents(cluster: Cluster) -> dict[str, str]:
    """Return node -> its agent, of those that are ready."""
    found = cluster.get("pods", "--namespace=kube-system", "--selector=k8s-app=cilium")["items"]
    return {each["spec"]["nodeName"]: each["metadata"]["name"] for each in found if is_ready(each)}


def status(cluster: Cluster, agent: str) -> str:
    command = ("--container=cilium-agent", "--", "cilium-dbg", "status")
    return cluster.kubectl("--namespace=kube-system", "exec", agent, *command)


def on_host(cluster: Cluster, node: str, url: str) -> str:
    """Return what a program of a machine itself is answered; in its own control groups, where Cilium's programs are."""
    unit = ("systemd-run", "--wait", "--pipe", "--quiet", "--collect")
    return cluster.machine(node).execute(*unit, "curl", "-sS", "-m", "3", url).split(" ")[0]


def test_every_machine_has_an_agent_that_does_without_kube_proxy(cluster: Cluster, nodes: list[str]) -> None:
    assert set(eventually(lambda: found if len(found := agents(cluster)) == 3 else None, 120, "agents")) == set(nodes)
    for agent in agents(cluster).values():
        told = status(cluster, agent)
        assert re.search(r"^KubeProxyReplacement: +True ", told, re.MULTILINE), told
        assert re.search(r"^Cilium: +Ok ", told, re.MULTILINE), told
    processes = cluster.machine(nodes[1]).execute("ps", "-e", "-o", "comm=").split()
    assert "cilium-agent" in processes
    assert "kube-proxy" not in processes


@pytest.mark.usefixtures("nodes")
def test_neither_agents_nor_operator_lack_a_right(cluster: Cluster) -> None:
    for selector, container in (("cilium", "cilium-agent"), ("cilium-operator", "cilium-operator")):
        where = ("--namespace=kube-system", f"--selector=k8s-app={selector}", f"--container={container}")
        lines = cluster.kubectl("logs", *where, "--tail=-1").splitlines()
        assert len(lines) > 100
        assert [
            line for line in lines if re.search(r"forbidden|cannot (get|list|watch|patch|update|create)", line)
        ] == []


def test_machines_reach_each_other_through_the_tunnel(cluster: Cluster, nodes: list[str]) -> None:
    (agent,) = (name for node, name in agents(cluster).items() if node == nodes[0])
    eventually(lambda: True if "3/3 reachable" in status(cluster, agent) else None, 300, "all machines answer", 5)


def test_pods_services_and_names(cluster: Cluster, nodes: list[str]) -> None:
    pods = cluster.pods("shop")
    assert {each["spec"]["nodeName"] for each in pods.values()} == set(nodes)
    for name, each in pods.items():
        ip = each["status"]["podIP"]
        assert f"{name} {ip}:8080 from" in cluster.ask("client", "get", url=f"http://{ip}:8080/")
    virtual = cluster.get("service", "shop")["spec"]["clusterIP"]
    assert set(cluster.answering(f"http://{virtual}/", 60)) == set(pods)
    cluster.wait("condition=Available", "deployment/coredns", namespace="kube-system")
    assert cluster.ask("client", "get", url="http://shop.default.svc.cluster.local/")
    for node in nodes:
        assert on_host(cluster, node, f"http://{virtual}/") in pods


def test_a_port_of_a_node_leads_to_the_pods_that_it_runs(cluster: Cluster, nodes: list[str]) -> None:
    for node in nodes:
        own = {name for name, each in cluster.pods("shop").items() if each["spec"]["nodeName"] == node}
        url = f"http://{address(cluster, node)}:{PORT}/"
        assert set(Counter(from_vpc(cluster, url) for _ in range(12))) == own


def test_a_policy_lets_in_whom_it_names(cluster: Cluster, nodes: list[str]) -> None:
    virtual = f"http://{cluster.get('service', 'shop')['spec']['clusterIP']}/"
    callers = {"client": "default", "teller": "bank"}
    eventually(lambda: cluster.reached_by(virtual, callers, {"client", "teller"}), 30, "both reach it")
    bank = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "bank"}}}
    cluster.apply(ingress_policy("shop", bank))
    eventually(lambda: cluster.reached_by(virtual, callers, {"teller"}), 30, "the bank alone reaches it")
    # Probes of the kubelet come from the node itself.
    assert len(cluster.settled("shop", PODS)) == PODS
    assert from_vpc(cluster, f"http://{address(cluster, nodes[1])}:{PORT}/") == ""


def test_a_policy_for_the_vpc_judges_by_the_clients_own_address(
    environment: Rehearsed, cluster: Cluster, nodes: list[str]
) -> None:
    cluster.apply(ingress_policy("shop", {"ipBlock": {"cidr": environment.spec["network"]["cidr"]}}))
    pods = cluster.pods("shop")
    for node in nodes:
        url = f"http://{address(cluster, node)}:{PORT}/"
        eventually(lambda url=url: True if from_vpc(cluster, url) in pods else None, 30, url)  # type: ignore[misc]
        answers = [from_vpc(cluster, url) for _ in range(12)]
        assert "" not in answers
    callers = {"client": "default", "teller": "bank"}
    virtual = f"http://{cluster.get('service', 'shop')['spec']['clusterIP']}/"
    assert cluster.reached_by(virtual, callers, set())


def test_pods_do_not_reach_the_metadata_of_their_machine(cluster: Cluster, nodes: list[str]) -> None:
    token = "http://169.254.169.254/latest/api/token"
    asked = ("curl", "-sS", "-m", "3", "-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60", token)
    assert len(cluster.machine(nodes[1]).execute(*asked)) > 20
    # Its hop limit is 1, and the pod is one further: not even a connection comes about.
    assert "Client.Timeout" in cluster.refusal("client", "get", url=token)


def test_a_machine_that_is_replaced_gets_its_network_and_the_old_one_is_forgotten(
    environment: Rehearsed, cluster: Cluster, nodes: list[str]
) -> None:
    gone = nodes[1]
    environment.client("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=gone, ShouldDecrementDesiredCapacity=False
    )

    def replaced() -> str | None:
        return next((node for node in cluster.ready_nodes().get("Node", ()) if node not in nodes), None)

    fresh = eventually(replaced, REPLACED_SECONDS, "another worker is Ready")
    known = {each["metadata"]["name"] for each in cluster.get("ciliumnodes.cilium.io")["items"]}
    assert known == {nodes[0], nodes[2], fresh}
    eventually(lambda: cluster.only_on("shop", {nodes[0], nodes[2], fresh}, PODS), 180, "pods are on the new one, too")
