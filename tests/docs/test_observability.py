"""The pages on logs and monitoring name the versions that are applied, and the alerts and streams that there are."""

from __future__ import annotations

from infra.plan.observability.images import IMAGES
from infra.plan.observability.monitoring import texts
from infra.plan.observability.streams import streams
from tests.docs.documents import ROOT
from tests.infra.samples import sample_spec

LOGS = (ROOT / "docs" / "read-logs.md").read_text(encoding="utf-8")
MONITORING = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")


def test_every_version_is_stated() -> None:
    versions = {key: image.rpartition(":")[2] for key, image in IMAGES.items()}
    for key in ("prometheus", "node-exporter", "kube-state-metrics", "alertmanager", "grafana"):
        assert f"| `{key}` {versions.pop(key)} |" in MONITORING
    assert f"OpenSearch {versions.pop('opensearch')} in the cluster" in LOGS
    assert f"Dashboards {versions.pop('opensearch-dashboards')} |" in LOGS
    assert versions == {"fluent-bit": "5.0.7"}


def test_every_stream_and_every_file_of_rules_has_its_row() -> None:
    for stream in streams(sample_spec()):
        assert f"| `{stream.name}` |" in LOGS
    for name in texts("rules", ".yaml"):
        assert f"| `{name}` |" in MONITORING
