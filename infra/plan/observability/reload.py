"""What programs read once, when they start: their pods start anew when it changes.

What they read again by themselves has no part in it. The kubelet writes a changed ConfigMap or Secret into the pods
that mount it as a folder, within some minute (Kubernetes documentation, "ConfigMaps", "Mounted ConfigMaps are updated
automatically"); a single file of one (``subPath``) it leaves as it is.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from infra.plan.addons.objects import Manifest
from infra.plan.observability.open_search import CONFIG_DIGEST, digest


def read_once(manifest: Manifest, kind: str, name: str, content: Any) -> None:
    """Have the pods of a workload start anew whenever ``content`` changes."""
    annotations = manifest.get(kind, name)["spec"]["template"]["metadata"]["annotations"]
    annotations[CONFIG_DIGEST] = digest(content)


def script(name: str) -> str:
    """Return a shell script of ``infra/templates/observability/``."""
    return files("infra.templates").joinpath("observability", name).read_text(encoding="utf-8")
