"""Wiring of what lives in the cluster: Kubernetes objects, declared once the API answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from infra.components.cluster_access import ClusterAccess
from infra.components.gone_with import gone_with
from infra.components.grafana_password import GrafanaPassword
from infra.components.log_groups import LogGroups
from infra.components.log_store_keys import LogStoreKeys
from infra.components.manifests import Manifests
from infra.components.namespace import Namespace
from infra.components.service_account_role import ServiceAccountRole
from infra.components.workloads.service_backend import ServiceBackend
from infra.components.workloads.workload import COMPONENTS, Workload
from infra.plan.environment import EnvironmentPlan
from infra.plan.observability.credentials import STORE_PASSWORD
from infra.plan.observability.logging import LoggingPlan
from infra.plan.observability.monitoring import ALERTMANAGER_CONFIG, GRAFANA_PASSWORD, MonitoringPlan
from infra.plan.workloads.workload import by_order, secret_keys


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
    whole: pulumi.Resource
    """What goes with the cluster and no sooner: the VPC, or the members' security group where the VPC stays."""
    machines: Sequence[pulumi.Resource]
    """All instance groups."""
    after: Sequence[pulumi.Resource]
    """The control plane's instance groups: each is made once its API server answers."""


def declare_in_cluster(plan: EnvironmentPlan, cluster: Cluster) -> None:
    """Declare what lives in the cluster."""
    provider = k8s.Provider(
        "kubernetes",
        kubeconfig=cluster.kubeconfig,
        # Without it another CA or load balancer in the kubeconfig counts as another cluster, and everything in it is
        # replaced (Pulumi Registry, kubernetes.Provider, "clusterIdentifier").
        cluster_identifier=plan.spec.cluster.name,
        # Otherwise a changed one is deleted and made anew, under pods that read it. Those that must start anew for it
        # do so by their own template (infra.plan.observability.reload, infra.plan.workloads.pod).
        enable_config_map_mutable=True,
        enable_server_side_apply=True,
        opts=pulumi.ResourceOptions(depends_on=list(cluster.after)),
    )
    opts = pulumi.ResourceOptions(provider=provider, transformations=[gone_with(cluster.whole, cluster.machines)])
    ClusterAccess("access", plan.access, token_id=cluster.token_id, token_secret=cluster.token_secret, opts=opts)
    namespaces = {namespace.name: Namespace(namespace.name, namespace, opts=opts) for namespace in plan.namespaces}
    for addon in plan.addons:
        Manifests(addon.name, addon, values=cluster.values, opts=opts)
    if plan.edge is not None:
        before: list[pulumi.Resource] = [*namespaces.values()]
        for part in plan.edge.in_cluster:
            inside = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(before)))
            before.append(Manifests(part.name, part, values=cluster.values, opts=inside))
    if plan.logging is not None:
        declare_logging(plan.logging, cluster, opts)
    if plan.monitoring is not None:
        declare_monitoring(plan.monitoring, opts)
    declare_workloads(plan, cluster, namespaces, opts)


def declare_logging(plan: LoggingPlan, cluster: Cluster, opts: pulumi.ResourceOptions) -> None:
    """Declare the agents, and the store: log groups, or what is in the cluster."""
    values = dict(cluster.values)
    if plan.groups:
        LogGroups("logs", plan.groups, opts=cluster.aws)
    if plan.own_store:
        values |= LogStoreKeys("log-store").values
    if plan.password_config is not None:
        values[STORE_PASSWORD.name] = pulumi.Config("slipway").require_secret(plan.password_config)
    for part in plan.in_cluster:
        Manifests(part.name, part, values=values, opts=opts)


def declare_monitoring(plan: MonitoringPlan, opts: pulumi.ResourceOptions) -> None:
    """Declare Prometheus and what belongs to it."""
    values: dict[str, pulumi.Input[str]] = {}
    if plan.password:
        values[GRAFANA_PASSWORD.name] = GrafanaPassword("grafana-password").value
    if plan.receivers_config is not None:
        values[ALERTMANAGER_CONFIG.name] = pulumi.Config("slipway").require_secret(plan.receivers_config)
    before: list[pulumi.Resource] = []
    for part in plan.in_cluster:
        # Grafana lives in the namespace that the first part makes.
        inside = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(before)))
        before.append(Manifests(part.name, part, values=values, opts=inside))


def declare_workloads(
    plan: EnvironmentPlan, cluster: Cluster, namespaces: Mapping[str, Namespace], opts: pulumi.ResourceOptions
) -> None:
    """Declare the workloads and backends, each once the guards of its namespace stand."""
    config = pulumi.Config("slipway")
    secrets = {key: config.require_secret(key) for key in secret_keys(plan.workloads)}

    def inside(namespace: str) -> pulumi.ResourceOptions:
        guards = pulumi.ResourceOptions(depends_on=[namespaces[namespace]])
        return pulumi.ResourceOptions.merge(opts, guards)

    for backend in plan.backends:
        ServiceBackend(f"{backend.namespace}-{backend.name}", backend, opts=inside(backend.namespace))
    made: dict[str, Workload] = {}
    for workload in by_order(plan.workloads):
        needs = inside(workload.namespace)
        if workload.role is not None:
            role = ServiceAccountRole(
                workload.role.name, workload.role, issuer_arn=cluster.issuer_arn, opts=cluster.aws
            )
            needs = pulumi.ResourceOptions.merge(needs, pulumi.ResourceOptions(depends_on=[role]))
        after = [made[name].controller for name in workload.after]
        made[workload.name] = COMPONENTS[workload.kind](
            workload.name, workload, secrets=secrets, after=after, opts=needs
        )
