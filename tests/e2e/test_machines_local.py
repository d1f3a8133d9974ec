"""The environment `local` whole, on machines: a member, two workers, two of the edge; traffic reaches the example.

It takes a quarter of an hour and more, and 8 GB, so that it runs when it is asked for: `SLIPWAY_E2E_MACHINES=all`.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from rehearsal.machines.catalogue import VARIABLE
from rehearsal.machines.images import WEB as WEB_IMAGE
from rehearsal.project import ROOT
from tests.e2e.conftest import Rehearsed
from tests.e2e.machine_cluster import NEEDS_ALL, Cluster, eventually
from tests.e2e.outside import Answer, Outside

pytestmark = NEEDS_ALL

UP_SECONDS = 1800
NODES = {"ControlPlane": 1, "Node": 2, "Edge": 2}
WEB = "web.local.slipway.internal"
ADMIN = "admin.local.slipway.internal"
LINES, A_SECOND = 60_000, 1_000
"""Of 1 KiB each: six files of 10 MiB, in a minute."""
ANYONE, OFFICE = "8.8.8.8", "198.51.100.9"


@pytest.fixture(scope="module")
def environment(home: Path) -> Iterator[Rehearsed]:
    stack = yaml.safe_load((ROOT / "stacks" / "Pulumi.local.yaml").read_text())
    spec = stack["config"]["slipway:environment"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, "metrics-server,prometheus,node_exporter,shipper,store")
        environment = Rehearsed("local", ROOT, home, spec, options=("--machines",))
        try:
            began = time.monotonic()
            environment.run("up", "--yes", timeout=UP_SECONDS).ok()
            print(f"`up` of local with machines: {time.monotonic() - began:.0f} s")
            yield environment
        finally:
            environment.run("down", "--yes")


@pytest.fixture(scope="module")
def cluster(environment: Rehearsed) -> Cluster:
    return Cluster(environment)


@pytest.fixture(scope="module")
def balancer(environment: Rehearsed) -> str:
    """DNS name of the edge's load balancer."""
    described = environment.client("elbv2").describe_load_balancers()["LoadBalancers"]
    (name,) = (each["DNSName"] for each in described if each["LoadBalancerName"].startswith("edge-"))
    return str(name)


@pytest.fixture(scope="module")
def outside(environment: Rehearsed) -> Outside:
    folder = environment.home / environment.name / "machines"
    name = json.loads((folder / "settings.json").read_text())["environment"]
    return Outside(f"slipway-{name}", folder / "authority" / "ca.crt")


def rolled_out(cluster: Cluster, namespace: str, what: str) -> None:
    """Wait until all pods of a workload are ready."""
    status = ("-n", namespace, "rollout", "status", what, "--timeout=5s", "--request-timeout=0")
    eventually(lambda: True if cluster.attempt(*status).returncode == 0 else None, 300, f"{what} is rolled out")


def ready(item: dict[str, Any], kind: str = "Ready") -> bool:
    return {"type": kind, "status": "True"} in [
        {"type": each["type"], "status": each["status"]} for each in item["status"].get("conditions", ())
    ]


def test_all_five_machines_are_ready(cluster: Cluster) -> None:
    def roles() -> Counter[str] | None:
        nodes = cluster.get("nodes")["items"]
        found = Counter(node["metadata"]["labels"]["slipway/role"] for node in nodes if ready(node))
        return found if found == NODES else None

    eventually(roles, 600, f"{NODES} are Ready")
    for line in (cluster.root / "logs" / "machines.log").read_text().splitlines():
        if "node is Ready" in line:
            print(line)


@pytest.mark.parametrize(
    ("namespace", "kind", "name"),
    [
        ("slipway-edge", "daemonset", "edge-router"),
        ("demo", "deployment", "web"),
        ("demo", "statefulset", "store"),
        # On members, too: their pods reach the API by the member's own address.
        ("kube-system", "deployment", "coredns"),
        ("kube-system", "deployment", "metrics-server"),
        ("monitoring", "statefulset", "prometheus"),
        ("monitoring", "deployment", "collector"),
        ("monitoring", "daemonset", "node-exporter"),
    ],
)
def test_what_can_run_here_runs(cluster: Cluster, namespace: str, kind: str, name: str) -> None:
    rolled_out(cluster, namespace, f"{kind}/{name}")


