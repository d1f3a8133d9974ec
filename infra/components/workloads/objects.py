"""From a planned Kubernetes object to its resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from infra.components import kubernetes_object
from infra.plan.workloads.objects import KubernetesObject, SecretReference


def declare(
    planned: KubernetesObject,
    *,
    secret_names: Mapping[str, pulumi.Input[str]] | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> kubernetes_object.KubernetesObject:
    """Declare one object; ``secret_names`` gives the names of Secrets that the plan refers to.

    Raises:
        KeyError: a Secret is not among the names.
    """
    manifest = {
        "apiVersion": planned.api_version,
        "kind": planned.kind,
        **_with_names(planned.body, secret_names or {}),
    }
    own = pulumi.ResourceOptions(protect=planned.protect or None, ignore_changes=[*planned.left] or None)
    return kubernetes_object.KubernetesObject(planned.logical_name, manifest, pulumi.ResourceOptions.merge(opts, own))


def _with_names(value: Any, names: Mapping[str, pulumi.Input[str]]) -> Any:
    if isinstance(value, SecretReference):
        return names[value.logical_name]
    if isinstance(value, Mapping):
        return {key: _with_names(item, names) for key, item in value.items()}
    return [_with_names(item, names) for item in value] if isinstance(value, list | tuple) else value
