"""Which add-on has which role in AWS, bound to its service account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from infra.plan.addons import permissions
from infra.plan.edge.certificates import CERTIFICATES, certificate_statements
from infra.plan.edge.manifest import EDGE_NAMESPACE
from infra.plan.iam import Statement
from infra.plan.observability.logging import AGENT, logging_statements
from infra.plan.service_account_role import ServiceAccountRolePlan, plan_service_account_role
from infra.spec import EnvironmentSpec
from infra.spec.observability import AGENT_NAMESPACE

NAMESPACE = "kube-system"


@dataclass(frozen=True)
class AddonRole:
    """An add-on's need of AWS."""

    addon: str
    service_account: str
    statements: tuple[Statement, ...]
    namespace: str = NAMESPACE


def addon_roles(spec: EnvironmentSpec) -> tuple[AddonRole, ...]:
    """Return the roles of those add-ons that the cluster has."""
    addons = spec.cluster.addons
    if not addons.managed:
        return ()
    wanted: tuple[tuple[bool, str, str, Callable[[EnvironmentSpec, permissions.Scope], list[Statement]]], ...] = (
        (spec.cluster.cni == "amazonVpc", "amazon-vpc-cni", "aws-node", permissions.amazon_vpc_cni),
        (True, "cloud-controller-manager", "aws-cloud-controller-manager", permissions.cloud_controller_manager),
        (addons.ebs_csi.enabled, "ebs-csi", "ebs-csi-controller-sa", permissions.ebs_csi),
        (
            addons.node_termination_handler.enabled,
            "node-termination-handler",
            "aws-node-termination-handler",
            permissions.node_termination_handler,
        ),
        (addons.cluster_autoscaler.enabled, "cluster-autoscaler", "cluster-autoscaler", permissions.cluster_autoscaler),
    )
    scope = permissions.Scope(spec)
    return tuple(
        AddonRole(addon, service_account, tuple(statements(spec, scope)))
        for enabled, addon, service_account, statements in wanted
        if enabled
    )


def plan_addon_roles(spec: EnvironmentSpec) -> tuple[ServiceAccountRolePlan, ...]:
    """Return the IAM roles of the add-ons' service accounts, called as the add-ons."""
    return tuple(
        plan_service_account_role(
            spec,
            name=role.addon,
            namespace=role.namespace,
            service_account=role.service_account,
            statements=role.statements,
        )
        for role in (*addon_roles(spec), *_edge_roles(spec), *_logging_roles(spec))
    )


def _edge_roles(spec: EnvironmentSpec) -> tuple[AddonRole, ...]:
    statements = certificate_statements(spec)
    return (AddonRole(CERTIFICATES, CERTIFICATES, statements, EDGE_NAMESPACE),) if statements else ()


def _logging_roles(spec: EnvironmentSpec) -> tuple[AddonRole, ...]:
    statements = logging_statements(spec)
    return (AddonRole(AGENT, AGENT, statements, AGENT_NAMESPACE),) if statements else ()