def test_the_gateway_is_programmed_and_every_route_is_accepted(cluster: Cluster) -> None:
    (gateway,) = cluster.get("-n", "slipway-edge", "gateways.gateway.networking.k8s.io")["items"]
    assert ready(gateway, "Programmed")
    routes = cluster.get("-n", "slipway-edge", "httproutes.gateway.networking.k8s.io")["items"]
    accepted = {
        route["metadata"]["name"]: [ready({"status": parent}, "Accepted") for parent in route["status"]["parents"]]
        for route in routes
    }
    assert accepted == {f"{each}": [True] for each in (f"http-host.{WEB}", f"https-host.{WEB}", f"https-host.{ADMIN}")}


def test_both_routers_are_healthy_to_the_load_balancer(environment: Rehearsed) -> None:
    elb = environment.client("elbv2")

    def states() -> list[str] | None:
        groups = [each for each in elb.describe_target_groups()["TargetGroups"] if each["Port"] in (8080, 8443)]
        told = [
            each["TargetHealth"]["State"]
            for group in groups
            for each in elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
        ]
        return told if told == ["healthy"] * 4 else None

    eventually(states, 120, "two routers on two ports are healthy")


def test_the_example_answers_by_its_name(outside: Outside, balancer: str) -> None:
    began = time.monotonic()
    answers = Counter(outside.get(f"https://{WEB}/hostname", balancer, ANYONE).body for _ in range(40))
    print(f"40 requests in {time.monotonic() - began:.1f} s: {dict(answers)}")
    assert len(answers) == 2
    assert all(name.startswith("web-") for name in answers)


def test_the_example_keeps_what_it_is_told_in_its_store(outside: Outside, balancer: str) -> None:
    def ask(request: str) -> str:
        dial = f"/dial?host=store&port=6379&protocol=http&tries=1&request={quote(request, safe='')}"
        return outside.get(f"https://{WEB}{dial}", balancer, ANYONE).body

    assert "Updated" in ask("set?key=seen&value=by-the-edge")
    assert "by-the-edge" in ask("get?key=seen")


def test_plain_http_is_sent_to_https(outside: Outside, balancer: str) -> None:
    answer = outside.get(f"http://{WEB}/some/path?and=query", balancer, ANYONE)
    assert (answer.status, answer.location) == (301, f"https://{WEB}/some/path?and=query")


def test_a_host_is_refused_to_whom_the_firewall_does_not_name(outside: Outside, balancer: str) -> None:
    assert outside.get(f"https://{ADMIN}/hostname", balancer, ANYONE) == Answer(403, "Forbidden")
    assert outside.get(f"https://{ADMIN}/hostname", balancer, OFFICE).status == 200
    assert outside.get(f"https://unknown.{WEB}/", balancer, OFFICE).status == 404


def test_the_clients_address_is_the_load_balancers_word_and_not_the_clients(outside: Outside, balancer: str) -> None:
    claimed = {"X-Forwarded-For": OFFICE, "X-Forwarded-Proto": "http"}
    told = {
        name: outside.get(f"https://{WEB}/header?key={name}", balancer, ANYONE, **claimed).body
        for name in ("X-Forwarded-For", "X-Forwarded-Proto")
    }
    assert told == {"X-Forwarded-For": ANYONE, "X-Forwarded-Proto": "https"}
    assert outside.get(f"https://{ADMIN}/hostname", balancer, ANYONE, **claimed).status == 403


def test_the_access_log_has_the_client(cluster: Cluster) -> None:
    lines = cluster.kubectl("-n", "slipway-edge", "logs", "-l", "app.kubernetes.io/name=edge-router", "--tail=-1")
    requests = [json.loads(line) for line in lines.splitlines() if '"RequestHost"' in line]
    seen = {(each["RequestHost"], each["ClientHost"], each["DownstreamStatus"]) for each in requests}
    assert {(ADMIN, ANYONE, 403), (ADMIN, OFFICE, 200), (WEB, ANYONE, 200), (WEB, ANYONE, 301)} <= seen


