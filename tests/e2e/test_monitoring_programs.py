"""The vendors' exporters, Prometheus and Alertmanager, run as the manifests say: is there what the rules name?"""

from __future__ import annotations

import json
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.addons.objects import AddonObject
from infra.plan.observability.monitoring import plan_monitoring, quiet_receivers
from rehearsal.controlplane import ControlPlane
from rehearsal.controlplane.layout import Layout
from tests.e2e import promql
from tests.e2e.addon_pod import Cluster, Container, settled
from tests.e2e.at_hand import programs_or_skip
from tests.e2e.cluster import plane, tools
from tests.e2e.edge_router import free_port
from tests.e2e.monitoring_objects import (
    BLIND,
    CRASHING,
    FAILED,
    MERGE,
    NAMESPACE,
    NODE_STATUS,
    SUBJECTS,
    Receiver,
    found_pod,
)
from tests.e2e.promql import Series
from tests.e2e.test_addons import apply
from tests.infra.samples import sample_spec

__all__ = ["plane", "tools"]  # fixtures

pytestmark = pytest.mark.e2e

SPEC = sample_spec(monitoring={"alerting": {"secret": "alertReceivers"}, "scrapeSeconds": 15})
_PLAN = plan_monitoring(SPEC)
assert _PLAN is not None
OBJECTS = {(each.kind, each.name): each for part in _PLAN.in_cluster for each in part.objects}
RUNNABLE = ("DaemonSet", "Deployment", "StatefulSet")


@pytest.fixture(scope="module")
def cluster(plane: ControlPlane) -> Cluster:
    """A cluster with all of monitoring declared but what runs its programs, and something to tell of."""
    made = Cluster(plane)
    for each in OBJECTS.values():
        if each.kind not in RUNNABLE:
            apply(made.provider, each, settled(each.body, {"alertmanagerConfig": "{}"}), dry=False)
    for body in (NAMESPACE, *SUBJECTS):
        apply(made.provider, AddonObject("test", body), body, dry=False)
    made.ask("PATCH", "/api/v1/nodes/i-1/status", {"status": NODE_STATUS}, content_type=MERGE)
    pod = "/api/v1/namespaces/web/pods/crashing/status"
    made.ask("PATCH", pod, {"status": {"phase": "Pending", "containerStatuses": [CRASHING]}}, content_type=MERGE)
    made.ask("PATCH", "/apis/batch/v1/namespaces/web/jobs/failed/status", {"status": FAILED}, content_type=MERGE)
    scaler = "/apis/autoscaling/v2/namespaces/web/horizontalpodautoscalers/it/status"
    made.ask("PATCH", scaler, {"status": BLIND}, content_type=MERGE)
    return made


def program(name: str) -> Path:
    return programs_or_skip([name], name)[name]


def read(url: str, context: ssl.SSLContext | None = None, **headers: str) -> list[str]:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310  loopback
        text: str = answer.read().decode()
        return text.splitlines()


def scraped(container: Container, port: int) -> Series:
    def metrics() -> Series | None:
        try:
            return promql.series(read(f"http://127.0.0.1:{port}/metrics"))
        except OSError:
            return None

    return container.eventually(metrics)


@pytest.fixture(scope="module")
def states(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Container, int, int]]:
    """kube-state-metrics, with its port of the objects' metrics and that of its own."""
    port, telemetry = free_port(), free_port()
    running = Container(
        program("kube-state-metrics"),
        OBJECTS["Deployment", "kube-state-metrics"],
        cluster,
        tmp_path_factory.mktemp("states"),
        changed={"--port=8080": f"--port={port}", "--telemetry-port=8081": f"--telemetry-port={telemetry}"},
    )
    yield running, port, telemetry
    running.stop()


def test_kube_state_metrics_tells_all_that_rules_and_dashboards_name(states: tuple[Container, int, int]) -> None:
    running, port, telemetry = states
    late = (
        "kube_job_failed",
        "kube_deployment_spec_replicas",
        "kube_pod_container_status_waiting_reason",
        "kube_horizontalpodautoscaler_status_condition",
    )

    def complete() -> Series | None:
        found = scraped(running, port)
        return found if all(name in found for name in late) else None

    assert promql.judged(running.eventually(complete), "kube_") == set()
    # It may read each kind that it is to tell of.
    (container,) = OBJECTS["Deployment", "kube-state-metrics"].body["spec"]["template"]["spec"]["containers"]
    (asked,) = (each for each in container["args"] if each.startswith("--resources="))
    watched = scraped(running, telemetry)["kube_state_metrics_watch_total"]
    assert len({each["resource"] for each in watched}) == len(asked.split(","))
    assert {each["result"] for each in watched} == {"success"}
    assert running.complaints() == []


def test_node_exporter_tells_all_that_rules_and_dashboards_name(cluster: Cluster, tmp_path: Path) -> None:
    port = free_port()
    running = Container(
        program("node_exporter"),
        OBJECTS["DaemonSet", "node-exporter"],
        cluster,
        tmp_path,
        changed={"--web.listen-address=:9100": f"--web.listen-address=127.0.0.1:{port}"},
        mounted={"/host": Path("/")},
    )
    try:
        found = scraped(running, port)
    finally:
        running.stop()
    # Machines have one of these file systems; where tests run there may be another.
    assert {each.metric for each in promql.judged(found, "node_")} <= {"node_filesystem_avail_bytes"}
    assert running.complaints() == []


