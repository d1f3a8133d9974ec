"""Critical pods: what the cluster cannot do without must be ready."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from infra.ops.kube import Kube
from infra.ops.roll.cluster import condition
from infra.ops.validate.findings import Finding

CHECK = "critical pods"
PRIORITIES = ("system-cluster-critical", "system-node-critical")


def check_critical_pods(
    kube: Kube, nodes: Collection[str] | None = None, ignored: Collection[str] = (), namespace: str = ""
) -> Iterator[Finding]:
    """Yield the critical pods that are not ready, as kops does (``pkg/validation``).

    Critical are those whose priority class begins with ``system-``, in whatever namespace. With ``nodes``, only pods on
    these count, and pods on none yet that may still come there; pods on ``ignored`` nodes, which are being drained,
    never do.
    """
    path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
    for pod in kube.items(path, fieldSelector="status.phase!=Succeeded,status.phase!=Failed"):
        spec, metadata = pod.get("spec", {}), pod["metadata"]
        node = spec.get("nodeName") or _destined(spec)
        if spec.get("priorityClassName") not in PRIORITIES or node in ignored or "deletionTimestamp" in metadata:
            continue
        if nodes is not None and node and node not in nodes:
            continue
        if condition(pod.get("status", {}), "Ready") != "True":
            where = f"on {node} " if spec.get("nodeName") else ""
            subject = f"pod {metadata['namespace']}/{metadata['name']}"
            phase = pod.get("status", {}).get("phase", "unknown")
            yield Finding(CHECK, "invalid", subject, f"{where}is not ready ({phase})", "describe the pod")


def _destined(spec: dict[str, Any]) -> str:
    """Return the node that the pod's affinity names: its DaemonSet's, which lets the scheduler bind it (KEP 548)."""
    required = (
        (spec.get("affinity") or {}).get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    )
    fields = [each for term in (required or {}).get("nodeSelectorTerms", ()) for each in term.get("matchFields", ())]
    named = [value for each in fields if each["key"] == "metadata.name" for value in each.get("values", ())]
    return str(named[0]) if len(named) == 1 else ""
