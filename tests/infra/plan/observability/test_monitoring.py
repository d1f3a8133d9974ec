from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from infra.plan.addons.objects import AddonPlan, Later, leaves
from infra.plan.control_plane.kubeadm import kubeadm_documents
from infra.plan.control_plane.members import plan_members
from infra.plan.observability.monitoring import MonitoringPlan, plan_monitoring, texts
from infra.plan.observability.prometheus import collector_config, prometheus_config
from infra.plan.security import plan_security
from infra.plan.workloads.policies import PLATFORM_NAMESPACES
from infra.spec import EnvironmentSpec
from infra.spec.observability import MONITORING_NAMESPACE
from tests.infra.plan.addons.planned import body, container, containers, pod
from tests.infra.samples import sample_spec
from tests.infra.workload_samples import IMAGE, environment

WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet")


def planned(**monitoring: Any) -> MonitoringPlan:
    plan = plan_monitoring(sample_spec(monitoring=monitoring))
    assert plan is not None
    return plan


def parts(**monitoring: Any) -> dict[str, AddonPlan]:
    return {part.name: part for part in planned(**monitoring).in_cluster}


def workloads(**monitoring: Any) -> Iterator[dict[str, Any]]:
    for part in planned(**monitoring).in_cluster:
        yield from (dict(each.body) for each in part.objects if each.kind in WORKLOADS)


