"""What programs read again by themselves changes under their pods' feet; what they read once starts their pods anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from infra.plan.observability import monitoring, own
from infra.plan.observability.monitoring import plan_monitoring, texts
from infra.spec.environment import OwnMonitoring
from tests.infra.samples import sample_spec

RULES = "groups: [{name: web, rules: [{alert: WebDown, expr: up == 0}]}]\n"
OTHER = RULES.replace("WebDown", "WebGone")
DASHBOARD = '{"title": "Web", "uid": "web"}'
WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet")

Objects = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Declared:
    """What a stack file says of monitoring."""

    settings: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)
    dashboards: dict[str, str] = field(default_factory=dict)

    def objects(self) -> Objects:
        """Return the objects by kind and name."""
        spec = sample_spec(monitoring=self.settings).with_own_monitoring(OwnMonitoring(self.rules, self.dashboards))
        plan = plan_monitoring(spec)
        assert plan is not None
        return {(each.kind, each.name): each.body for part in plan.in_cluster for each in part.objects}


def changed(before: Objects, after: Objects, kinds: tuple[str, ...]) -> set[str]:
    """Return the names of the objects of some kinds that differ."""
    return {key[1] for key in {*before, *after} if key[0] in kinds and before.get(key) != after.get(key)}


CHANGES = {
    "a rule": (Declared(rules={"web": RULES}), Declared(rules={"web": OTHER}), {"prometheus-rules-own"}, set()),
    "a file of rules more": (
        Declared(rules={"web": RULES}),
        Declared(rules={"web": RULES, "shop": OTHER}),
        {"prometheus-rules-own"},
        set(),
    ),
    "the first file of rules": (
        Declared(),
        Declared(rules={"web": RULES}),
        {"prometheus-rules-own", "prometheus"},
        {"prometheus"},
    ),
    "a dashboard": (
        Declared(dashboards={"web": DASHBOARD}),
        Declared(dashboards={"web": DASHBOARD + " ", "shop": DASHBOARD}),
        {"grafana-dashboards-own"},
        set(),
    ),
    "the first dashboard": (
        Declared(),
        Declared(dashboards={"web": DASHBOARD}),
        {"grafana-dashboards-own", "grafana"},
        {"grafana"},
    ),
    "how often is asked": (Declared(), Declared({"scrapeSeconds": 60}), {"prometheus", "collector"}, set()),
    "how long is kept": (Declared(), Declared({"retentionDays": 90}), set(), {"prometheus"}),
    "receivers": (Declared(), Declared({"alerting": {"secret": "alertReceivers"}}), set(), set()),
}


@pytest.mark.parametrize(("before", "after", "configured", "restarted"), CHANGES.values(), ids=CHANGES)
def test_pods_start_anew_for_what_is_read_once_alone(
    before: Declared, after: Declared, configured: set[str], restarted: set[str]
) -> None:
    old, new = before.objects(), after.objects()
    assert changed(old, new, ("ConfigMap",)) == configured
    assert changed(old, new, WORKLOADS) == restarted


@pytest.mark.parametrize(
    ("folder", "config_map"), [("rules", "prometheus-rules"), ("dashboards", "grafana-dashboards")]
)
def test_what_slipway_brings_of_rules_and_dashboards_starts_nothing_anew(
    monkeypatch: pytest.MonkeyPatch, folder: str, config_map: str
) -> None:
    old = Declared().objects()
    assert old["ConfigMap", config_map]["data"] == texts(folder, ".yaml" if folder == "rules" else ".json")
    monkeypatch.setattr(monitoring, "texts", lambda which, ending: {"new": which + ending})
    new = Declared().objects()
    assert config_map in changed(old, new, ("ConfigMap",))
    assert changed(old, new, WORKLOADS) == set()


@pytest.mark.parametrize(
    ("module", "name", "restarted"),
    [(own, "check-rules.sh", "prometheus"), (monitoring, "reload-alertmanager.sh", "alertmanager")],
)
def test_a_script_that_runs_already_is_read_once(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, restarted: str
) -> None:
    declared = Declared(rules={"web": RULES})
    old = declared.objects()
    monkeypatch.setattr(module, "script", lambda which: f"another {which}")
    new = declared.objects()
    assert name in str([body["data"] for (kind, _), body in new.items() if kind == "ConfigMap"])
    assert changed(old, new, WORKLOADS) == {restarted}


def test_who_reads_again_is_told_to() -> None:
    found = Declared(dashboards={"web": DASHBOARD}).objects()
    for kind, name in (("StatefulSet", "prometheus"), ("Deployment", "collector")):
        (container,) = found[kind, name]["spec"]["template"]["spec"]["containers"]
        assert "--config.auto-reload" in container["args"]
    providers = yaml.safe_load(found["ConfigMap", "grafana"]["data"]["files.yaml"])["providers"]
    assert [each["updateIntervalSeconds"] for each in providers] == [30, 30]


def test_alertmanager_is_told_by_a_sidecar_that_sees_its_file() -> None:
    spec = Declared().objects()["StatefulSet", "alertmanager"]["spec"]["template"]["spec"]
    (main,), (reload,) = spec["containers"], spec["initContainers"]
    assert (reload["image"], reload["restartPolicy"]) == (main["image"], "Always")
    mounts = [{each["name"]: each["mountPath"] for each in one["volumeMounts"]} for one in (main, reload)]
    assert mounts[0]["config"] == mounts[1]["config"] == "/etc/alertmanager"
    folder, _, name = reload["command"][1].rpartition("/")
    data = Declared().objects()["ConfigMap", "alertmanager"]["data"]
    assert (mounts[1]["script"], list(data)) == (folder, [name])
    assert "file=/etc/alertmanager/alertmanager.yml\nurl=http://127.0.0.1:9093/-/reload\n" in data[name]


def test_what_is_mounted_as_a_single_file_never_changes_under_a_pod() -> None:
    """The kubelet updates folders alone (Kubernetes documentation, "ConfigMaps", "Mounted ConfigMaps are updated")."""
    declared = Declared(rules={"web": RULES}, dashboards={"web": DASHBOARD}).objects()
    found = set()
    for (kind, name), body in declared.items():
        pod = body["spec"]["template"]["spec"] if kind in WORKLOADS else {"containers": []}
        for container in (*pod.get("initContainers", []), *pod["containers"]):
            single = {mount["name"] for mount in container.get("volumeMounts", []) if "subPath" in mount}
            volumes = (each for each in pod.get("volumes", []) if each["name"] in single)
            found |= {(name, volume["configMap"]["name"]) for volume in volumes}
    # Grafana's data source and where its dashboards are, which it reads at its start.
    assert found == {("grafana", "grafana")}
