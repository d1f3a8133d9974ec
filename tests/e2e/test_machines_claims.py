"""What is claimed of a cluster, seen on machines that boot: one member, two workers, one environment for all of it.

The tests go in order, and each prints its figures (`pytest -s`). Stood in for: Cilium by a bridge and routes, the EBS
CSI driver by `rehearsal.machines.volume_controller` and `tools/csi`, the database by a server in the VPC.
"""

from __future__ import annotations

import collections
import functools
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.plan.addons.coredns import plan_coredns
from infra.plan.addons.ebs_csi import plan_ebs_csi
from infra.spec import from_mapping
from rehearsal.machines.asked import POLICIES_KEPT, POLICIES_VARIABLE
from rehearsal.machines.network import FRONT_ADDRESS
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.machine_cluster import NEEDS_ALL, Cluster, eventually, is_ready
from tests.e2e.machine_database import DATABASE_PORT, database, ways_to_the_database
from tests.e2e.machine_logs import KeptLogs, rotated_twice
from tests.e2e.machine_objects import container, ingress_policy, named, pod, service, shop, stateful_set
from tests.e2e.machine_pressure import CLASSES, Pressure
from tests.e2e.specs import small, with_group

pytestmark = NEEDS_ALL

SPEC = with_group(small("claims"), "nodes", minSize=2, maxSize=4, machineType="t3.small", zones=["eu-central-1a"])
NODES_SECONDS = 420
REPLICAS = 4
LINES, RATE = 70_000, 1_000  # of 1 KiB and some: about 70 MB in 70 s
LOG_LIMIT = 10 * 1024**2
MIB = 1024**2


@pytest.fixture(scope="module")
def environment(home: Path) -> Iterator[Rehearsed]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(POLICIES_VARIABLE, POLICIES_KEPT)
        for each in rehearsed(home, "claims", SPEC, options=("--machines",)):
            each.run("up", "--yes", timeout=1200).ok()
            yield each


@pytest.fixture(scope="module")
def cluster(environment: Rehearsed) -> Cluster:
    return Cluster(environment)


@pytest.fixture(scope="module")
def workers(cluster: Cluster) -> list[str]:
    """Bring names, the class of volumes, and pods on both workers, one of which fills its log from now on."""
    spec = from_mapping(SPEC, "claims")
    nodes = eventually(
        lambda: found if sum(map(len, (found := cluster.ready_nodes()).values())) == 3 else None,
        NODES_SECONDS,
        "three nodes are Ready",
    )
    here, there = nodes["Node"]
    storage = [each for each in plan_ebs_csi(spec).objects if each.kind in ("CSIDriver", "StorageClass")]
    cluster.apply(*(dict(each.body) for each in (*plan_coredns(spec).objects, *storage)))
    cluster.apply(named("Namespace", "bank"))
    cluster.apply(*shop(REPLICAS, here, there, f"-lines={LINES}", f"-rate={RATE}"))
    cluster.settled("shop", REPLICAS)
    for name, namespace in (("client", "default"), ("teller", "bank"), ("talker", "default")):
        cluster.wait("condition=Ready", f"pod/{name}", namespace=namespace)
    cluster.wait("condition=Available", "deployment/coredns", namespace="kube-system")
    return [here, there]


def test_nodes_boot_from_their_user_data(cluster: Cluster, workers: list[str]) -> None:
    (member,) = cluster.ready_nodes()["ControlPlane"]
    for node in (member, *workers):
        told = eventually(functools.partial(cluster.told, rf"{node}: node is Ready, (\d+) s after"), 10, "the log")
        capacity = cluster.get("node", node)["status"]["capacity"]["memory"]
        print(f"\n{node}: Ready {told[1]} s after it read its user-data; memory {capacity}", end="")


def test_pods_have_addresses_of_their_own_and_reach_each_other_across_machines(
    cluster: Cluster, workers: list[str]
) -> None:
    own = [
        each
        for each in cluster.get("pods", "--all-namespaces")["items"]
        if not each["spec"].get("hostNetwork") and each["status"].get("podIP")
    ]
    addresses = {each["status"]["podIP"] for each in own}
    assert len(addresses) == len(own) >= REPLICAS + 5
    client = cluster.get("pod", "client")["status"]["podIP"]
    others = [each for each in cluster.pods("shop").values() if each["spec"]["nodeName"] == workers[1]]
    for each in others:
        name, address = each["metadata"]["name"], each["status"]["podIP"]
        answer = cluster.ask("client", "get", url=f"http://{address}:8080/")
        # Nobody on the way puts an address of its own in the sender's place.
        assert re.fullmatch(rf"\S+: {name} {address}:8080 from {client}:\d+\n", answer)
    print(f"\n{len(own)} pods, {len(addresses)} addresses; {len(others)} reached on the other machine", end="")


