"""The object that runs a workload's pods, and those that stand beside it: account, claims, disruption budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.plan.shares import count_or_share
from infra.plan.workloads.awaited import timeout_annotation
from infra.plan.workloads.objects import (
    SKIP_AWAIT,
    KubernetesObject,
    await_annotations,
    digest_of,
    metadata,
    selector,
    versioned_labels,
)
from infra.plan.workloads.pod import pod_template
from infra.spec import EnvironmentSpec
from infra.spec.scalars import duration_seconds
from infra.spec.workloads.data import ClaimSpec
from infra.spec.workloads.workload import WorkloadSpec

HISTORY = 5
"""Old versions kept to go back to."""


AUTOSCALED = {"slipway/replicas": "autoscaled"}
"""Annotation of what an autoscaler sizes. Without it nothing in the object would differ when a workload goes back to
the number that it once had, and the update would leave it at what the autoscaler chose last."""


def pods_service(workload: WorkloadSpec) -> str:
    """Return the name of the headless Service that gives a StatefulSet's pods their names.

    A set can never change it (``serviceName``), so it is the same whatever Service stands in front.
    """
    return f"{workload.name}-pods"


def controller(spec: EnvironmentSpec, workload: WorkloadSpec) -> KubernetesObject:
    """Return the Deployment, StatefulSet, DaemonSet, Job or CronJob."""
    makers: dict[str, Callable[[EnvironmentSpec, WorkloadSpec], KubernetesObject]] = {
        "Deployment": _deployment,
        "StatefulSet": _stateful_set,
        "DaemonSet": _daemon_set,
        "Job": _job,
        "CronJob": _cron_job,
    }
    return makers[workload.kind](spec, workload)


def _object(
    spec: EnvironmentSpec, workload: WorkloadSpec, api_version: str, body: dict[str, Any], name: str | None = None
) -> KubernetesObject:
    annotations = {**workload.annotations, **await_annotations(workload), **timeout_annotation(spec, workload)}
    left = () if workload.autoscaling is None else ("spec.replicas",)
    if left:
        annotations |= AUTOSCALED
    meta = {**metadata(spec, workload, name or workload.name, annotations), "labels": versioned_labels(spec, workload)}
    return KubernetesObject(api_version, workload.kind, workload.name, {"metadata": meta, "spec": body}, left=left)


def _deployment(spec: EnvironmentSpec, workload: WorkloadSpec) -> KubernetesObject:
    update = workload.update
    rolling = {
        "type": "RollingUpdate",
        "rollingUpdate": {
            "maxSurge": count_or_share(update.max_surge),
            "maxUnavailable": count_or_share(update.max_unavailable),
        },
    }
    body = {
        # Written with an autoscaler, too: a field that this program wrote and writes no more falls back to its
        # default, one pod (Kubernetes documentation, "Server-Side Apply", "Transferring ownership").
        "replicas": workload.least_pods,
        "revisionHistoryLimit": HISTORY,
        "minReadySeconds": update.min_ready_seconds,
        "progressDeadlineSeconds": max(update.progress_deadline_seconds, update.min_ready_seconds + 1),
        # Where one pod holds the volume, the old one must be gone before the new one starts.
        "strategy": {"type": "Recreate"} if workload.mounted_by_one else rolling,
        "selector": {"matchLabels": selector(spec, workload.name)},
        "template": pod_template(spec, workload),
    }
    return _object(spec, workload, "apps/v1", body)


def _stateful_set(spec: EnvironmentSpec, workload: WorkloadSpec) -> KubernetesObject:
    kept = "Retain" if workload.retain_claims else "Delete"
    body: dict[str, Any] = {
        "serviceName": pods_service(workload),
        "replicas": workload.replicas,
        "revisionHistoryLimit": HISTORY,
        "minReadySeconds": workload.update.min_ready_seconds,
        "podManagementPolicy": "OrderedReady" if workload.pod_management == "ordered" else "Parallel",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": workload.update.partition}},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": kept, "whenScaled": kept},
        "selector": {"matchLabels": selector(spec, workload.name)},
        "template": pod_template(spec, workload),
    }
    if workload.claims:
        body["volumeClaimTemplates"] = [
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": claim.name, "labels": selector(spec, workload.name)},
                "spec": _claim_spec(claim),
            }
            for claim in workload.claims
        ]
    return _object(spec, workload, "apps/v1", body)


def _daemon_set(spec: EnvironmentSpec, workload: WorkloadSpec) -> KubernetesObject:
    update = workload.update
    body = {
        "revisionHistoryLimit": HISTORY,
        "minReadySeconds": update.min_ready_seconds,
        "updateStrategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {
                "maxSurge": count_or_share(update.max_surge),
                "maxUnavailable": count_or_share(update.max_unavailable),
            },
        },
        "selector": {"matchLabels": selector(spec, workload.name)},
        "template": pod_template(spec, workload),
    }
    return _object(spec, workload, "apps/v1", body)


def _job_body(spec: EnvironmentSpec, workload: WorkloadSpec) -> dict[str, Any]:
    job = workload.job
    body: dict[str, Any] = {
        "activeDeadlineSeconds": max(duration_seconds(job.deadline), 1),
        "backoffLimit": job.retries,
        "parallelism": job.parallelism,
        "completions": job.completions,
        # A pod that was only evicted or preempted has not failed.
        "podFailurePolicy": {
            "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
        },
        "template": pod_template(spec, workload, restart_policy="Never"),
    }
    if job.keep_for is not None:
        body["ttlSecondsAfterFinished"] = duration_seconds(job.keep_for)
    return body


def _job(spec: EnvironmentSpec, workload: WorkloadSpec) -> KubernetesObject:
    body = _job_body(spec, workload)
    # A Job's template cannot change: other contents are another Job.
    return _object(spec, workload, "batch/v1", body, f"{workload.name}-{digest_of(_stable(body))}")


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stable(item) for key, item in value.items()}
    return [_stable(item) for item in value] if isinstance(value, list) else str(value)


def _cron_job(spec: EnvironmentSpec, workload: WorkloadSpec) -> KubernetesObject:
    cron = workload.cron
    body = {
        "schedule": workload.schedule,
        "timeZone": cron.time_zone,
        "concurrencyPolicy": cron.concurrency,
        "startingDeadlineSeconds": duration_seconds(cron.start_within),
        "suspend": cron.suspend,
        "successfulJobsHistoryLimit": cron.keep_successful,
        "failedJobsHistoryLimit": cron.keep_failed,
        "jobTemplate": {"metadata": {"labels": versioned_labels(spec, workload)}, "spec": _job_body(spec, workload)},
    }
    return _object(spec, workload, "batch/v1", body)


def service_account(spec: EnvironmentSpec, workload: WorkloadSpec) -> KubernetesObject:
    """Return the workload's own ServiceAccount, whose token no pod gets unasked."""
    body = {"metadata": metadata(spec, workload, workload.name), "automountServiceAccountToken": False}
    return KubernetesObject("v1", "ServiceAccount", workload.name, body)


