"""Wiring of what lives in the cluster: Kubernetes objects, declared once the API answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from infra.components.cluster_access import ClusterAccess
from infra.components.manifests import Manifests
from infra.components.namespace import Namespace
from infra.plan.environment import EnvironmentPlan


@dataclass(frozen=True)
class Cluster:
    """What the AWS side gives to what lives in the cluster."""

    kubeconfig: pulumi.Output[str]
    """Administrator's kubeconfig, a secret."""
    issuer_arn: pulumi.Output[str]
    """ARN of the OIDC provider by which IAM knows service accounts."""
    token_id: pulumi.Output[str]
    token_secret: pulumi.Output[str]
    values: Mapping[str, pulumi.Input[str]]
    """What AWS gives and add-ons are told, by name."""
    aws: pulumi.ResourceOptions
    """Options of AWS resources made for what lives in the cluster."""
    after: Sequence[pulumi.Resource]
    """The control plane's instance groups: each is made once its API server answers."""


def declare_in_cluster(plan: EnvironmentPlan, cluster: Cluster) -> None:
    """Declare what lives in the cluster."""
    provider = k8s.Provider(
        "kubernetes",
        kubeconfig=cluster.kubeconfig,
        enable_server_side_apply=True,
        opts=pulumi.ResourceOptions(depends_on=list(cluster.after)),
    )
    opts = pulumi.ResourceOptions(provider=provider)
    ClusterAccess("access", plan.access, token_id=cluster.token_id, token_secret=cluster.token_secret, opts=opts)
    for namespace in plan.namespaces:
        Namespace(namespace.name, namespace, opts=opts)
    for addon in plan.addons:
        Manifests(addon.name, addon, values=cluster.values, opts=opts)
