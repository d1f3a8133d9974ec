"""What Prometheus and its collector ask, and how what they hear is named.

There are two. The collector (Prometheus in agent mode) runs on a machine of the control plane and asks what answers
those machines alone (``infra.plan.security``): kubelets, the machines' exporters and etcd. It keeps nothing and sends
all to Prometheus, which runs on workers, with its volume, and asks pods and the API. So the ports of kubelets stay
closed to workers, and a server that may need much memory stays away from etcd.
"""

from __future__ import annotations

import re
from typing import Any

from infra.plan.control_plane.members import plan_members
from infra.plan.observability.own import CHECKED_RULES
from infra.plan.security import ETCD_METRICS_PORT, EXPORTER_PORT
from infra.plan.workloads.objects import selector
from infra.spec import EnvironmentSpec
from infra.spec.observability import MONITORING_NAMESPACE

PROMETHEUS_PORT = 9090
ALERTMANAGER_PORT = 9093

_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
_CA = {"ca_file": f"{_FOLDER}/ca.crt"}
_TOKEN = {"authorization": {"type": "Bearer", "credentials_file": f"{_FOLDER}/token"}}

Job = dict[str, Any]


def prometheus_config(spec: EnvironmentSpec) -> dict[str, Any]:
    """Return the configuration of Prometheus."""
    alertmanager = f"alertmanager.{MONITORING_NAMESPACE}.svc:{ALERTMANAGER_PORT}"
    return {
        "global": _global(spec),
        "rule_files": ["/etc/prometheus-rules/*.yaml", *_own_rules(spec)],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [_api_servers(), _objects(), _pods(spec), _services(spec), *_workloads(spec)],
    }


def _own_rules(spec: EnvironmentSpec) -> list[str]:
    return [f"{CHECKED_RULES}/*.yaml"] if spec.own_monitoring.rules else []


def collector_config(spec: EnvironmentSpec) -> dict[str, Any]:
    """Return the configuration of the collector."""
    return {
        "global": _global(spec),
        "scrape_configs": [*_kubelets(), _exporters(), _etcd(spec)],
        "remote_write": [{"url": f"http://prometheus.{MONITORING_NAMESPACE}.svc:{PROMETHEUS_PORT}/api/v1/write"}],
    }


def _global(spec: EnvironmentSpec) -> dict[str, Any]:
    seconds = spec.monitoring.scrape_seconds
    return {
        "scrape_interval": f"{seconds}s",
        "scrape_timeout": "10s",
        "evaluation_interval": f"{seconds}s",
        "external_labels": {"cluster": spec.cluster.name},
    }


def _api_servers() -> Job:
    return {
        "job_name": "apiserver",
        "scheme": "https",
        "kubernetes_sd_configs": [{"role": "endpointslice", "namespaces": {"names": ["default"]}}],
        "tls_config": {**_CA, "server_name": "kubernetes.default.svc"},
        **_TOKEN,
        "relabel_configs": [
            _keep(
                "__meta_kubernetes_service_name", "__meta_kubernetes_endpointslice_port_name", regex="kubernetes;https"
            )
        ],
        # Of every resource and verb in 20 buckets: half of all series of a small cluster, and asked for by no rule.
        "metric_relabel_configs": [
            _drop("apiserver_request_(body_size_bytes|sli_duration_seconds|slo_duration_seconds)_.*")
        ],
    }


def _objects() -> Job:
    return {
        "job_name": "kube-state-metrics",
        "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": [MONITORING_NAMESPACE]}}],
        "relabel_configs": [
            _keep(
                "__meta_kubernetes_pod_label_app_kubernetes_io_name",
                "__meta_kubernetes_pod_container_port_name",
                regex="kube-state-metrics;metrics",
            )
        ],
        # What it says of a pod is of that pod, not of its own. Nobody else may say so.
        "honor_labels": True,
    }


