"""A quota that the declared workloads cannot run under is said when files are read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.workload_samples import IMAGE, problems

WEB: dict[str, Any] = {"image": IMAGE, "ports": [{"name": "http", "port": 8080}], "replicas": 3}


def told(quota: dict[str, int], **files: dict[str, Any]) -> list[str]:
    return problems(files or {"web": WEB}, namespaces=[{"name": "web", "quota": quota}, {"name": "data"}])


@pytest.mark.parametrize(
    ("quota", "change", "line"),
    [
        ({"pods": 3}, {}, "pods: 3 is less than its workloads need, 4 pods (web 3 pods, and what an update adds). "
         "Fix: write at least 4, or lower their replicas or resources."),
        ({"cpu": 1}, {"resources": {"cpu": "300m"}}, "cpu: 1 is less than its workloads need, 1.2 cores (web 3 pods, "
         "and what an update adds). Fix: write at least 2, or lower their replicas or resources."),
        ({"memoryGi": 1}, {"resources": {"memory": "512Mi"}}, "memoryGi: 1 is less than its workloads need, 2 GiB (web "
         "3 pods, and what an update adds). Fix: write at least 2, or lower their replicas or resources."),
        ({"pods": 5}, {"update": {"maxSurge": "100%"}}, "pods: 5 is less than its workloads need, 6 pods (web 3 pods, "
         "and what an update adds). Fix: write at least 6, or lower their replicas or resources."),
        ({"pods": 2}, {"kind": "StatefulSet"}, "pods: 2 is less than its workloads need, 3 pods (web 3 pods, and what "
         "an update adds). Fix: write at least 3, or lower their replicas or resources."),
    ],
)  # fmt: skip
def test_a_quota_that_is_too_small(quota: dict[str, int], change: dict[str, Any], line: str) -> None:
    assert told(quota, web={**WEB, **change}) == [f"cluster.namespaces[0].quota.{line}"]


@pytest.mark.parametrize(
    ("quota", "change"),
    [
        ({"pods": 4}, {}),
        ({"pods": 3}, {"kind": "StatefulSet"}),
        ({"cpu": 2}, {"resources": {"cpu": "500m"}}),
        ({"memoryGi": 2}, {"resources": {"memory": "512Mi"}}),
        ({"pods": 3}, {"update": {"maxSurge": "0", "maxUnavailable": "1"}}),
    ],
)
def test_one_that_is_just_enough(quota: dict[str, int], change: dict[str, Any]) -> None:
    assert told(quota, web={**WEB, **change}) == []


def test_an_autoscaler_may_want_its_most_pods_and_an_update_a_share_of_them() -> None:
    web = {key: value for key, value in WEB.items() if key != "replicas"}
    scaled = {**web, "autoscaling": {"minReplicas": 2, "maxReplicas": 6}, "update": {"maxSurge": "50%"}}
    assert told({"pods": 9}, web=scaled) == []
    (line,) = told({"pods": 8}, web=scaled)
    assert "pods: 8 is less than its workloads need, 9 pods (web 6 pods, and what an update adds)" in line


def test_one_workload_is_updated_at_a_time() -> None:
    assert told({"pods": 7}, web=WEB, api=WEB) == []
    assert len(told({"pods": 6}, web=WEB, api=WEB)) == 1


def test_jobs_count_as_many_pods_as_run_at_once() -> None:
    job = {"image": IMAGE, "kind": "Job", "job": {"parallelism": 3}}
    assert told({"pods": 3}, load=job) == []
    assert len(told({"pods": 2}, load=job)) == 1


def test_sidecars_count() -> None:
    sidecar = {"type": "stream", "image": IMAGE, "folder": "/var/log/app", "files": ["a.log", "b.log"]}
    web = {**WEB, "kind": "StatefulSet", "resources": {"cpu": "330m"}}
    assert told({"cpu": 1}, web=web) == []
    (line,) = told({"cpu": 1}, web={**web, "sidecars": [sidecar]})
    assert "1 is less than its workloads need, 1.05 cores" in line
