"""The environment: the whole of what one stack file declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, PrivateAttr

from infra.spec import foreign
from infra.spec.base import SpecModel
from infra.spec.cluster import ClusterSpec
from infra.spec.edge import EdgeSpec
from infra.spec.instance_group import InstanceGroupSpec
from infra.spec.labels import Tags
from infra.spec.network import NetworkSpec
from infra.spec.observability import LoggingSpec, MonitoringSpec
from infra.spec.registry import RegistrySpec
from infra.spec.scalars import AccountId, DnsLabel, Region
from infra.spec.state import StateSpec
from infra.spec.workloads.backend import BackendSpec
from infra.spec.workloads.workload import WorkloadSpec, WorkloadUse


@dataclass(frozen=True)
class OwnMonitoring:
    """What an environment brings to its monitoring: texts of files by name."""

    rules: Mapping[str, str]
    """Files of Prometheus's rules."""
    dashboards: Mapping[str, str]
    """Grafana's dashboards."""


class EnvironmentSpec(SpecModel):
    """One environment: the value of `slipway:environment` in `stacks/Pulumi.<env>.yaml`."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_ENVIRONMENT

    name: Annotated[DnsLabel, Field(exclude=True, examples=["dev"])]
    """Name of the environment: the stack's name, filled in by Slipway. Not written in the file."""

    account_id: Annotated[AccountId, Field(examples=["111122223333"])]
    """AWS account of the environment, in quotes. Credentials of any other account are refused."""

    region: Annotated[Region, Field(examples=["eu-central-1"])]
    """AWS region of the environment."""

    tags: Annotated[Tags, Field(default_factory=dict)]
    """AWS tags of everything in the environment."""

    state: StateSpec
    """The state bucket."""

    network: NetworkSpec
    """The VPC and its subnets."""

    cluster: ClusterSpec
    """The Kubernetes cluster."""

    instance_groups: Annotated[
        tuple[InstanceGroupSpec, ...],
        Field(min_length=1, examples=[[{"name": "control-plane-a", "role": "ControlPlane"}]]),
    ]
    """The instance groups. A cluster has 1, 3 or 5 groups with the role `ControlPlane`."""

    edge: EdgeSpec | None = None
    """The edge router and its firewall policy. Unset: nothing is reached from outside, and no load balancer is made."""

    logging: LoggingSpec = LoggingSpec()
    """Where the lines of containers, control plane and machines are kept."""

    monitoring: MonitoringSpec = MonitoringSpec()
    """Metrics, alerts and dashboards."""

    workloads: tuple[WorkloadUse, ...] = ()
    """Workloads of the environment, each declared in `apps/<name>.yaml` (see docs/workloads.md)."""

    backends: tuple[BackendSpec, ...] = ()
    """Names that workloads call and what answers to them in this environment (see docs/services.md)."""

    pinned_images: bool = True
    """Refuse images of workloads that are not named by digest."""

    registry: RegistrySpec | None = None
    """Repositories for images in the environment's account. Unset: images come from elsewhere, as from the account that
    builds them."""

    _declared: tuple[WorkloadSpec, ...] = PrivateAttr(default=())
    _own: OwnMonitoring = PrivateAttr(default=OwnMonitoring({}, {}))

    @property
    def declared_workloads(self) -> tuple[WorkloadSpec, ...]:
        """The workloads as their files and this environment's overrides declare them, once those have been read."""
        return self._declared

    def with_declared(self, workloads: tuple[WorkloadSpec, ...]) -> EnvironmentSpec:
        """Return this environment with its workloads read."""
        spec = self.model_copy()
        spec._declared = workloads
        return spec

    @property
    def own_monitoring(self) -> OwnMonitoring:
        """Its own rules and dashboards, once their files have been read."""
        return self._own

    def with_own_monitoring(self, own: OwnMonitoring) -> EnvironmentSpec:
        """Return this environment with its own rules and dashboards read."""
        spec = self.model_copy()
        spec._own = own
        return spec