def jobs(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {job["job_name"]: job for job in config["scrape_configs"]}


def test_nothing_is_planned_where_something_else_monitors() -> None:
    assert plan_monitoring(sample_spec(monitoring={"enabled": False})) is None


def test_its_namespace_is_the_one_that_workloads_let_in() -> None:
    assert PLATFORM_NAMESPACES["monitoring"] == MONITORING_NAMESPACE
    for part in planned().in_cluster:
        for each in part.objects:
            assert each.namespace in (None, MONITORING_NAMESPACE)


def test_what_answers_the_control_plane_alone_is_asked_from_there() -> None:
    config = collector_config(sample_spec())
    assert set(jobs(config)) == {"kubelet", "cadvisor", "node-exporter", "etcd"}
    assert set(jobs(prometheus_config(sample_spec()))) == {"apiserver", "kube-state-metrics", "pods", "services"}
    assert config["remote_write"] == [{"url": "http://prometheus.monitoring.svc:9090/api/v1/write"}]
    collector = body(parts()["monitoring"], "Deployment", "collector")
    assert pod(collector)["nodeSelector"]["slipway/role"] == "ControlPlane"
    assert collector["spec"]["replicas"] == 1
    opened = {rule.ports[0]: (rule.peer, rule.role) for rule in opened_rules(sample_spec()) if rule.ports}
    assert opened[9100][0] == opened[2381][0] == opened[10250][0] == "ControlPlane"
    rules = [(rule.peer, rule.role) for rule in opened_rules(sample_spec()) if rule.ports == (2381, 2381)]
    assert rules == [("ControlPlane", "ControlPlane")]
    (policy,) = (
        each.body["spec"]
        for each in parts()["monitoring"].objects
        if (each.kind, each.name) == ("NetworkPolicy", "collector")
    )
    assert {port["port"] for rule in policy["egress"] for port in rule["ports"]} == {10250, 9100, 2381, 9090}


def opened_rules(spec: EnvironmentSpec) -> list[Any]:
    return [rule for rule in plan_security(spec).rules if rule.direction == "ingress"]


def test_no_port_is_opened_for_a_monitoring_that_is_not_there() -> None:
    off = {rule.name for rule in opened_rules(sample_spec(monitoring={"enabled": False}))}
    on = {rule.name for rule in opened_rules(sample_spec())}
    assert on - off == {
        "exporter-control-plane-to-control-plane",
        "exporter-control-plane-to-nodes",
        "exporter-control-plane-to-edge",
        "etcd-metrics-control-plane-to-control-plane",
    }
    assert off <= on


def test_etcd_answers_where_it_is_asked() -> None:
    spec = sample_spec()
    (member,) = plan_members(spec)
    targets = jobs(collector_config(spec))["etcd"]["static_configs"]
    assert targets == [{"targets": [f"{member.address}:2381"], "labels": {"instance": "control-plane-a"}}]
    documents = list(yaml.safe_load_all(kubeadm_documents(spec, member, (member,))))
    arguments = {each["name"]: each["value"] for each in documents[1]["etcd"]["local"]["extraArgs"]}
    # kubeadm makes the pod's probes of the first.
    assert arguments["listen-metrics-urls"] == f"http://127.0.0.1:2381,http://{member.address}:2381"


def test_the_collector_reads_metrics_of_kubelets_and_runs_nothing_on_them() -> None:
    rules = body(parts()["monitoring"], "ClusterRole", "slipway:collector")["rules"]
    assert [(rule["resources"], rule["verbs"]) for rule in rules] == [
        (["nodes"], ["get", "list", "watch"]),
        (["nodes/metrics"], ["get"]),
    ]


def test_nobody_reads_secrets_and_nobody_changes_anything() -> None:
    for part in planned().in_cluster:
        for role in (each.body for each in part.objects if each.kind == "ClusterRole"):
            for rule in role["rules"]:
                assert set(rule["verbs"]) <= {"get", "list", "watch"}
                assert not set(rule.get("resources", [])) & {"secrets", "configmaps", "nodes/proxy", "*"}


def test_sizes_follow_the_spec() -> None:
    plan = parts(retentionDays=30, volumeSizeGi=100, memoryGi=8)["monitoring"]
    server = body(plan, "StatefulSet", "prometheus")
    arguments = container(server, "prometheus")["args"]
    assert "--storage.tsdb.retention.time=30d" in arguments
    assert "--storage.tsdb.retention.size=87040MB" in arguments
    assert container(server, "prometheus")["resources"]["limits"] == {"memory": "8Gi"}
    assert server["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"] == {"storage": "100Gi"}
    config = prometheus_config(sample_spec(monitoring={"scrapeSeconds": 60}))
    assert config["global"]["scrape_interval"] == "60s"


def test_receivers_come_from_the_stacks_secrets_or_there_are_none() -> None:
    def secret(plan: AddonPlan) -> Any:
        return body(plan, "Secret", "alertmanager")["stringData"]["alertmanager.yml"]

    told = planned(alerting={"secret": "alertReceivers"})
    assert told.receivers_config == "alertReceivers"
    assert secret(told.in_cluster[0]) == Later("alertmanagerConfig")
    assert planned().receivers_config is None
    quiet = yaml.safe_load(secret(planned().in_cluster[0]))
    assert quiet["receivers"] == [{"name": quiet["route"]["receiver"]}]


def test_grafana_has_a_random_password_and_can_be_left_out() -> None:
    grafana = parts()["grafana"]
    assert body(grafana, "Secret", "grafana")["stringData"] == {"admin-password": Later("grafanaPassword")}
    later = {leaf for part in planned().in_cluster for each in part.objects for leaf in leaves(each.body)}
    assert {leaf for leaf in later if isinstance(leaf, Later)} == {Later("grafanaPassword")}
    off = planned(grafana={"enabled": False})
    assert [part.name for part in off.in_cluster] == ["monitoring"]
    assert off.password is False


def test_only_the_exporter_of_objects_may_say_whose_a_series_is() -> None:
    config = jobs(prometheus_config(sample_spec()))
    assert [name for name, job in config.items() if job.get("honor_labels")] == ["kube-state-metrics"]
    assert config["kube-state-metrics"]["kubernetes_sd_configs"][0]["namespaces"] == {"names": ["monitoring"]}


def test_a_workload_that_keeps_monitoring_out_is_not_asked() -> None:
    def written(name: str, *callers: str, members: bool = False) -> dict[str, Any]:
        ports = [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9090, "membersOnly": members}]
        return {name: {"image": IMAGE, "kind": "StatefulSet", "ports": ports, "from": list(callers)}}

    def dropped(*files: dict[str, Any]) -> list[str]:
        merged = {name: each for file in files for name, each in file.items()}
        rules = jobs(prometheus_config(environment(merged)))["workloads"]["relabel_configs"]
        label = ["__meta_kubernetes_pod_label_app_kubernetes_io_instance"]
        return [rule["regex"] for rule in rules if rule.get("action") == "drop" and rule["source_labels"] == label]

    open_ = written("open", "monitoring")
    assert dropped(open_) == []
    (regex,) = dropped(open_, written("shut", "open"), written("own", "monitoring", members=True))
    assert [bool(re.fullmatch(regex, f"{name}-test")) for name in ("open", "shut", "own")] == [False, True, True]


