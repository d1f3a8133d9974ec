"""Autoscalers of declared workloads: each is there, has figures to go by, and room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.ops.pod_trouble import one_line
from infra.ops.validate.findings import Finding
from infra.plan.workloads.autoscaler import AUTOSCALER
from infra.spec.workloads.workload import WorkloadSpec

PATH = "apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers"

_SWITCHED_OFF = "ScalingDisabled"
"""Reason of an autoscaler whose target has no pods by its own number, and which leaves it so
(``pkg/controller/podautoscaler/horizontal.go`` of Kubernetes)."""

Object = Mapping[str, Any]


def judge_autoscaler(check: str, workload: WorkloadSpec, found: Sequence[Object]) -> Iterator[Finding]:
    """Yield what is wrong with the autoscaler of a workload; ``found`` are those of its namespace.

    Only that it is missing makes the workload invalid: the pods that there are serve without it.
    """
    if workload.autoscaling is None:
        return
    subject = f"{AUTOSCALER} {workload.namespace}/{workload.name}"
    live = next((each for each in found if each["metadata"]["name"] == workload.name), None)
    if live is None:
        yield Finding(check, "invalid", subject, "is not there", "run pulumi up")
        return
    conditions = {str(each.get("type")): each for each in live.get("status", {}).get("conditions") or []}
    for kind in ("AbleToScale", "ScalingActive"):
        if conditions.get(kind, {}).get("status") == "False":
            what = f"does not scale: {_said(conditions[kind])}"
            yield Finding(check, "warning", subject, what, _remedy(kind, conditions[kind], workload))
    limited = conditions.get("ScalingLimited", {})
    if (limited.get("status"), limited.get("reason")) == ("True", "TooManyReplicas"):
        fix = f"raise autoscaling.maxReplicas in apps/{workload.name}.yaml, if it should have them"
        what = f"would have more than {workload.autoscaling.max_replicas} pods"
        yield Finding(check, "warning", subject, what, fix)


def _said(condition: Object) -> str:
    return f"{condition.get('reason')}: {one_line(condition.get('message'))}"


def _remedy(kind: str, condition: Object, workload: WorkloadSpec) -> str:
    if condition.get("reason") == _SWITCHED_OFF:
        scale = f"kubectl scale -n {workload.namespace} {workload.kind.lower()} {workload.name}"
        return f"somebody has set its number of pods to 0: {scale} --replicas={workload.least_pods}"
    if kind == "AbleToScale":
        return f"read kubectl describe hpa -n {workload.namespace} {workload.name}"
    log = "kubectl logs -n kube-system deployment/metrics-server"
    return f"look again in a minute: its pods may be starting. Else read {log}"
