"""The HorizontalPodAutoscaler of a Deployment."""

from __future__ import annotations

from typing import Any

from infra.plan.workloads.objects import KubernetesObject, metadata
from infra.spec import EnvironmentSpec
from infra.spec.scalars import duration_seconds
from infra.spec.workloads.workload import WorkloadSpec

AUTOSCALER = "HorizontalPodAutoscaler"


def autoscaler(spec: EnvironmentSpec, workload: WorkloadSpec) -> KubernetesObject | None:
    """Return what chooses the number of a Deployment's pods; None where its file does.

    It looks at the workload's own container: sidecars that only pass on log files would dilute the average.
    """
    scaling = workload.autoscaling
    if scaling is None:
        return None
    targets = {"cpu": scaling.cpu_target, "memory": scaling.memory_percent}
    body = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": workload.kind, "name": workload.name},
        "minReplicas": scaling.min_replicas,
        "maxReplicas": scaling.max_replicas,
        "metrics": [_metric(workload.name, name, target) for name, target in targets.items() if target is not None],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": duration_seconds(scaling.scale_down_after)}},
    }
    meta = metadata(spec, workload, workload.name)
    return KubernetesObject("autoscaling/v2", AUTOSCALER, workload.name, {"metadata": meta, "spec": body})


def _metric(container: str, resource: str, percent: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {
        "type": "ContainerResource",
        "containerResource": {"name": resource, "container": container, "target": target},
    }