def _pods(spec: EnvironmentSpec) -> Job:
    """Pods that ask for it by the annotations of ``prometheus.io``, the customary ones; also Slipway's own."""
    return {
        "job_name": "pods",
        "kubernetes_sd_configs": [{"role": "pod", **_with_node(spec)}],
        "relabel_configs": [
            *_out_of_reach(spec),
            _keep("__meta_kubernetes_pod_annotation_prometheus_io_scrape", regex="true"),
            {
                "source_labels": [
                    "__meta_kubernetes_namespace",
                    "__meta_kubernetes_pod_label_app_kubernetes_io_name",
                ],
                "regex": f"{MONITORING_NAMESPACE};kube-state-metrics",
                "action": "drop",
            },
            # A pod that has ended has an address no more, or another's.
            {
                "source_labels": ["__meta_kubernetes_pod_phase"],
                "regex": "Pending|Succeeded|Failed",
                "action": "drop",
            },
            # Targets that are alike after this are one: a pod has as many as its containers have ports.
            {
                "source_labels": ["__meta_kubernetes_pod_container_init"],
                "regex": "true",
                "action": "drop",
            },
            _set("__metrics_path__", "__meta_kubernetes_pod_annotation_prometheus_io_path", regex="(.+)"),
            {
                "source_labels": ["__meta_kubernetes_pod_ip", "__meta_kubernetes_pod_annotation_prometheus_io_port"],
                "regex": "(.+);([0-9]+)",
                "target_label": "__address__",
                "replacement": "$1:$2",
            },
            _set("namespace", "__meta_kubernetes_namespace"),
            _set("pod", "__meta_kubernetes_pod_name"),
            _set("node", "__meta_kubernetes_pod_node_name"),
            # The job is what the pod calls itself.
            _set("job", "__meta_kubernetes_pod_label_k8s_app", regex="(.+)"),
            _set("job", "__meta_kubernetes_pod_label_app_kubernetes_io_name", regex="(.+)"),
        ],
        # A workload that makes up labels without end hurts itself alone.
        "sample_limit": 50_000,
    }


def _services(spec: EnvironmentSpec) -> Job:
    """Pods behind Services that have the annotations: the edge router's, CoreDNS's."""
    return {
        "job_name": "services",
        "kubernetes_sd_configs": [{"role": "endpointslice", **_with_node(spec)}],
        "relabel_configs": [
            *_out_of_reach(spec),
            _keep("__meta_kubernetes_service_annotation_prometheus_io_scrape", regex="true"),
            {
                "source_labels": ["__meta_kubernetes_service_annotation_prometheus_io_port"],
                "action": "keepequal",
                "target_label": "__meta_kubernetes_endpointslice_port",
            },
            _set("namespace", "__meta_kubernetes_namespace"),
            _set("pod", "__meta_kubernetes_pod_name"),
            _set("node", "__meta_kubernetes_pod_node_name"),
            _set("job", "__meta_kubernetes_service_name"),
        ],
        "sample_limit": 50_000,
    }


def _workloads(spec: EnvironmentSpec) -> list[Job]:
    """Return the job of the environment's workloads: those that name a port ``metrics``, at the path of that name."""
    namespaces = sorted(namespace.name for namespace in spec.cluster.namespaces)
    if not namespaces:
        return []
    job = {
        "job_name": "workloads",
        "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": namespaces}, **_with_node(spec)}],
        "relabel_configs": [
            *_out_of_reach(spec),
            _keep("__meta_kubernetes_pod_container_port_name", regex="metrics"),
            *_closed(spec),
            # Those say themselves where to ask, and are asked there.
            {
                "source_labels": ["__meta_kubernetes_pod_annotation_prometheus_io_scrape"],
                "regex": "true",
                "action": "drop",
            },
            _set("namespace", "__meta_kubernetes_namespace"),
            _set("pod", "__meta_kubernetes_pod_name"),
            _set("node", "__meta_kubernetes_pod_node_name"),
            _set("job", "__meta_kubernetes_pod_label_app_kubernetes_io_name", regex="(.+)"),
        ],
        "sample_limit": 50_000,
    }
    return [job]