def test_the_api_server_and_etcd_tell_all_that_rules_and_dashboards_name(cluster: Cluster) -> None:
    layout = Layout(cluster.plane.env_dir)
    pki = layout.pki
    api = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    # A verb's first request makes its series.
    assert cluster.ask("GET", "/api/v1/nodes")["items"]
    bearer = f"Bearer {cluster.token('monitoring', 'prometheus')}"
    found = promql.series(read(f"{cluster.plane.server}/metrics", api, Authorization=bearer))
    # Of KMS an API server tells where it has a provider: tests/e2e/test_secrets_kms.py.
    empty = promql.judged(found, "apiserver_", elsewhere="apiserver_envelope_")
    assert {each.matchers for each in empty} <= {(("code", "=~", "5.."),)}
    store = ssl.create_default_context(cafile=str(pki / "etcd/ca.crt"))
    store.load_cert_chain(pki / "apiserver-etcd-client.crt", pki / "apiserver-etcd-client.key")
    ports = json.loads(layout.ports.read_text(encoding="utf-8"))
    assert (
        promql.judged(promql.series(read(f"https://127.0.0.1:{ports['etcd-client']}/metrics", store)), "etcd_") == set()
    )


def test_queries_are_read_whole() -> None:
    query = 'sum by (a, b) (rate(x_total{c="d", e=~"$f"}[5m])) / count(y) > 0 or absent(z{g!="h"} == 1)'
    x, y, z = promql.selectors(query)
    assert (x.metric, x.matchers, x.labels) == ("x_total", (("c", "=", "d"), ("e", "=~", ".*")), {*"abce"})
    assert (y.metric, y.labels, z.metric, z.labels) == ("y", set(), "z", {"g"})
    assert z.takes({"g": "i"})
    assert not z.takes({"g": "h"})
    with pytest.raises(AssertionError):
        promql.judged({"kube_other": [{}]}, "kube_")


def test_every_metric_that_is_named_is_somebodys() -> None:
    """Those that are not looked at here are where the documents say (docs/monitoring.md)."""
    here = ("kube_", "node_", "apiserver_", "etcd_", "prometheus_", "alertmanager_")
    elsewhere = ("kubelet_", "container_", "traefik_", "slipway_", "fluentbit_", "up", "ALERTS")
    metrics = {each.metric for each in promql.asked()}
    assert {each for each in metrics if not each.startswith((*here, *elsewhere))} == set()
    for prefix in (*here, *elsewhere):
        assert any(each.startswith(prefix) for each in metrics), prefix


def edited(made: AddonObject, old: str, new: str) -> AddonObject:
    """Return a ConfigMap with one text in place of another."""
    data = {key: text.replace(old, new) for key, text in made.body["data"].items()}
    assert data != made.body["data"]
    return AddonObject("test", {**made.body, "data": data})


def test_alerts_of_our_rules_reach_a_receiver(cluster: Cluster, tmp_path: Path) -> None:
    programs = programs_or_skip(["prometheus", "alertmanager"], "Prometheus and Alertmanager")
    receiver, asked, telling = Receiver(), free_port(), free_port()
    config = yaml.safe_dump(
        {
            "route": {"receiver": "people", "group_by": ["alertname"], "group_wait": "1s"},
            "receivers": [{"name": "people", "webhook_configs": [{"url": receiver.url}]}],
        }
    )
    found_pod(cluster, OBJECTS["StatefulSet", "alertmanager"], telling)
    manager = Container(
        programs["alertmanager"],
        OBJECTS["StatefulSet", "alertmanager"],
        cluster,
        writable(tmp_path / "alertmanager"),
        beside=(OBJECTS["Secret", "alertmanager"],),
        known={"alertmanagerConfig": config},
        mounted={"/alertmanager": writable(tmp_path / "silences")},
        added=(f"--web.listen-address=127.0.0.1:{telling}",),
    )
    prometheus = Container(
        programs["prometheus"],
        OBJECTS["StatefulSet", "prometheus"],
        cluster,
        writable(tmp_path / "prometheus"),
        beside=(
            edited(OBJECTS["ConfigMap", "prometheus"], "alertmanager.monitoring.svc:9093", f"127.0.0.1:{telling}"),
            OBJECTS["ConfigMap", "prometheus-rules"],
        ),
        mounted={"/prometheus": writable(tmp_path / "blocks")},
        added=(f"--web.listen-address=127.0.0.1:{asked}",),
    )

    def answer(query: str) -> Any:
        return json.loads("".join(read(f"http://127.0.0.1:{asked}/api/v1/{query}")))["data"]

    try:
        scraped(prometheus, asked)
        prometheus.eventually(lambda: receiver.told, 60)
        (alert,) = receiver.told[0]["alerts"]
        assert alert["labels"] == {"alertname": "Watchdog", "severity": "none", "cluster": SPEC.cluster.name}
        assert promql.judged(scraped(manager, telling), "alertmanager_") == set()
        assert promql.judged(scraped(prometheus, asked), "prometheus_") == set()
        # It finds pods that ask for it, and reads what they tell; each rule can be judged.
        prometheus.eventually(lambda: answer("query?query=up")["result"], 60)
        up = [
            (each["metric"]["job"], each["metric"]["pod"], each["value"][1])
            for each in answer("query?query=up")["result"]
        ]
        assert up == [("alertmanager", "alertmanager", "1")]

        def health() -> set[str]:
            return {rule["health"] for group in answer("rules")["groups"] for rule in group["rules"]}

        prometheus.eventually(lambda: "unknown" not in health(), 90)  # groups are judged one after the other
        assert health() == {"ok"}
        assert prometheus.complaints() == manager.complaints() == []
    finally:
        prometheus.stop()
        manager.stop()
        receiver.stop()


def test_the_configuration_that_tells_nobody_is_one(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(quiet_receivers()), encoding="utf-8")
    command = [str(program("amtool")), "check-config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def writable(folder: Path) -> Path:
    folder.mkdir()
    folder.chmod(0o777)
    return folder
