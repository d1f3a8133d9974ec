"""Monitoring: Prometheus and its collector, exporters, Alertmanager, Grafana.

Rules, dashboards, receivers and what is asked change without a new pod: the kubelet puts a changed ConfigMap or Secret
into running pods, Prometheus looks at its files every 30 s (``--config.auto-reload``, Prometheus documentation,
"Configuration"), and so does Grafana at its dashboards. Alertmanager is told by a sidecar.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from infra.plan.addons.objects import AddonPlan, Later, Manifest, add_arguments
from infra.plan.addons.placement import on_control_plane, on_every_machine
from infra.plan.node.yaml_text import yaml_text
from infra.plan.observability.images import IMAGES
from infra.plan.observability.open_search import secret
from infra.plan.observability.own import OWN_DASHBOARDS, own_dashboards, own_rules
from infra.plan.observability.prometheus import PROMETHEUS_PORT, collector_config, prometheus_config
from infra.plan.observability.reload import read_once, script
from infra.spec import EnvironmentSpec
from infra.spec.monitoring.dashboard import DATA_SOURCE
from infra.spec.observability import MONITORING_NAMESPACE

GRAFANA_PASSWORD = Later("grafanaPassword")
ALERTMANAGER_CONFIG = Later("alertmanagerConfig")

PROMETHEUS = "prometheus"
COLLECTOR = "collector"
ALERTMANAGER = "alertmanager"
GRAFANA = "grafana"

DASHBOARDS_READ_SECONDS = 30
"""How often Grafana looks for other dashboards (Grafana documentation, "Provision Grafana": ``updateIntervalSeconds``,
10 unless given)."""

VOLUME_SHARE = 0.85
"""Of the volume, what blocks may fill: the log of writes and compaction need room beside them (Prometheus
documentation, "Storage": 80 to 85%)."""


@dataclass(frozen=True)
class MonitoringPlan:
    """Monitoring of an environment."""

    in_cluster: tuple[AddonPlan, ...]
    password: bool
    """Whether Grafana's password is made."""
    receivers_config: str | None
    """The stack's secret configuration that holds Alertmanager's."""


def plan_monitoring(spec: EnvironmentSpec) -> MonitoringPlan | None:
    """Return the monitoring of an environment; None where something else does it."""
    monitoring = spec.monitoring
    if not monitoring.enabled:
        return None
    grafana = monitoring.grafana.enabled
    return MonitoringPlan(
        in_cluster=(_plan_prometheus(spec), *((_plan_grafana(spec),) if grafana else ())),
        password=grafana,
        receivers_config=monitoring.alerting.secret,
    )


def _plan_prometheus(spec: EnvironmentSpec) -> AddonPlan:
    manifest = Manifest("monitoring", spec, folder="observability", pinned=IMAGES)
    manifest.get("ConfigMap", "prometheus-rules")["data"] = texts("rules", ".yaml")
    own_rules(manifest, spec, PROMETHEUS)
    for name, config in ((PROMETHEUS, prometheus_config(spec)), (COLLECTOR, collector_config(spec))):
        manifest.get("ConfigMap", name)["data"] = {"prometheus.yml": yaml_text(config)}
    _size(manifest, spec)
    on_control_plane(manifest, spec, COLLECTOR)
    manifest.get("Deployment", COLLECTOR)["spec"]["replicas"] = 1
    on_every_machine(manifest, "node-exporter")
    _plan_alertmanager(manifest, spec)
    return manifest.plan()


def _plan_alertmanager(manifest: Manifest, spec: EnvironmentSpec) -> None:
    told: Any = yaml_text(quiet_receivers()) if spec.monitoring.alerting.secret is None else ALERTMANAGER_CONFIG
    manifest.add(secret(ALERTMANAGER, MONITORING_NAMESPACE, {"alertmanager.yml": told}))
    text = script("reload-alertmanager.sh")
    manifest.get("ConfigMap", ALERTMANAGER)["data"] = {"reload-alertmanager.sh": text}
    read_once(manifest, "StatefulSet", ALERTMANAGER, text)


def _size(manifest: Manifest, spec: EnvironmentSpec) -> None:
    monitoring = spec.monitoring
    container = manifest.container("StatefulSet", PROMETHEUS, PROMETHEUS)
    add_arguments(
        container,
        [
            f"--storage.tsdb.retention.time={monitoring.retention_days}d",
            f"--storage.tsdb.retention.size={int(monitoring.volume_size_gi * 1024 * VOLUME_SHARE)}MB",
        ],
    )
    container["resources"]["requests"]["memory"] = f"{monitoring.memory_gi}Gi"
    container["resources"]["limits"] = {"memory": f"{monitoring.memory_gi}Gi"}
    (claim,) = manifest.get("StatefulSet", PROMETHEUS)["spec"]["volumeClaimTemplates"]
    claim["spec"]["resources"]["requests"]["storage"] = f"{monitoring.volume_size_gi}Gi"


def _plan_grafana(spec: EnvironmentSpec) -> AddonPlan:
    manifest = Manifest(GRAFANA, spec, folder="observability", pinned=IMAGES)
    manifest.get("ConfigMap", "grafana-dashboards")["data"] = texts("dashboards", ".json")
    own = own_dashboards(manifest, spec, GRAFANA)
    data = {"prometheus.yaml": yaml_text(_data_source()), "files.yaml": yaml_text(_dashboard_files(own))}
    manifest.get("ConfigMap", GRAFANA)["data"] = data
    read_once(manifest, "Deployment", GRAFANA, data)
    manifest.add(secret(GRAFANA, MONITORING_NAMESPACE, {"admin-password": GRAFANA_PASSWORD}))
    return manifest.plan()


@cache
def _read(folder: str, ending: str) -> tuple[tuple[str, str], ...]:
    found = files("infra.templates").joinpath("observability", folder).iterdir()
    return tuple(sorted((file.name, file.read_text(encoding="utf-8")) for file in found if file.name.endswith(ending)))


def texts(folder: str, ending: str) -> dict[str, str]:
    """Return the files of a folder of ``infra/templates/observability/`` by name."""
    return dict(_read(folder, ending))


def quiet_receivers() -> dict[str, Any]:
    """Return Alertmanager's configuration where nobody is told."""
    return {
        "route": {"receiver": "nobody", "group_by": ["alertname", "namespace"]},
        "receivers": [{"name": "nobody"}],
    }


def _data_source() -> dict[str, Any]:
    source = {
        "name": "Prometheus",
        "uid": DATA_SOURCE,
        "type": "prometheus",
        "access": "proxy",
        "url": f"http://{PROMETHEUS}.{MONITORING_NAMESPACE}.svc:{PROMETHEUS_PORT}",
        "isDefault": True,
        "editable": False,
    }
    return {"apiVersion": 1, "datasources": [source]}


def _dashboard_files(own: bool) -> dict[str, Any]:
    places = {"Slipway": "/etc/grafana/dashboards", **({"Own": OWN_DASHBOARDS} if own else {})}
    providers = [
        {
            "name": folder.lower(),
            "folder": folder,
            "type": "file",
            "allowUiUpdates": False,
            "updateIntervalSeconds": DASHBOARDS_READ_SECONDS,
            "options": {"path": path},
        }
        for folder, path in places.items()
    ]
    return {"apiVersion": 1, "providers": providers}
