"""A control-plane member and a worker boot from their own user-data, and a pod runs.

Skips where machines cannot boot; `rehearsal.machines.requirements` says what is missing.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from rich.console import Console

from rehearsal.machines.images import WEB
from rehearsal.machines.requirements import missing_requirements
from rehearsal.toolchain import resolve
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.specs import small

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(missing_requirements()), reason=" ".join(missing_requirements())),
]

NODES_SECONDS = 420
POD_SECONDS = 60
REPLACED_SECONDS = 300
_Result = TypeVar("_Result")


def eventually(find: Callable[[], _Result | None], seconds: float, what: str) -> _Result:
    until = time.monotonic() + seconds
    while (found := find()) is None:
        assert time.monotonic() < until, f"{what}: not within {seconds:.0f} s"
        time.sleep(2)
    return found


class Cluster:
    """The environment's cluster, through kubectl and the environment's kubeconfig."""

    def __init__(self, environment: Rehearsed) -> None:
        self.root = environment.home / environment.name
        self._kubectl = resolve(["kubectl"], Console(stderr=True))["kubectl"]

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        done = self.attempt(*arguments, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def attempt(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [
            str(self._kubectl),
            "--kubeconfig",
            str(self.root / "kubeconfig"),
            "--request-timeout=10s",
            *arguments,
        ]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)

    def ready_nodes(self) -> dict[str, str]:
        """Return role -> node of the nodes that are ready now."""
        done = self.attempt("get", "nodes", "-o", "json")
        nodes = json.loads(done.stdout)["items"] if done.returncode == 0 else []
        return {
            node["metadata"]["labels"]["slipway/role"]: node["metadata"]["name"]
            for node in nodes
            if any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"]["conditions"])
        }

    def told(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, (self.root / "logs" / "machines.log").read_text())


@pytest.fixture(scope="module")
def environment(home: Path) -> Iterator[Rehearsed]:
    for each in rehearsed(home, "machines", small("machines"), options=("--machines",)):
        each.run("up", "--yes", timeout=900).ok()
        yield each


@pytest.fixture(scope="module")
def cluster(environment: Rehearsed) -> Cluster:
    return Cluster(environment)


def web(name: str, node_role: str) -> str:
    labels = {"app": name}
    pod: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "nodeSelector": {"slipway/role": node_role},
            "tolerations": [{"operator": "Exists"}],
            "containers": [
                {
                    "name": "web",
                    "image": WEB,
                    "imagePullPolicy": "Never",
                    "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1},
                }
            ],
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod, service]})


def test_member_and_worker_boot_from_their_user_data_and_are_ready(cluster: Cluster) -> None:
    nodes = eventually(
        lambda: found if len(found := cluster.ready_nodes()) == 2 else None, NODES_SECONDS, "both nodes are Ready"
    )
    assert set(nodes) == {"ControlPlane", "Node"}
    for node in nodes.values():
        told = eventually(
            functools.partial(cluster.told, rf"{node}: node is Ready, (\d+) s after it read"), 10, "the log"
        )
        print(f"{node}: {told[1]} s from its user-data to Ready")


def test_a_pod_on_the_worker_is_reached_through_its_service_and_logs(cluster: Cluster) -> None:
    cluster.kubectl("apply", "-f", "-", given=web("there", "Node"))
    cluster.kubectl("apply", "-f", "-", given=web("here", "ControlPlane"))
    for name in ("there", "here"):
        cluster.kubectl(
            "wait", "--for=condition=Ready", f"pod/{name}", f"--timeout={POD_SECONDS}s", "--request-timeout=0"
        )
    address = cluster.kubectl("get", "pod", "there", "-o", "jsonpath={.status.podIP}")
    # From a pod on the other machine, by the Service's address, which is kube-proxy's to lead on.
    service = cluster.kubectl("get", "service", "there", "-o", "jsonpath={.spec.clusterIP}")
    path = f"/api/v1/namespaces/default/pods/here:8080/proxy/get?url=http://{service}/"
    assert f"there {address}:8080 from" in cluster.kubectl("get", "--raw", path)
    assert "listens on :8080" in cluster.kubectl("logs", "there")


def test_a_machine_that_dies_is_replaced_and_its_node_goes(environment: Rehearsed, cluster: Cluster) -> None:
    before = cluster.ready_nodes()["Node"]
    environment.client("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=before, ShouldDecrementDesiredCapacity=False
    )

    def replaced() -> str | None:
        now = cluster.ready_nodes().get("Node")
        return now if now not in (None, before) else None

    after = eventually(replaced, REPLACED_SECONDS, "another worker is Ready")
    nodes = cluster.kubectl("get", "nodes", "-o", "name").split()
    assert f"node/{before}" not in nodes
    assert f"node/{after}" in nodes
