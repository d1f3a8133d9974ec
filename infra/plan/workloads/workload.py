"""The plan of a workload: everything it becomes in the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from infra.plan.service_account_role import ServiceAccountRolePlan
from infra.plan.workloads.autoscaler import autoscaler
from infra.plan.workloads.controllers import claims, controller, disruption_budget, service_account
from infra.plan.workloads.folders import config_maps
from infra.plan.workloads.identity import workload_role
from infra.plan.workloads.objects import KubernetesObject, metadata
from infra.plan.workloads.placement import check_placement
from infra.plan.workloads.pod import qos_class
from infra.plan.workloads.policies import network_policy
from infra.plan.workloads.services import BackendPlan, plan_backend, workload_services
from infra.spec import EnvironmentSpec, SpecError
from infra.spec.workloads.data import ExposeSpec
from infra.spec.workloads.workload import Kind, WorkloadSpec


@dataclass(frozen=True)
class SecretEntry:
    """One value of a workload's Secret, by where it comes from: a key of the configuration, or a random text."""

    name: str
    config: str | None
    generate: int | None


@dataclass(frozen=True)
class SecretPlan:
    """The Secret of a workload. The values are not in it."""

    logical_name: str
    namespace: str
    labels: dict[str, str]
    entries: tuple[SecretEntry, ...]


@dataclass(frozen=True)
class WorkloadPlan:
    """A workload as it will be in the cluster."""

    name: str
    namespace: str
    kind: Kind
    image: str
    qos: str
    """Guaranteed or Burstable; BestEffort does not come about, since requests are never empty."""
    before: tuple[KubernetesObject, ...]
    """What its pods need to be there."""
    secret: SecretPlan | None
    controller: KubernetesObject
    beside: tuple[KubernetesObject, ...]
    """Services, policy, disruption budget and autoscaler."""
    role: ServiceAccountRolePlan | None
    """What it may do in AWS."""
    expose: ExposeSpec | None
    """For the edge router."""
    after: tuple[str, ...]
    """Workloads of the environment that its pods wait for."""

    @property
    def objects(self) -> tuple[KubernetesObject, ...]:
        """All objects but the Secret, in the order in which they are made."""
        return (*self.before, *self.beside, self.controller)


def plan_workload(spec: EnvironmentSpec, workload: WorkloadSpec) -> WorkloadPlan:
    """Return the plan of one workload of an environment."""
    further = (disruption_budget(spec, workload), autoscaler(spec, workload))
    return WorkloadPlan(
        name=workload.name,
        namespace=workload.namespace,
        kind=workload.kind,
        image=workload.image,
        qos=qos_class(workload),
        before=(
            service_account(spec, workload),
            *config_maps(spec, workload),
            *claims(spec, workload),
        ),
        secret=_secret(spec, workload),
        controller=controller(spec, workload),
        # The policy comes before the pods, so that they are reached from the first moment.
        beside=(
            network_policy(spec, workload),
            *workload_services(spec, workload),
            *(each for each in further if each is not None),
        ),
        role=workload_role(spec, workload),
        expose=workload.expose,
        after=tuple(name for name in workload.after if name in {use.name for use in spec.workloads}),
    )


def plan_workloads(spec: EnvironmentSpec) -> tuple[WorkloadPlan, ...]:
    """Return the plans of all workloads, in the order of the stack file.

    Raises:
        SpecError: no machine of the environment takes the pods of one.
    """
    problems = check_placement(spec)
    if problems:
        raise SpecError(f"environment {spec.name}", problems)
    return tuple(plan_workload(spec, workload) for workload in spec.declared_workloads)


def by_order(plans: Sequence[WorkloadPlan]) -> tuple[WorkloadPlan, ...]:
    """Return the plans so that each comes behind those that it waits for, and else in the order given."""
    named = {plan.name: plan for plan in plans}
    order = TopologicalSorter({name: [each for each in plan.after if each in named] for name, plan in named.items()})
    return tuple(named[name] for name in order.static_order())


def plan_backends(spec: EnvironmentSpec) -> tuple[BackendPlan, ...]:
    """Return the plans of all backends, in the order of the stack file."""
    return tuple(plan_backend(spec, backend) for backend in spec.backends)


def _secret(spec: EnvironmentSpec, workload: WorkloadSpec) -> SecretPlan | None:
    entries = tuple(
        SecretEntry(each.name, each.config, each.generate) for each in workload.secrets if each.existing is None
    )
    if not entries:
        return None
    made = metadata(spec, workload, "")
    return SecretPlan(f"{workload.name}-secrets", workload.namespace, made["labels"], entries)


def secret_keys(plans: tuple[WorkloadPlan, ...]) -> Iterator[str]:
    """Yield the keys of the stack's secret configuration that the workloads read, each once."""
    seen: set[str] = set()
    for plan in plans:
        for entry in plan.secret.entries if plan.secret else ():
            if entry.config is not None and entry.config not in seen:
                seen.add(entry.config)
                yield entry.config