def test_containers_of_a_pod_share_localhost(cluster: Cluster, workers: list[str]) -> None:
    second = container("second", "-name=second", port=8081)
    cluster.apply(pod("pair", container(), second, nodeName=workers[0]))
    cluster.wait("condition=Ready", "pod/pair")
    assert ": second 127.0.0.1:8081 from 127.0.0.1:" in cluster.ask("pair", "get", url="http://127.0.0.1:8081/")
    # And nobody else's: the same port of another pod's own address is another server, or none.
    assert "connection refused" in cluster.refusal("client", "get", url="http://127.0.0.1:8081/")


def test_a_service_spreads_connections_over_ready_pods_alone(cluster: Cluster, workers: list[str]) -> None:
    pods = cluster.pods("shop")
    assert {each["spec"]["nodeName"] for each in pods.values()} == set(workers)
    cluster.served_by("http://shop/", pods)
    before = cluster.answering("http://shop/", 200)
    assert before.keys() == pods.keys()
    assert min(before.values()) >= 20  # of 50 in the mean; less has a probability below 1e-6
    unready = min(pods)
    cluster.ask(unready, "unready")
    began = time.monotonic()
    eventually(lambda: None if unready in cluster.answering("http://shop/", 40) else True, 30, "it is dropped", 0.2)
    dropped = time.monotonic() - began
    cluster.settled("shop", REPLICAS - 1)
    after = cluster.answering("http://shop/", 150)
    assert after.keys() == pods.keys() - {unready}
    cluster.ask(unready, "ready")
    cluster.settled("shop", REPLICAS)
    eventually(lambda: True if unready in cluster.answering("http://shop/", 40) else None, 30, "it is back", 0.2)
    print(f"\n200 connections: {sorted(before.values())}; one unready, left out after {dropped:.1f} s; ", end="")
    print(f"150 connections: {sorted(after.values())}", end="")


def test_names_of_services_are_found_within_and_across_namespaces(cluster: Cluster, workers: list[str]) -> None:
    address = cluster.get("service", "shop")["spec"]["clusterIP"]
    for name in ("shop", "shop.default", "shop.default.svc", "shop.default.svc.cluster.local"):
        assert cluster.ask("client", "lookup", name=name).split() == [address]
    for name in ("shop.default", "shop.default.svc.cluster.local"):
        assert cluster.ask("teller", "lookup", namespace="bank", name=name).split() == [address]
    assert "no such host" in cluster.refusal("teller", "lookup", namespace="bank", name="shop")
    resolver = cluster.ask("teller", "read", namespace="bank", path="/etc/resolv.conf").splitlines()
    dns = cluster.get("service", "kube-dns", "--namespace=kube-system")["spec"]["clusterIP"]
    (search,) = (line.split()[1:4] for line in resolver if line.startswith("search "))
    assert search == ["bank.svc.cluster.local", "svc.cluster.local", "cluster.local"]
    assert f"nameserver {dns}" in resolver
    print(f"\n6 names of {address}, asked of {dns} on {workers}", end="")


@pytest.mark.usefixtures("workers")
def test_services_lead_to_a_database_outside_the_cluster(cluster: Cluster) -> None:
    cluster.apply(*ways_to_the_database())
    client = cluster.get("pod", "client")["status"]["podIP"]
    with database(cluster.network):
        for name in ("orders", "ledger"):
            url = f"http://{name}:{DATABASE_PORT}/"
            eventually(functools.partial(cluster.answers, "client", "get", url=url), 30, f"{name} answers")
            answer = cluster.ask("client", "get", url=url)
            assert answer.endswith(f": database asked by {client}\n")
            print(f"\n{name}: {answer.strip()}", end="")
    assert cluster.ask("client", "lookup", name="orders").split() == [str(FRONT_ADDRESS)]
    assert cluster.ask("client", "lookup", name="ledger").split() != [str(FRONT_ADDRESS)]


def test_a_network_policy_lets_in_whom_it_names_on_all_nodes_and_nobody_else(
    cluster: Cluster, workers: list[str]
) -> None:
    cluster.apply(pod("near", nodeName=workers[0]), pod("vault", nodeName=workers[0]))
    for name in ("near", "vault"):
        cluster.wait("condition=Ready", f"pod/{name}")
    url = f"http://{cluster.get('pod', 'vault')['status']['podIP']}:8080/"
    callers = {"near": "default", "client": "default", "teller": "bank"}
    eventually(functools.partial(cluster.reached_by, url, callers, set(callers)), 10, "all reach it")
    # One caller is on the pod's own node, one on the other.
    for peer, names in (
        ({"podSelector": {"matchLabels": {"app": "client"}}}, {"client"}),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "bank"}}}, {"teller"}),
    ):
        cluster.apply(ingress_policy("vault", peer))
        eventually(functools.partial(cluster.reached_by, url, callers, names), 30, f"{names} alone reach it")
    # Kubelets' probes go on.
    assert is_ready(cluster.get("pod", "vault"))
    cluster.kubectl("delete", "networkpolicy", "vault")
    eventually(functools.partial(cluster.reached_by, url, callers, set(callers)), 30, "all reach it again")


