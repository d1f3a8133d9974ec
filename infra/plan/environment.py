"""The plan of a whole environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from infra.plan.addons.addons import plan_addons
from infra.plan.addons.iam import plan_addon_roles
from infra.plan.addons.objects import AddonPlan
from infra.plan.cluster_access import ClusterAccessPlan, plan_cluster_access
from infra.plan.control_plane.endpoints import ApiEndpointPlan, plan_api_endpoint
from infra.plan.control_plane.issuer import IssuerPlan, plan_issuer
from infra.plan.control_plane.members import MemberPlan, plan_members
from infra.plan.control_plane.pki import PkiPlan, plan_pki
from infra.plan.edge import EdgePlan, plan_edge
from infra.plan.images import ImagesPlan, plan_images
from infra.plan.instance_group import InstanceGroupPlan, plan_instance_groups
from infra.plan.namespaces import NamespacePlan, plan_namespaces
from infra.plan.network import NetworkPlan, plan_network
from infra.plan.observability.logging import LoggingPlan, plan_logging
from infra.plan.observability.monitoring import MonitoringPlan, plan_monitoring
from infra.plan.records import RecordsPlan, plan_records
from infra.plan.registry import RegistryPlan, plan_registry
from infra.plan.security import SecurityPlan, plan_security
from infra.plan.service_account_role import ServiceAccountRolePlan
from infra.plan.state_bucket import StateBucketPlan, plan_state_bucket
from infra.plan.termination import TerminationPlan, plan_termination
from infra.plan.workloads.services import BackendPlan
from infra.plan.workloads.workload import WorkloadPlan, plan_backends, plan_workloads
from infra.spec import EnvironmentSpec, Problem, SpecError

_Plan = TypeVar("_Plan")


@dataclass(frozen=True)
class EnvironmentPlan:
    """Everything an environment is made of, in the order in which it is made."""

    spec: EnvironmentSpec
    state_bucket: StateBucketPlan
    network: NetworkPlan
    security: SecurityPlan
    termination: TerminationPlan
    images: ImagesPlan
    pki: PkiPlan
    issuer: IssuerPlan
    api: ApiEndpointPlan
    members: tuple[MemberPlan, ...]
    records: RecordsPlan
    groups: tuple[InstanceGroupPlan, ...]
    access: ClusterAccessPlan
    namespaces: tuple[NamespacePlan, ...]
    addon_roles: tuple[ServiceAccountRolePlan, ...]
    addons: tuple[AddonPlan, ...]
    edge: EdgePlan | None
    """None where nothing is reached from outside."""
    logging: LoggingPlan | None
    """None where something else ships logs."""
    monitoring: MonitoringPlan | None
    """None where something else monitors the cluster."""
    workloads: tuple[WorkloadPlan, ...]
    backends: tuple[BackendPlan, ...]
    registry: RegistryPlan | None
    """None where images come from elsewhere."""


def plan_environment(spec: EnvironmentSpec) -> EnvironmentPlan:
    """Return the plan of the environment that ``spec`` declares.

    Raises:
        SpecError: with the problems of all parts together; nothing has been created then.
    """
    problems: list[Problem] = []

    def part(plan: Callable[[EnvironmentSpec], _Plan]) -> _Plan | None:
        try:
            return plan(spec)
        except SpecError as error:
            problems.extend(error.problems)
            return None

    parts = {
        "state_bucket": part(plan_state_bucket),
        "network": part(plan_network),
        "security": part(plan_security),
        "termination": part(plan_termination),
        "images": part(plan_images),
        "pki": part(plan_pki),
        "issuer": part(plan_issuer),
        "api": part(plan_api_endpoint),
        "members": part(plan_members),
        "records": part(plan_records),
        "groups": part(plan_instance_groups),
        "access": part(plan_cluster_access),
        "namespaces": part(plan_namespaces),
        "addon_roles": part(plan_addon_roles),
        "addons": part(plan_addons),
        "edge": part(plan_edge),
        "logging": part(plan_logging),
        "monitoring": part(plan_monitoring),
        "workloads": part(plan_workloads),
        "backends": part(plan_backends),
        "registry": part(plan_registry),
    }
    if problems:
        raise SpecError(f"environment {spec.name}", problems)
    return EnvironmentPlan(spec=spec, **parts)  # type: ignore[arg-type]  # what is None here is no part of it
