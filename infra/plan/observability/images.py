"""The images of logging and monitoring, each by its version; manifests name them by key.

Versions are tags, for the reason that those of add-ons are (``infra.plan.addons.images``).
"""

from __future__ import annotations

from collections.abc import Mapping

IMAGES: Mapping[str, str] = {
    "alertmanager": "quay.io/prometheus/alertmanager:v0.34.1",
    "fluent-bit": "cr.fluentbit.io/fluent/fluent-bit:5.0.7",
    "grafana": "docker.io/grafana/grafana:13.1.1",
    "kube-state-metrics": "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.19.1",
    "node-exporter": "quay.io/prometheus/node-exporter:v1.12.1",
    "opensearch": "docker.io/opensearchproject/opensearch:3.7.0",
    "opensearch-dashboards": "docker.io/opensearchproject/opensearch-dashboards:3.7.0",
    # Of the module whose promtool checks rules and configurations (tools/prometheus): v0.316.0 is 3.16.0.
    "prometheus": "quay.io/prometheus/prometheus:v3.16.0",
}
