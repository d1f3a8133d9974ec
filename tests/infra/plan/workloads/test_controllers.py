from __future__ import annotations

from typing import Any

import pytest

from infra.plan.workloads.objects import KubernetesObject
from infra.plan.workloads.workload import plan_workloads
from tests.infra.workload_samples import IMAGE, environment

SLOW: dict[str, Any] = {
    "ports": [{"name": "cql", "port": 9042}],
    "probes": {"startup": {"periodSeconds": 10, "failureThreshold": 180}},
}
CLAIM = {"name": "data", "path": "/data", "sizeGi": 5}


def objects(**written: Any) -> dict[str, KubernetesObject]:
    (plan,) = plan_workloads(environment({"web": {"image": IMAGE, **written}}))
    return {f"{each.kind} {each.name}": each for each in plan.objects}


def spec(kind: str, **written: Any) -> dict[str, Any]:
    found = objects(kind=kind, **written)
    body = next(each for key, each in found.items() if key.startswith(f"{kind} ")).body["spec"]
    return {key: value for key, value in body.items() if key not in ("template", "selector")}


def test_a_deployment_loses_no_capacity_in_an_update() -> None:
    assert spec("Deployment") == {
        "replicas": 2,
        "revisionHistoryLimit": 5,
        "minReadySeconds": 5,
        "progressDeadlineSeconds": 600,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
    }
    update = {"maxSurge": "25%", "maxUnavailable": "1", "minReadySeconds": 700}
    changed = spec("Deployment", update=update)
    assert changed["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": 1}
    assert (changed["minReadySeconds"], changed["progressDeadlineSeconds"]) == (700, 701)


def test_a_deployment_with_a_volume_of_one_pod_is_recreated() -> None:
    assert spec("Deployment", claims=[CLAIM], replicas=1)["strategy"] == {"type": "Recreate"}
    claim = objects(claims=[CLAIM], replicas=1)["PersistentVolumeClaim web-data"]
    assert claim.body["spec"] == {"accessModes": ["ReadWriteOncePod"], "resources": {"requests": {"storage": "5Gi"}}}
    assert claim.body["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    assert claim.protect is True
    free = objects(claims=[CLAIM], replicas=1, retainClaims=False)["PersistentVolumeClaim web-data"]
    assert free.protect is False
    shared = {**CLAIM, "access": "ReadWriteMany", "storageClass": "efs"}
    assert spec("Deployment", claims=[shared], replicas=3)["strategy"]["type"] == "RollingUpdate"


@pytest.mark.parametrize("kind", [{"kind": "Job"}, {"kind": "CronJob", "schedule": "@daily"}])
def test_runs_of_a_job_take_up_one_claim(kind: dict[str, Any]) -> None:
    made = objects(**kind, ports=[], claims=[CLAIM])
    assert made["PersistentVolumeClaim web-data"].protect is True
    (body,) = (each.body["spec"] for each in made.values() if each.kind == kind["kind"])
    pod = body.get("jobTemplate", {"spec": body})["spec"]["template"]["spec"]
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "web-data"}} in pod["volumes"]


def test_a_stateful_set_keeps_its_claims() -> None:
    found = spec("StatefulSet", claims=[CLAIM], replicas=3)
    assert found == {
        "serviceName": "web-pods",
        "replicas": 3,
        "revisionHistoryLimit": 5,
        "minReadySeconds": 5,
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "volumeClaimTemplates": [
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {
                    "name": "data",
                    "labels": {"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": "web-test"},
                },
                "spec": {"accessModes": ["ReadWriteOncePod"], "resources": {"requests": {"storage": "5Gi"}}},
            }
        ],
    }
    other = spec("StatefulSet", podManagement="parallel", claims=[CLAIM], retainClaims=False, update={"partition": 2})
    assert other["podManagementPolicy"] == "Parallel"
    assert other["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Delete", "whenScaled": "Delete"}
    assert other["updateStrategy"]["rollingUpdate"] == {"partition": 2}


def test_a_daemon_set() -> None:
    assert spec("DaemonSet") == {
        "revisionHistoryLimit": 5,
        "minReadySeconds": 5,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
    }


JOB = {
    "activeDeadlineSeconds": 3600,
    "backoffLimit": 3,
    "parallelism": 1,
    "completions": 1,
    "podFailurePolicy": {
        "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
    },
}


