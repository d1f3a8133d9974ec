"""From a planned Kubernetes object to the typed resource of pulumi-kubernetes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from infra.plan.workloads.objects import KubernetesObject, SecretReference

KINDS: Mapping[tuple[str, str], Callable[..., pulumi.CustomResource]] = {
    ("v1", "ConfigMap"): k8s.core.v1.ConfigMap,
    ("v1", "PersistentVolumeClaim"): k8s.core.v1.PersistentVolumeClaim,
    ("v1", "Service"): k8s.core.v1.Service,
    ("v1", "ServiceAccount"): k8s.core.v1.ServiceAccount,
    ("apps/v1", "DaemonSet"): k8s.apps.v1.DaemonSet,
    ("apps/v1", "Deployment"): k8s.apps.v1.Deployment,
    ("apps/v1", "StatefulSet"): k8s.apps.v1.StatefulSet,
    ("batch/v1", "CronJob"): k8s.batch.v1.CronJob,
    ("batch/v1", "Job"): k8s.batch.v1.Job,
    ("discovery.k8s.io/v1", "EndpointSlice"): k8s.discovery.v1.EndpointSlice,
    ("networking.k8s.io/v1", "NetworkPolicy"): k8s.networking.v1.NetworkPolicy,
    ("policy/v1", "PodDisruptionBudget"): k8s.policy.v1.PodDisruptionBudget,
}
"""The kinds that workloads are made of."""


def declare(
    planned: KubernetesObject,
    *,
    secret_names: Mapping[str, pulumi.Input[str]] | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> pulumi.CustomResource:
    """Declare one object; ``secret_names`` gives the names of Secrets that the plan refers to.

    Raises:
        KeyError: the kind is not one of :data:`KINDS`, or a Secret is not among the names.
    """
    make = KINDS[planned.api_version, planned.kind]
    body = _with_names(planned.body, secret_names or {})
    protection = pulumi.ResourceOptions(protect=True) if planned.protect else None
    return make(planned.logical_name, **_arguments(body), opts=pulumi.ResourceOptions.merge(opts, protection))


def _with_names(value: Any, names: Mapping[str, pulumi.Input[str]]) -> Any:
    if isinstance(value, SecretReference):
        return names[value.logical_name]
    if isinstance(value, Mapping):
        return {key: _with_names(item, names) for key, item in value.items()}
    return [_with_names(item, names) for item in value] if isinstance(value, list | tuple) else value


def _arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the top-level keys as Python's names of arguments; below them the SDK takes the wire's own names."""
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in key): value for key, value in body.items()}
