"""Autoscaling of a workload: of what can be scaled, by bounds and shares that can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.scalars import duration_seconds
from infra.spec.workloads.autoscaling import AutoscalingSpec
from infra.spec.workloads.scalars import cpu_millicores
from infra.spec.workloads.workload import WorkloadSpec

LONGEST_WINDOW_SECONDS = 3600
"""Longest ``stabilizationWindowSeconds`` (Kubernetes' API, ``autoscaling/v2``, HPAScalingRules)."""

_AT: Location = ("autoscaling",)


def check_autoscaling(workload: WorkloadSpec) -> Iterator[Problem]:
    """Yield what is wrong with a workload's autoscaling by itself."""
    scaling = workload.autoscaling
    if scaling is None:
        return
    if workload.kind == "Deployment":
        yield from _check_replicas(workload)
        yield from _check_bounds(scaling)
    yield from _check_shares(workload, scaling)
    window = duration_seconds(scaling.scale_down_after)
    if window > LONGEST_WINDOW_SECONDS:
        longest = "is longer than Kubernetes waits"
        yield Problem((*_AT, "scaleDownAfter"), longest, "write 1h at most", repr(scaling.scale_down_after))


def check_metrics(spec: EnvironmentSpec, workload: WorkloadSpec) -> Iterator[Problem]:
    """Yield whether nobody measures what the workload is scaled by, which leaves it at its least number of pods."""
    # Where Slipway applies no add-ons, none of them can be turned off.
    if workload.autoscaling is not None and not spec.cluster.addons.metrics_server.enabled:
        yield Problem(
            _AT,
            "goes by what metrics-server measures, which this environment does not run",
            "remove cluster.addons.metricsServer.enabled from the stack file, or write replicas for autoscaling",
            None,
            (("cluster", "addons", "metricsServer", "enabled"),),
        )


def _check_replicas(workload: WorkloadSpec) -> Iterator[Problem]:
    if "replicas" in workload.model_fields_set:
        yield Problem(
            ("replicas",),
            "is a number, and autoscaling chooses one",
            "remove it (under overrides by replicas: null), or remove autoscaling",
            str(workload.replicas),
            (_AT,),
        )
    if workload.mounted_by_one:
        yield Problem(
            _AT,
            "would add pods, and a Deployment with claims that are not ReadWriteMany is one pod",
            "remove it, or keep the data elsewhere",
            None,
            (("claims",),),
        )


def _check_bounds(scaling: AutoscalingSpec) -> Iterator[Problem]:
    if scaling.max_replicas > scaling.min_replicas:
        return
    is_ = "is no more than" if scaling.max_replicas == scaling.min_replicas else "is below"
    yield Problem(
        (*_AT, "maxReplicas"),
        f"{is_} minReplicas, {scaling.min_replicas}: there is nothing to choose",
        f"write at least {scaling.min_replicas + 1}, or replicas in place of autoscaling",
        str(scaling.max_replicas),
        ((*_AT, "minReplicas"),),
    )


def _check_shares(workload: WorkloadSpec, scaling: AutoscalingSpec) -> Iterator[Problem]:
    limit, target = workload.resources.cpu_limit, scaling.cpu_target
    if limit is None or target is None:
        return
    reachable = 100 * cpu_millicores(limit) // cpu_millicores(workload.resources.cpu)
    # A limit below the request is told by itself.
    if target >= reachable >= 100:
        yield Problem(
            (*_AT, "cpuPercent"),
            f"is never passed: by resources.cpuLimit a pod uses {reachable}% of its request at most",
            f"write less than {reachable}, or raise or remove the limit",
            str(target),
            (("resources", "cpuLimit"), ("resources", "cpu")),
        )