def test_workloads_are_asked_at_the_port_that_they_name_metrics() -> None:
    assert "workloads" not in jobs(prometheus_config(sample_spec()))
    spec = sample_spec(cluster={"namespaces": [{"name": "web"}, {"name": "shop"}]})
    job = jobs(prometheus_config(spec))["workloads"]
    assert job["kubernetes_sd_configs"] == [{"role": "pod", "namespaces": {"names": ["shop", "web"]}}]
    kept = [rule for rule in job["relabel_configs"] if rule.get("action") == "keep"]
    assert [(rule["source_labels"], rule["regex"]) for rule in kept] == [
        (["__meta_kubernetes_pod_container_port_name"], "metrics")
    ]


def test_pods_that_security_groups_keep_away_are_not_missed() -> None:
    def dropped(spec: EnvironmentSpec) -> list[list[str]]:
        rules = jobs(prometheus_config(spec))["pods"]["relabel_configs"]
        return [rule["source_labels"] for rule in rules[:2] if rule["action"] in ("drop", "dropequal")]

    assert dropped(sample_spec()) == [["__meta_kubernetes_pod_host_ip"]]
    assert dropped(sample_spec(cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced"})) == [
        ["__meta_kubernetes_pod_host_ip"],
        ["__meta_kubernetes_node_label_slipway_role"],
    ]


def test_every_pod_is_held_to_what_it_needs() -> None:
    for workload in workloads():
        name = workload["metadata"]["name"]
        volumes = {volume["name"] for volume in pod(workload).get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
        assert {mount["name"] for each in containers(workload) for mount in each.get("volumeMounts", [])} == volumes
        assert pod(workload).get("hostNetwork", False) is (name == "node-exporter")
        assert pod(workload)["securityContext"]["runAsNonRoot"] is True
        for each in containers(workload):
            assert re.fullmatch(r"[a-z0-9.]+/[a-z0-9/-]+:v?\d+\.\d+\.\d+", each["image"])
            assert each["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= each["resources"]["requests"].keys()
            assert "memory" in each["resources"]["limits"]
            # A mount inside a read-only one would need its folder to be there.
            paths = [mount["mountPath"] for mount in each.get("volumeMounts", []) if not mount.get("subPath")]
            assert not [path for path in paths for other in paths if path.startswith(f"{other}/")], name


@pytest.mark.parametrize("name", sorted(texts("dashboards", ".json")))
def test_dashboards_are_whole_and_ask_prometheus(name: str) -> None:
    dashboard = json.loads(texts("dashboards", ".json")[name])
    assert dashboard["uid"] == f"slipway-{name.removesuffix('.json')}"
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) >= 6
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"prometheus"}
        used = set(re.findall(r"\$([a-z]+)", " ".join(target["expr"] for target in panel["targets"])))
        assert used <= {variable["name"] for variable in dashboard["templating"]["list"]}


def test_all_of_a_config_map_fits() -> None:
    # etcd takes 1.5 MiB for an object, and the API server 1 MiB for the data of a ConfigMap.
    for folder, ending in (("rules", ".yaml"), ("dashboards", ".json")):
        assert sum(len(text.encode()) for text in texts(folder, ending).values()) < 512 * 1024


def test_what_alerts_say_can_be_acted_on() -> None:
    for name, text in texts("rules", ".yaml").items():
        for group in yaml.safe_load(text)["groups"]:
            for rule in group["rules"]:
                assert rule["labels"]["severity"] in ("critical", "warning", "none"), name
                assert rule["annotations"].keys() == {"summary", "do"}