def claims(spec: EnvironmentSpec, workload: WorkloadSpec) -> tuple[KubernetesObject, ...]:
    """Return the claims of a Deployment, Job or CronJob; a StatefulSet makes its own.

    Nobody waits for them: most storage classes bind a claim only when its first pod is scheduled.
    """
    if workload.kind == "StatefulSet":
        return ()
    return tuple(
        KubernetesObject(
            "v1",
            "PersistentVolumeClaim",
            f"{workload.name}-{claim.name}",
            {
                "metadata": metadata(spec, workload, f"{workload.name}-{claim.name}", SKIP_AWAIT),
                "spec": _claim_spec(claim),
            },
            protect=workload.retain_claims,
        )
        for claim in workload.claims
    )


def _claim_spec(claim: ClaimSpec) -> dict[str, Any]:
    body: dict[str, Any] = {
        "accessModes": [claim.access],
        "resources": {"requests": {"storage": f"{claim.size_gi}Gi"}},
    }
    if claim.storage_class is not None:
        body["storageClassName"] = claim.storage_class
    return body


def disruption_budget(spec: EnvironmentSpec, workload: WorkloadSpec) -> KubernetesObject | None:
    """Return the PodDisruptionBudget, or None where it could only block a drain or say nothing (a single replica)."""
    if workload.kind not in ("Deployment", "StatefulSet") or workload.most_pods < 2:
        return None
    body = {
        "maxUnavailable": count_or_share(workload.disruption.max_unavailable),
        "selector": {"matchLabels": selector(spec, workload.name)},
        # Pods that are not ready serve nobody, and must not hold up a drain.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    meta = metadata(spec, workload, workload.name)
    return KubernetesObject("policy/v1", "PodDisruptionBudget", workload.name, {"metadata": meta, "spec": body})