def test_figures_of_nodes_and_pods_are_had(cluster: Cluster) -> None:
    def top() -> str | None:
        done = cluster.attempt("top", "nodes", "--no-headers")
        return done.stdout if done.returncode == 0 and len(done.stdout.splitlines()) == sum(NODES.values()) else None

    print(eventually(top, 180, "figures of all nodes"))


def test_pods_whose_image_cannot_be_had_are_named(environment: Rehearsed) -> None:
    told = environment.run("status").ok().output
    assert "pods wait for images that are not built here" in told
    assert "docker.io/grafana/grafana:13.1.1: monitoring/grafana-" in told
    assert "traefik" not in told


def test_what_monitors_reaches_all_that_runs(cluster: Cluster) -> None:
    (member,) = cluster.ready_nodes()["ControlPlane"]
    cluster.machine(member).execute("systemctl", "start", "slipway-etcd-backup.service")

    def jobs(query: str) -> Counter[str]:
        path = f"/api/v1/query?query={quote(query, safe='')}"
        told = cluster.tells_its_node("prometheus-0", 9090, path, namespace="monitoring")
        found = json.loads(told)["data"]["result"] if told else []
        return Counter(each["metric"].get("job", "") for each in found)

    machines = sum(NODES.values())
    wanted = {
        "apiserver": 1, "etcd": 1, "collector": 1, "prometheus": 1, "kube-dns": 2, "edge-router-metrics": 2,
        "kubelet": machines, "cadvisor": machines, "node-exporter": machines, "fluent-bit": machines,
    }  # fmt: skip
    up = eventually(lambda: found if (found := jobs("up == 1")) >= Counter(wanted) else None, 300, "all are asked")
    print(f"targets that answer: {dict(up)}; that do not: {dict(jobs('up == 0'))}")
    assert set(jobs("up == 0")) <= {"kube-state-metrics"}
    eventually(lambda: jobs("slipway_etcd_backup_timestamp_seconds") or None, 90, "the age of etcd's backup is known")


def counter() -> dict[str, Any]:
    """Return a pod on a worker that writes numbered lines faster than its log may grow without being rotated."""
    container = {
        "name": "counter",
        "image": WEB_IMAGE,
        "imagePullPolicy": "Never",
        "args": [f"-lines={LINES}", f"-rate={A_SECOND}"],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "counter", "namespace": "default"},
        "spec": {"nodeSelector": {"slipway/role": "Node"}, "containers": [container]},
    }


def test_no_line_is_lost_across_rotations(cluster: Cluster) -> None:
    """By stand-ins of Fluent Bit and OpenSearch: files, rotation, mounts, names, certificates and network are real."""
    cluster.kubectl(
        "-n", "log-store", "rollout", "status", "statefulset/opensearch", "--timeout=100s", "--request-timeout=0"
    )
    cluster.kubectl(
        "-n", "logging", "rollout", "status", "daemonset/fluent-bit", "--timeout=100s", "--request-timeout=0"
    )
    cluster.kubectl("apply", "-f", "-", given=json.dumps(counter()))
    began = time.monotonic()

    def all_of_them() -> dict[str, int] | None:
        path = "/_seen?pod=counter"
        answer = cluster.tells_its_node("opensearch-0", 9200, path, namespace="log-store", scheme="https")
        told: dict[str, int] = json.loads(answer) if answer else {"highest": -1}
        return told if told["highest"] == LINES - 1 and told["distinct"] >= told["highest"] else None

    told = eventually(all_of_them, 300, "the last line is in the store")
    pod = cluster.get("pod", "counter")
    folder = f"/var/log/pods/default_counter_{pod['metadata']['uid']}/counter"
    files = cluster.machine(pod["spec"]["nodeName"]).execute("ls", folder).split()
    print(f"{LINES} lines in {time.monotonic() - began:.0f} s; kept: {files}; in the store: {told}")
    assert len(files) > 1
    assert told == {"lines": LINES, "distinct": LINES, "highest": LINES - 1}