def test_a_stateful_pod_keeps_its_name_and_volume_on_another_node(cluster: Cluster, workers: list[str]) -> None:
    cluster.apply(stateful_set("db", "1Gi"), service("db", clusterIP="None"))
    first = cluster.settled("db", 1)["db-0"]
    cluster.ask("db-0", "write", path="/data/kept", text="written before")
    volume = cluster.get("pvc", "data-db-0")["spec"]["volumeName"]
    node = first["spec"]["nodeName"]
    began = time.monotonic()
    cluster.kubectl("cordon", node)
    cluster.kubectl("delete", "pod", "db-0")
    second = cluster.settled("db", 1)["db-0"]
    took = time.monotonic() - began
    cluster.kubectl("uncordon", node)
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    assert {node, second["spec"]["nodeName"]} == set(workers)
    assert cluster.get("pvc", "data-db-0")["spec"]["volumeName"] == volume
    assert cluster.ask("db-0", "read", path="/data/kept") == "written before"
    assert cluster.ask("client", "lookup", name="db-0.db").split() == [second["status"]["podIP"]]
    print(f"\ndb-0 and its volume went from {node} to {second['spec']['nodeName']} in {took:.0f} s", end="")


def test_the_kubelet_rotates_a_container_s_log_at_10_mib(cluster: Cluster, workers: list[str]) -> None:
    last = LINES - 1

    def line(*options: str) -> int:
        return int(cluster.kubectl("logs", "talker", *options).splitlines()[0].split()[0])

    eventually(lambda: True if line("--tail=1") == last else None, 180, "the log is written")
    uid = cluster.get("pod", "talker")["metadata"]["uid"]
    kept = KeptLogs(cluster.machine(workers[0]), f"/var/log/pods/default_talker_{uid}/web")
    eventually(kept.are_five, 60, "five files are kept")
    numbers = kept.numbers()
    assert numbers == list(range(numbers[0], LINES))
    sizes = kept.rotated_sizes()
    assert all(LOG_LIMIT <= size < LOG_LIMIT + 15 * RATE * 1_100 for size in sizes)
    newest = line("--limit-bytes=100")
    assert numbers[0] < newest < last
    print(f"\n{kept.names}, rotated at {[f'{size / MIB:.1f} MiB' for size in sizes]} (looked at each 10 s); ", end="")
    print(f"lines {numbers[0]} to {last} kept, none missing; kubectl logs begins at {newest}", end="")


def test_logrotate_rotates_a_host_s_log_that_grows_past_10_mb(cluster: Cluster, workers: list[str]) -> None:
    machine = cluster.machine(workers[0])
    found = rotated_twice(machine, "grown.log", "quiet.log")
    assert found == ["grown.log", "grown.log.1", "grown.log.2.gz", "quiet.log"]
    told = machine.execute("systemctl", "show", "logrotate.timer", "--property=NextElapseUSecRealtime", "--value")
    due = machine.execute("date", "+%s", f"--date={told.strip()}")
    assert 0 <= int(due) - time.time() <= 3600
    print(f"\n{found}; logrotate runs again at {told.strip()}", end="")


def test_a_machine_that_reboots_stays_the_node_it_was(cluster: Cluster, workers: list[str]) -> None:
    node = workers[1]
    before = cluster.get("node", node)["metadata"]
    requests = len(cluster.get("csr")["items"])
    began = time.monotonic()
    cluster.machine(node).execute("systemctl", "reboot")
    eventually(functools.partial(cluster.told, f"{node}: reboots"), 60, "it reboots")
    eventually(lambda: True if not is_ready(cluster.get("node", node)) else None, 60, "its node is not Ready", 0.1)
    eventually(lambda: True if is_ready(cluster.get("node", node)) else None, 120, "its node is Ready again")
    ready = time.monotonic() - began
    pods = cluster.settled("shop", REPLICAS)
    served = time.monotonic() - began
    after = cluster.get("node", node)["metadata"]
    assert after["uid"] == before["uid"]
    # Its identity is on its disk: it asks for none. Its images are, too.
    assert len(cluster.get("csr")["items"]) == requests
    machine = cluster.machine(node)
    assert "unpacking" not in machine.execute("journalctl", "--unit=rehearsal-images", "--boot", "--output=cat")
    assert machine.execute("systemctl", "--failed", "--plain", "--no-legend") == ""
    cluster.served_by("http://shop/", pods)
    print(f"\n{node} Ready {ready:.0f} s after `reboot`; {REPLICAS} pods ready after {served:.0f} s", end="")


