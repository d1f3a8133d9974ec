"""Environment variables of a workload's container.

Kubernetes puts in place of ``$(NAME)`` what stands before it in the list: what tells of the pod and secrets come first.
"""

from __future__ import annotations

from typing import Any

from infra.plan.workloads.identity import aws_variables
from infra.plan.workloads.objects import SecretReference
from infra.spec import EnvironmentSpec
from infra.spec.workloads.files import PodField
from infra.spec.workloads.workload import WorkloadSpec

_FIELDS: dict[PodField, str] = {
    "name": "metadata.name",
    "namespace": "metadata.namespace",
    "uid": "metadata.uid",
    "ip": "status.podIP",
    "node": "spec.nodeName",
    "nodeIp": "status.hostIP",
    "ordinal": "metadata.labels['apps.kubernetes.io/pod-index']",
}
_AMOUNTS: dict[PodField, str] = {"memoryLimit": "limits.memory", "cpuRequest": "requests.cpu"}


def variables(spec: EnvironmentSpec, workload: WorkloadSpec) -> list[dict[str, Any]]:
    """Return the variables of the main container."""
    plain = {**workload.env, **aws_variables(spec, workload)}
    return [
        *pod_variables(workload),
        *_secrets(workload),
        *({"name": name, "value": value} for name, value in plain.items()),
    ]


def pod_variables(workload: WorkloadSpec) -> list[dict[str, Any]]:
    """Return the variables that tell a container of its pod."""
    return [{"name": name, "valueFrom": _source(field)} for name, field in workload.env_from_pod.items()]


def _source(field: PodField) -> dict[str, Any]:
    if field in _AMOUNTS:
        return {"resourceFieldRef": {"resource": _AMOUNTS[field]}}
    # The API server fills the version in, and what it fills in would look changed ever after.
    return {"fieldRef": {"apiVersion": "v1", "fieldPath": _FIELDS[field]}}


def _secrets(workload: WorkloadSpec) -> list[dict[str, Any]]:
    return [
        {
            "name": each.env,
            "valueFrom": {
                "secretKeyRef": {"name": each.existing or SecretReference(f"{workload.name}-secrets"), "key": each.name}
            },
        }
        for each in workload.secrets
        if each.env is not None
    ]