def _closed(spec: EnvironmentSpec) -> list[dict[str, Any]]:
    """Return what leaves out workloads whose policy keeps monitoring from their metrics: they would be down always."""
    closed = [
        re.escape(selector(spec, each.name)["app.kubernetes.io/instance"])
        for each in spec.declared_workloads
        if any(port.name == "metrics" for port in each.ports)
        and not ("monitoring" in each.from_ and any(port.name == "metrics" for port in each.open_ports))
    ]
    label = "__meta_kubernetes_pod_label_app_kubernetes_io_instance"
    return [{"source_labels": [label], "regex": "|".join(closed), "action": "drop"}] if closed else []


def _with_node(spec: EnvironmentSpec) -> dict[str, Any]:
    return {"attach_metadata": {"node": True}} if spec.cluster.cni == "amazonVpc" else {}


def _out_of_reach(spec: EnvironmentSpec) -> list[dict[str, Any]]:
    """Return what leaves out pods that security groups keep Prometheus from (``infra.plan.security``).

    Those are pods on the hosts' network and, where pods share their machine's group, those on the control plane.
    """
    rules: list[dict[str, Any]] = [
        {
            "source_labels": ["__meta_kubernetes_pod_host_ip"],
            "target_label": "__meta_kubernetes_pod_ip",
            "action": "dropequal",
        }
    ]
    if spec.cluster.cni == "amazonVpc":
        rules.append(
            {"source_labels": ["__meta_kubernetes_node_label_slipway_role"], "regex": "ControlPlane", "action": "drop"}
        )
    return rules


def _kubelets() -> list[Job]:
    jobs = []
    for name, path in (("kubelet", "/metrics"), ("cadvisor", "/metrics/cadvisor")):
        jobs.append(
            {
                "job_name": name,
                "scheme": "https",
                "metrics_path": path,
                "kubernetes_sd_configs": [{"role": "node"}],
                # Kubelets show certificates that the cluster's CA has signed for their address (serverTLSBootstrap).
                "tls_config": dict(_CA),
                **_TOKEN,
                "relabel_configs": [
                    _set("__address__", "__meta_kubernetes_node_address_InternalIP", regex="(.+)", to="$1:10250"),
                    _set("node", "__meta_kubernetes_node_name"),
                    _set("instance", "__meta_kubernetes_node_name"),
                ],
            }
        )
    # Sums over a pod's containers and those of cgroups above pods would count everything twice.
    jobs[1]["metric_relabel_configs"] = [
        _drop("container_(tasks_state|memory_failures_total|blkio_device_usage_total)"),
        {"source_labels": ["id", "pod"], "regex": ".+;", "action": "drop"},
    ]
    return jobs


def _exporters() -> Job:
    return {
        "job_name": "node-exporter",
        "kubernetes_sd_configs": [{"role": "node"}],
        "relabel_configs": [
            _set("__address__", "__meta_kubernetes_node_address_InternalIP", regex="(.+)", to=f"$1:{EXPORTER_PORT}"),
            _set("node", "__meta_kubernetes_node_name"),
            _set("instance", "__meta_kubernetes_node_name"),
        ],
    }


def _etcd(spec: EnvironmentSpec) -> Job:
    """Members have addresses that outlive their machines, so they are named and a lost one is missed."""
    targets = [
        {"targets": [f"{member.address}:{ETCD_METRICS_PORT}"], "labels": {"instance": member.name}}
        for member in plan_members(spec)
    ]
    return {"job_name": "etcd", "static_configs": targets}


def _keep(*labels: str, regex: str) -> dict[str, Any]:
    return {"source_labels": list(labels), "regex": regex, "action": "keep"}


def _drop(names: str) -> dict[str, Any]:
    return {"source_labels": ["__name__"], "regex": names, "action": "drop"}


def _set(target: str, source: str, *, regex: str | None = None, to: str | None = None) -> dict[str, Any]:
    rule: dict[str, Any] = {"source_labels": [source], "target_label": target}
    return {**rule, **({"regex": regex} if regex else {}), **({"replacement": to} if to else {})}