def test_pods_leave_a_node_that_answers_no_more(cluster: Cluster, workers: list[str]) -> None:
    node = workers[1]
    # A node that was short of memory takes no pod for evictionPressureTransitionPeriod, which is five minutes.
    eventually(functools.partial(cluster.accept_pods, workers), 330, "both workers take pods")
    cluster.kubectl("rollout", "restart", "deployment/shop")
    cluster.kubectl("rollout", "status", "deployment/shop", "--timeout=90s", "--request-timeout=0")
    eventually(functools.partial(cluster.only_on, "shop", set(workers), REPLICAS), 30, "pods are on both workers")
    kubelet = ("systemctl", "kill", "--kill-who=main", "kubelet.service")
    machine = cluster.machine(node)
    began = time.monotonic()
    machine.execute(*kubelet, "--signal=STOP")
    try:
        eventually(lambda: True if not is_ready(cluster.get("node", node)) else None, 90, "the node is lost")
        lost = time.monotonic() - began
        eventually(functools.partial(cluster.only_on, "shop", {workers[0]}, REPLICAS), 90, "its pods move")
        moved = time.monotonic() - began
    finally:
        machine.execute(*kubelet, "--signal=CONT")
    eventually(lambda: True if is_ready(cluster.get("node", node)) else None, 60, "the node is back")
    print(f"\nlost after {lost:.0f} s; its pods (tolerationSeconds: 5) ready elsewhere after {moved:.0f} s", end="")


def test_memory_pressure_takes_best_effort_first_and_guaranteed_never(cluster: Cluster, workers: list[str]) -> None:
    # No pod comes to it for the next five minutes: what else is tried on it comes before.
    node = workers[0]
    cluster.apply(*(pod(name, container(resources=each), nodeName=node) for name, each in CLASSES.items()))
    for name in CLASSES:
        cluster.wait("condition=Ready", f"pod/{name}")

    pressure = Pressure(cluster, node, tuple(CLASSES))
    for name, mib in (("burstable", 150), ("modest", 100), ("guaranteed", 150)):
        pressure.eat(name, mib)
    assert pressure.phases() == dict.fromkeys(CLASSES, "Running")
    first = pressure.fill("besteffort")
    assert pressure.phases() == {**dict.fromkeys(CLASSES, "Running"), "besteffort": "Evicted"}
    second = pressure.fill("burstable")
    assert {name for name, phase in pressure.phases().items() if phase == "Running"} == {"modest", "guaranteed"}
    for name in ("modest", "guaranteed"):
        (status,) = cluster.get("pod", name)["status"]["containerStatuses"]
        assert status["restartCount"] == 0
    conditions = {each["type"]: each["status"] for each in cluster.get("node", node)["status"]["conditions"]}
    assert conditions["MemoryPressure"] == "True"
    print(f"\nevicted: besteffort {first[0]:.0f} s after it ate {first[1]} MiB more, then burstable ", end="")
    print(f"{second[0]:.0f} s after {second[1]} MiB; below its request, and guaranteed: untouched", end="")


def test_pods_of_a_killed_worker_move_and_another_comes(cluster: Cluster, workers: list[str]) -> None:
    on = collections.Counter(each["spec"]["nodeName"] for each in cluster.settled("shop", REPLICAS).values())
    assert on.keys() <= set(workers)
    ((node, had),) = on.most_common(1)
    began = time.monotonic()
    cluster.machine(node).kill()
    eventually(lambda: True if cluster.attempt("get", "node", node).returncode else None, 60, "its node goes")
    gone = time.monotonic() - began
    eventually(lambda: True if node not in cluster.nodes_of("shop") else None, 120, "its pods go")
    # The other worker may be short of memory: then they wait for the one that comes.
    assert node not in {each["spec"]["nodeName"] for each in cluster.settled("shop", REPLICAS, 180).values()}
    moved = time.monotonic() - began
    eventually(lambda: True if len(cluster.ready_nodes()["Node"]) == 2 else None, 180, "another worker is Ready")
    print(f"\nits node gone after {gone:.0f} s, {had} of {REPLICAS} pods ready elsewhere after {moved:.0f} s, ", end="")
    print(f"another worker Ready after {time.monotonic() - began:.0f} s", end="")
