"""A control-plane member and a worker boot from their own user-data, and a pod runs.

Skips where machines cannot boot; `rehearsal.machines.requirements` says what is missing.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.plan.control_plane.encryption import PROVIDER_NAME, PROVIDER_UNIT
from infra.plan.control_plane.kubeadm import ETCD_DATA
from rehearsal.machines.machine import Machine
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.machine_cluster import NEEDS_MACHINES, Cluster, eventually
from tests.e2e.machine_objects import pod, service
from tests.e2e.specs import small

pytestmark = NEEDS_MACHINES

FIRST_UP_SECONDS = 1800
"""What machines are made of is built by the first of all: some minutes, several times as many beside other work."""

NODES_SECONDS = 420
POD_SECONDS = 60
REPLACED_SECONDS = 300


@pytest.fixture(scope="module")
def environment(home: Path) -> Iterator[Rehearsed]:
    spec = small("machines")
    spec["cluster"]["controlPlane"] = {"secretsEncryption": "kms"}
    for each in rehearsed(home, "machines", spec, options=("--machines",)):
        each.run("up", "--yes", timeout=FIRST_UP_SECONDS).ok()
        yield each


@pytest.fixture(scope="module")
def cluster(environment: Rehearsed) -> Cluster:
    return Cluster(environment)


def test_member_and_worker_boot_from_their_user_data_and_are_ready(cluster: Cluster) -> None:
    nodes = eventually(
        lambda: found if len(found := cluster.ready_nodes()) == 2 else None, NODES_SECONDS, "both nodes are Ready"
    )
    for (node,) in (nodes["ControlPlane"], nodes["Node"]):
        told = eventually(
            functools.partial(cluster.told, rf"{node}: node is Ready, (\d+) s after it read"), 10, "the log"
        )
        print(f"{node}: {told[1]} s from its user-data to Ready")


def test_the_member_has_noted_what_it_runs(environment: Rehearsed) -> None:
    bucket, cluster = environment.spec["state"]["bucket"], environment.spec["cluster"]
    key = f"{cluster['name']}/running/control-plane-a.json"
    noted = environment.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert json.loads(noted) == {"kubernetesVersion": cluster["kubernetesVersion"], "secretsEncryption": "kms"}


def test_secrets_are_encrypted_by_the_provider_of_kms_as_debian_runs_it(cluster: Cluster) -> None:
    (member,) = cluster.ready_nodes()["ControlPlane"]
    machine = cluster.machine(member)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kept"}, "stringData": {"word": "unheard-of"}}
    cluster.apply(secret)
    assert times(machine, f"k8s:enc:kms:v2:{PROVIDER_NAME}:") > 0
    assert times(machine, "unheard-of") == 0

    def started() -> str:
        return machine.execute("systemctl", "show", PROVIDER_UNIT, "--property=MainPID", "--value").strip()

    before = started()
    machine.execute("systemctl", "kill", "--signal=KILL", PROVIDER_UNIT)
    eventually(lambda: started() not in ("0", before), 30, "the provider runs again")
    # The API server's container ends, and the next one meets the provider by the folder that it has mounted.
    machine.execute("pkill", "--signal", "KILL", "kube-apiserver")

    def read() -> str | None:
        try:
            return str(cluster.get("secret", "kept")["data"]["word"])
        except AssertionError:
            return None

    assert base64.b64decode(eventually(read, 120, "the API server reads it again")) == b"unheard-of"
    assert "unwrapped" in machine.execute("journalctl", "--unit", PROVIDER_UNIT, "--output=cat")


def times(machine: Machine, words: str) -> int:
    """Return in how many lines of etcd's files some words stand."""
    # grep ends with 1 where it finds nothing.
    counted = machine.execute("sh", "-c", f"grep --recursive --count --text {words} {ETCD_DATA} || true")
    return sum(int(line.rpartition(":")[2]) for line in counted.splitlines())


def test_a_pod_on_the_worker_is_reached_through_its_service_and_logs(cluster: Cluster) -> None:
    tolerations = [{"operator": "Exists"}]
    for name, role in (("there", "Node"), ("here", "ControlPlane")):
        cluster.apply(pod(name, nodeSelector={"slipway/role": role}, tolerations=tolerations), service(name))
    for name in ("there", "here"):
        cluster.wait("condition=Ready", f"pod/{name}", POD_SECONDS)
    address = cluster.get("pod", "there")["status"]["podIP"]
    # From a pod on the other machine, by the Service's address, which is kube-proxy's to lead on.
    url = f"http://{cluster.get('service', 'there')['spec']['clusterIP']}/"
    cluster.served_by(url, ["there"], "here")
    assert f"there {address}:8080 from" in cluster.ask("here", "get", url=url)
    assert "listens on :8080" in cluster.kubectl("logs", "there")


def test_a_machine_that_dies_is_replaced_and_its_node_goes(environment: Rehearsed, cluster: Cluster) -> None:
    (before,) = cluster.ready_nodes()["Node"]
    environment.client("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=before, ShouldDecrementDesiredCapacity=False
    )

    def replaced() -> str | None:
        return next((node for node in cluster.ready_nodes().get("Node", ()) if node != before), None)

    after = eventually(replaced, REPLACED_SECONDS, "another worker is Ready")
    nodes = cluster.kubectl("get", "nodes", "-o", "name").split()
    assert f"node/{before}" not in nodes
    assert f"node/{after}" in nodes
