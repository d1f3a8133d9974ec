"""Wiring of what lives in the cluster: Kubernetes objects, declared once the API answers."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from infra.components.manifests import Manifests
from infra.components.namespace import Namespace
from infra.plan.environment import EnvironmentPlan


def declare_in_cluster(plan: EnvironmentPlan, values: Mapping[str, pulumi.Input[str]]) -> None:
    """Declare what lives in the cluster. Without any of it, no API server is needed and no provider is made.

    The provider takes the ambient kubeconfig's context of the cluster's name and no other, so that an environment is
    never applied to another's cluster. ``values`` are what AWS gives and add-ons are told, by name.
    """
    if not (plan.namespaces or plan.addons):
        return
    cluster = k8s.Provider("kubernetes", context=plan.spec.cluster.name, enable_server_side_apply=True)
    for namespace in plan.namespaces:
        Namespace(namespace.name, namespace, opts=pulumi.ResourceOptions(provider=cluster))
    for addon in plan.addons:
        Manifests(addon.name, addon, values=values, opts=pulumi.ResourceOptions(provider=cluster))
