from __future__ import annotations

from typing import Any

import pytest

from infra.plan.workloads.objects import KubernetesObject
from infra.plan.workloads.workload import plan_workloads
from tests.infra.workload_samples import IMAGE, environment


def objects(**written: Any) -> dict[str, KubernetesObject]:
    (plan,) = plan_workloads(environment({"web": {"image": IMAGE, **written}}))
    return {each.kind: each for each in plan.objects}


def metric(resource: str, percent: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {
        "type": "ContainerResource",
        "containerResource": {"name": resource, "container": "web", "target": target},
    }


@pytest.mark.parametrize(
    ("autoscaling", "least", "window", "metrics"),
    [
        ({"maxReplicas": 9}, 2, 300, [metric("cpu", 80)]),
        ({"maxReplicas": 9, "minReplicas": 1, "cpuPercent": 50, "scaleDownAfter": "0s"}, 1, 0, [metric("cpu", 50)]),
        ({"maxReplicas": 9, "memoryPercent": 70, "scaleDownAfter": "10m"}, 2, 600, [metric("memory", 70)]),
        ({"maxReplicas": 9, "cpuPercent": 60, "memoryPercent": 70}, 2, 300, [metric("cpu", 60), metric("memory", 70)]),
    ],
)
def test_the_autoscaler_of_a_deployment(
    autoscaling: dict[str, Any], least: int, window: int, metrics: list[dict[str, Any]]
) -> None:
    found = objects(autoscaling=autoscaling)
    scaler = found["HorizontalPodAutoscaler"]
    assert (scaler.api_version, scaler.name, scaler.body["metadata"]["namespace"]) == ("autoscaling/v2", "web", "web")
    assert scaler.body["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicas": least,
        "maxReplicas": 9,
        "metrics": metrics,
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": window}},
    }
    deployment = found["Deployment"]
    assert deployment.body["spec"]["replicas"] == least
    assert deployment.left == ("spec.replicas",)
    assert deployment.body["metadata"]["annotations"] == {"slipway/replicas": "autoscaled"}


def test_without_one_the_file_has_the_number() -> None:
    found = objects(replicas=3)
    assert "HorizontalPodAutoscaler" not in found
    assert (found["Deployment"].body["spec"]["replicas"], found["Deployment"].left) == (3, ())
    assert "annotations" not in found["Deployment"].body["metadata"]


def test_it_looks_at_a_container_that_there_is_and_not_at_sidecars() -> None:
    sidecar = {"type": "stream", "image": IMAGE, "folder": "/var/log/app", "files": ["a.log"]}
    found = objects(autoscaling={"maxReplicas": 4}, sidecars=[sidecar])
    containers = [each["name"] for each in found["Deployment"].body["spec"]["template"]["spec"]["containers"]]
    assert containers == ["web"]


@pytest.mark.parametrize(("least", "budget"), [(1, True), (2, True)])
def test_drains_leave_pods_of_one_that_may_have_several(least: int, budget: bool) -> None:
    found = objects(autoscaling={"minReplicas": least, "maxReplicas": 4})
    assert ("PodDisruptionBudget" in found) is budget
