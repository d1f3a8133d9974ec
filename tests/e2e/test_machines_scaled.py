"""Pods that are busy for real get company and lose it again: metrics-server, the controller and the scheduler together.

One member and one worker with all add-ons, of which metrics-server and CoreDNS have images. The tests go in order, and
each prints its figures (`pytest -s`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rehearsal.machines.catalogue import VARIABLE
from rehearsal.machines.images import WEB
from tests.e2e.commands import shell
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.machine_cluster import NEEDS_ALL, Cluster, eventually
from tests.e2e.specs import small

pytestmark = NEEDS_ALL

UP_SECONDS = 1800
SPACE, BUSY = "shop", "busy"
MOST = 4
SCALING = {"minReplicas": 1, "maxReplicas": MOST, "cpuPercent": 50, "scaleDownAfter": "0s"}
SMALL = {"cpu": "20m", "memory": "32Mi"}
PORTS = [{"name": "http", "port": 8080}]


def write(env: Rehearsed, name: str, /, **keys: Any) -> None:
    env.write_app(name, {"image": WEB, "ports": PORTS, "resources": SMALL, **keys})


def busy(env: Rehearsed, /, **keys: Any) -> None:
    write(env, BUSY, **{"from": ["caller"], **keys})


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    uses = [{"name": name, "namespace": SPACE} for name in (BUSY, "caller")]
    spec = small("busy", workloads=uses, pinnedImages=False)
    spec["cluster"] = {**spec["cluster"], "namespaces": [{"name": SPACE}], "addons": {}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, "metrics-server")
        for each in rehearsed(home, "busy", spec, options=("--machines",)):
            busy(each, autoscaling=SCALING)
            write(each, "caller", to=[BUSY], replicas=1)
            each.run("up", "--yes", timeout=UP_SECONDS).ok()
            yield each


@pytest.fixture(scope="module")
def cluster(env: Rehearsed) -> Cluster:
    return Cluster(env)


def pods(cluster: Cluster) -> tuple[int, int]:
    """Return how many pods the Deployment is to have, and how many are ready."""
    live = cluster.get("-n", SPACE, "deployment", BUSY)
    return live["spec"]["replicas"], live["status"].get("readyReplicas", 0)


def await_pods(cluster: Cluster, number: int, seconds: float) -> float:
    """Return after how many seconds the Deployment has so many pods, all of them ready."""
    began = time.monotonic()
    eventually(lambda: True if pods(cluster) == (number, number) else None, seconds, f"{number} pods of {BUSY}")
    return time.monotonic() - began


@contextmanager
def asked_without_end(cluster: Cluster) -> Iterator[None]:
    """Have the caller's pod ask the busy ones all the time."""
    (caller,) = cluster.get("-n", SPACE, "pods", "-l", "app.kubernetes.io/name=caller")["items"]
    name, done = caller["metadata"]["name"], threading.Event()

    def ask() -> None:
        while not done.is_set():
            # Connections are refused for a moment while pods go.
            cluster.answers(name, "get", namespace=SPACE, url=f"http://{BUSY}:8080/", times=2000)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        done.set()
        asking.join()


@contextmanager
def least_pods(cluster: Cluster) -> Iterator[list[int]]:
    """Note how many pods the Deployment is to have, each second."""
    seen, done = [pods(cluster)[0]], threading.Event()

    def look() -> None:
        while not done.wait(1):
            seen.append(pods(cluster)[0])

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        done.set()
        looking.join()


def test_1_there_are_as_many_pods_as_their_use_asks_for(env: Rehearsed, cluster: Cluster) -> None:
    cluster.wait("condition=ScalingActive", f"hpa/{BUSY}", 420, SPACE)
    cluster.wait("condition=Available", "deployment/caller", 120, SPACE)
    assert pods(cluster) == (1, 1)
    with asked_without_end(cluster):
        print(f"\n{MOST} pods {await_pods(cluster, MOST, 180):.0f} s after the load began", end="")
        assert env.changes() == {}
        with least_pods(cluster) as seen:
            busy(env, autoscaling=SCALING, env={"GREETING": "hello"})
            env.run("up", "--yes", timeout=UP_SECONDS).ok()
            cluster.kubectl(
                "-n", SPACE, "rollout", "status", f"deployment/{BUSY}", "--timeout=100s", "--request-timeout=0"
            )
        assert min(seen) == MOST
    print(f"; one again {await_pods(cluster, 1, 240):.0f} s after it ended", end="")


def test_2_a_number_stays_once_the_autoscaler_has_gone(env: Rehearsed, cluster: Cluster) -> None:
    busy(env, replicas=3, env={"GREETING": "hello"})
    exports = env.run("env").ok().output
    update = ["env", "PULUMI_K8S_ENABLE_PATCH_FORCE=true", "pulumi", "up", "--yes", "--skip-preview"]
    cluster.kubectl("-n", SPACE, "delete", "hpa", BUSY)
    shell(env, exports, [*update, "--non-interactive", "--stack", env.name]).ok()
    await_pods(cluster, 3, 120)
    # The controller looks every 15 seconds.
    time.sleep(20)
    assert pods(cluster) == (3, 3)
