"""A change of rules, of what is asked, or of receivers reaches the vendors' programs while they run.

The kubelet's part, to write a changed object into a pod's folder, is played by :func:`tests.mounted.mount`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.addons.objects import AddonObject
from infra.plan.observability.monitoring import plan_monitoring
from infra.spec import EnvironmentSpec
from infra.spec.environment import OwnMonitoring
from tests.e2e.addon_pod import Cluster, Container
from tests.e2e.cluster import plane, tools
from tests.e2e.edge_router import free_port
from tests.e2e.test_addons import apply
from tests.e2e.test_monitoring_programs import cluster, program, read, scraped, writable
from tests.infra.samples import sample_spec
from tests.infra.templates.observability.sidecar import Sidecar
from tests.mounted import mount

__all__ = ["cluster", "plane", "tools"]  # fixtures

pytestmark = pytest.mark.e2e

OWN = "groups: [{name: web, rules: [{alert: %s, expr: vector(1)}]}]\n"
SUCCESS = "{}_config_last_reload_successful"


def objects(rules: Mapping[str, str], **monitoring: Any) -> dict[tuple[str, str], AddonObject]:
    spec: EnvironmentSpec = sample_spec(monitoring={"alerting": {"secret": "alertReceivers"}, **monitoring})
    plan = plan_monitoring(spec.with_own_monitoring(OwnMonitoring(rules, {})))
    assert plan is not None
    return {(each.kind, each.name): each for part in plan.in_cluster for each in part.objects}


class Running:
    """Prometheus or its collector, with the port at which it answers."""

    def __init__(self, cluster: Cluster, folder: Path, key: tuple[str, str], storage: str, **rules: str) -> None:
        """Start it."""
        declared = objects(rules)
        self.cluster, self.port = cluster, free_port()
        self.container = Container(
            program("prometheus"),
            declared[key],
            cluster,
            writable(folder / "pod"),
            beside=tuple(each for each in declared.values() if each.kind == "ConfigMap"),
            mounted={storage: writable(folder / "storage")},
            added=(f"--web.listen-address=127.0.0.1:{self.port}", "--config.auto-reload-interval=1s"),
        )

    def update(self, name: str, volume: str, body: Mapping[str, Any]) -> None:
        """Change a ConfigMap as an update does, and a pod's folder as the kubelet does then."""
        before = self.cluster.ask("GET", f"/api/v1/namespaces/monitoring/configmaps/{name}")
        after = apply(self.cluster.provider, AddonObject("test", body), dict(body), dry=False)
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        mount(self.container.volume(volume), after["data"])

    def until_ready(self) -> None:
        """Wait until it has read its data: its API answers 503 before."""
        self.container.eventually(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            read(f"http://127.0.0.1:{self.port}/-/ready")
        except OSError:
            return False
        return True

    def answer(self, query: str) -> Any:
        return json.loads("".join(read(f"http://127.0.0.1:{self.port}/api/v1/{query}")))["data"]

    def rules(self) -> set[str]:
        return {rule["name"] for group in self.answer("rules")["groups"] for rule in group["rules"]}

    def metric(self, name: str) -> float:
        lines = read(f"http://127.0.0.1:{self.port}/metrics")
        (value,) = (line.split()[1] for line in lines if line.startswith(f"{name} "))
        return float(value)


@pytest.fixture
def prometheus(cluster: Cluster, tmp_path: Path) -> Iterator[Running]:
    key = ("StatefulSet", "prometheus")
    running = Running(cluster, tmp_path, key, "/prometheus", web=OWN % "WebDown")
    yield running
    running.container.stop()


def test_rules_change_in_the_process_that_runs(prometheus: Running, tmp_path: Path) -> None:
    own, checked = tmp_path / "own", prometheus.container.volume("checked-rules")
    mount(own, {"web.yaml": OWN % "WebDown"})
    folders = {"/etc/prometheus-rules-own": str(own), "/etc/prometheus-rules-checked": str(checked)}
    with Sidecar("check-rules.sh", folders, program("promtool").parent) as script:
        script.eventually(lambda: (checked / "web.yaml").exists())
        prometheus.until_ready()
        started = prometheus.metric("process_start_time_seconds")
        prometheus.container.eventually(lambda: {"WebDown", "Watchdog"} <= prometheus.rules())
        # One's own, by way of promtool; one that it refuses leaves the rest as it is.
        mount(own, {"web.yaml": OWN % "WebGone", "shop.yaml": "groups: [{name: a, rules: [{alert: A}]}]"})
        prometheus.container.eventually(lambda: {"WebGone", "RulesLeftOut", "Watchdog"} <= prometheus.rules())
        assert "WebDown" not in prometheus.rules()
    # Those that Slipway brings.
    body = objects({})["ConfigMap", "prometheus-rules"].body
    other = {name: text.replace("Watchdog", "Cerberus") for name, text in body["data"].items()}
    prometheus.update("prometheus-rules", "rules", {**body, "data": other})
    prometheus.container.eventually(lambda: "Cerberus" in prometheus.rules() and "Watchdog" not in prometheus.rules())
    assert prometheus.metric("process_start_time_seconds") == started
    assert prometheus.metric(SUCCESS.format("prometheus")) == 1


def test_a_configuration_that_cannot_be_loaded_leaves_what_runs_and_is_told(prometheus: Running) -> None:
    prometheus.until_ready()
    body = objects({"web": OWN % "WebDown"})["ConfigMap", "prometheus"].body
    prometheus.update("prometheus", "config", {**body, "data": {"prometheus.yml": "scrape_configs: 1\n"}})
    prometheus.container.eventually(lambda: prometheus.metric(SUCCESS.format("prometheus")) == 0)
    assert "Watchdog" in prometheus.rules()
    prometheus.update("prometheus", "config", body)
    prometheus.container.eventually(lambda: prometheus.metric(SUCCESS.format("prometheus")) == 1)


def test_what_the_collector_asks_changes_in_the_process_that_runs(cluster: Cluster, tmp_path: Path) -> None:
    collector = Running(cluster, tmp_path, ("Deployment", "collector"), "/data")
    try:
        collector.until_ready()
        started = collector.metric("process_start_time_seconds")
        changed = objects({}, scrapeSeconds=60)["ConfigMap", "collector"].body
        collector.update("collector", "config", changed)
        collector.container.eventually(lambda: "scrape_interval: 1m\n" in collector.answer("status/config")["yaml"])
        assert collector.metric("process_start_time_seconds") == started
    finally:
        collector.container.stop()


def test_receivers_change_in_the_alertmanager_that_runs(cluster: Cluster, tmp_path: Path) -> None:
    port, declared = free_port(), objects({})
    running = Container(
        program("alertmanager"),
        declared["StatefulSet", "alertmanager"],
        cluster,
        writable(tmp_path / "pod"),
        beside=(declared["Secret", "alertmanager"],),
        known={"alertmanagerConfig": receivers("people")},
        mounted={"/alertmanager": writable(tmp_path / "silences")},
        added=(f"--web.listen-address=127.0.0.1:{port}",),
    )
    config = running.volume("config")
    instead = {"/etc/alertmanager": str(config), "127.0.0.1:9093": f"127.0.0.1:{port}"}

    def known() -> str:
        return "".join(read(f"http://127.0.0.1:{port}/api/v2/status"))

    def loaded() -> str:
        return str(
            [line for line in read(f"http://127.0.0.1:{port}/metrics") if line.startswith("alertmanager_config_last")]
        )

    try:
        scraped(running, port)
        with Sidecar("reload-alertmanager.sh", instead) as script:
            assert "people" in known()
            mount(config, {"alertmanager.yml": receivers("others")})
            script.eventually(lambda: "others" in known())
            mount(config, {"alertmanager.yml": "receivers: 1"})
            script.eventually(lambda: f"{SUCCESS.format('alertmanager')} 0" in loaded())
            assert "others" in known()
        assert running.process.poll() is None
    finally:
        running.stop()


def receivers(name: str) -> str:
    return yaml.safe_dump({"route": {"receiver": name}, "receivers": [{"name": name}]})