def test_a_job_of_other_contents_is_another_job() -> None:
    assert spec("Job") == JOB
    names = {next(key for key in objects(kind="Job", args=[arg]) if key.startswith("Job ")) for arg in "ab"}
    assert len(names) == 2
    assert all(name.startswith("Job web-") for name in names)
    assert spec("Job", job={"keepFor": "1d", "retries": 0})["ttlSecondsAfterFinished"] == 86400


def test_a_cron_job_forbids_overlap() -> None:
    found = spec("CronJob", schedule="30 2 * * *", job={"deadline": "10m"})
    template = found.pop("jobTemplate")["spec"]
    assert template.pop("template")["spec"]["restartPolicy"] == "Never"
    assert template == {**JOB, "activeDeadlineSeconds": 600}
    assert found == {
        "schedule": "30 2 * * *",
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 300,
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"replicas": 1}, None),
        ({"replicas": 2}, 1),
        ({"replicas": 4, "disruption": {"maxUnavailable": "50%"}}, "50%"),
        ({"kind": "DaemonSet"}, None),
    ],
)
def test_no_budget_blocks_the_drain_of_a_single_replica(written: dict[str, Any], expected: object) -> None:
    budget = objects(**written).get("PodDisruptionBudget web")
    found = (
        None
        if budget is None
        else (budget.body["spec"]["maxUnavailable"], budget.body["spec"]["unhealthyPodEvictionPolicy"])
    )
    assert found == (None if expected is None else (expected, "AlwaysAllow"))  # fmt: skip


def test_pulumi_waits_unless_told_not_to() -> None:
    assert "annotations" not in objects()["Deployment web"].body["metadata"]
    assert objects(wait=False)["Deployment web"].body["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_the_service_account_gives_no_token() -> None:
    assert objects()["ServiceAccount web"].body["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ({"kind": "Job"}, "3660"),
        ({"kind": "Job", "job": {"deadline": "5m"}}, None),
        ({"kind": "Deployment"}, None),
        ({"kind": "Deployment", "update": {"progressDeadlineSeconds": 1800}}, "1860"),
        # By itself the engine would go on waiting for ten minutes after Kubernetes has given up.
        ({"kind": "Deployment", "update": {"progressDeadlineSeconds": 60}}, "120"),
        # One after another, of which each makes progress.
        ({"kind": "Deployment", "replicas": 17}, None),
        ({"kind": "Deployment", "replicas": 18}, "630"),
        ({"kind": "Deployment", "replicas": 40, "update": {"maxSurge": "25%"}}, None),
        ({"kind": "Deployment", "replicas": 41, "update": {"maxSurge": "1", "maxUnavailable": "3%"}}, "735"),
        ({"kind": "Deployment", "replicas": 40, "wait": False}, None),
        ({"kind": "Deployment", "autoscaling": {"minReplicas": 2, "maxReplicas": 30}}, "1050"),
        ({"kind": "Deployment", "replicas": 2, **SLOW}, "3600"),
        ({"kind": "Deployment", "replicas": 2, "update": {"progressDeadlineSeconds": 7200}, **SLOW}, "7260"),
        # Six workers at most, one after another.
        ({"kind": "DaemonSet"}, None),
        ({"kind": "DaemonSet", "update": {"minReadySeconds": 300}}, "1980"),
        ({"kind": "DaemonSet", "update": {"minReadySeconds": 300, "maxSurge": "100%"}}, None),
        ({"kind": "StatefulSet", "replicas": 3, **SLOW}, "5415"),
        ({"kind": "StatefulSet", "replicas": 3, "podManagement": "parallel", **SLOW}, "1805"),
        ({"kind": "StatefulSet", "replicas": 3, "ports": SLOW["ports"]}, None),
        ({"kind": "StatefulSet", "replicas": 3, "wait": False, **SLOW}, None),
        ({"kind": "CronJob", "schedule": "@daily"}, None),
    ],
)
def test_an_update_waits_as_long_as_the_workload_may_take(written: dict[str, Any], seconds: str | None) -> None:
    found = objects(**written)
    body = next(each for key, each in found.items() if key.startswith(f"{written['kind']} ")).body
    assert body["metadata"].get("annotations", {}).get("pulumi.com/timeoutSeconds") == seconds
