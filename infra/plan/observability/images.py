"""The images of logging and monitoring, each by its version; manifests name them by key.

Versions are tags, for the reason that those of add-ons are (``infra.plan.addons.images``).
"""

from __future__ import annotations

from collections.abc import Mapping

IMAGES: Mapping[str, str] = {
    "fluent-bit": "cr.fluentbit.io/fluent/fluent-bit:5.0.7",
    "opensearch": "docker.io/opensearchproject/opensearch:3.7.0",
    "opensearch-dashboards": "docker.io/opensearchproject/opensearch-dashboards:3.7.0",
}
