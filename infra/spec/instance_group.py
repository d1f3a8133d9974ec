"""Instance groups: sets of like machines, each an Auto Scaling group. Field names follow kops's InstanceGroup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.spec import foreign_groups, foreign_values
from infra.spec.base import SpecModel
from infra.spec.capacity import MixedInstancesSpec, WarmPoolSpec
from infra.spec.labels import NodeLabels, Tags, TaintText
from infra.spec.processors import Architecture, architecture_of_group
from infra.spec.rolling import RollingUpdateSpec
from infra.spec.scalars import DnsLabel, Duration, Image, MachineType, SecurityGroupId, TargetGroupArn, Zone
from infra.spec.sysctls import Sysctls
from infra.spec.volumes import DataVolumeSpec, RootVolumeSpec

Role = Literal["ControlPlane", "Node", "Edge"]
SuspendableProcess = Literal[
    "AZRebalance",
    "AlarmNotification",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
]


class InstanceGroupSpec(SpecModel):
    """A set of like machines: an Auto Scaling group and its launch template."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_groups.OF_GROUP
    foreign_values: ClassVar[Mapping[str, Mapping[str, str]]] = foreign_values.OF_GROUP

    name: Annotated[DnsLabel, Field(examples=["nodes"])]
    """Name of the group, unique in the environment. AWS resources are named `<name>.<cluster>`."""

    role: Annotated[Role, Field(examples=["Node"])]
    """What its machines are: `ControlPlane` (one group of one machine per member), `Node` or `Edge` (the ingress
    router's machines, tainted so that nothing else runs there)."""

    renamed_from: DnsLabel | None = None
    """The name this group was created under, when it was renamed since. The group keeps its machines and its AWS
    names; only labels and tags change. Keep the line for as long as the group lives."""

    retire: bool = False
    """The explicit word for removing a group. Groups are protected: set this, run `pulumi up`, then delete the
    entry."""

    machine_type: MachineType | None = None
    """EC2 instance type. Unset: t3.medium (amd64) or t4g.medium (arm64), as kops."""

    image: Image | None = None
    """AMI ID, SSM parameter (`ssm:/aws/service/...`) or `owner/name` pattern (the newest match). Unset: Debian 12 for
    the architecture. A new AMI behind a parameter shows in the preview as a change of the launch template."""

    min_size: Annotated[int, Field(ge=0, le=10000)] = 1
    """Least number of machines."""

    max_size: Annotated[int, Field(ge=0, le=10000)] = 1
    """Greatest number of machines."""

    desired_size: Annotated[int, Field(ge=0, le=10000)] | None = None
    """Number of machines to set on each update. Leave it unset when an autoscaler decides."""

    autoscale_priority: Annotated[int, Field(ge=0, le=1000)] = 0
    """Where the cluster-autoscaler's `expander` is `priority`: the group with the greatest number grows first. One that
    cannot be had, as Spot at times, is left for the next."""

    zones: Annotated[tuple[Zone, ...], Field(max_length=6)] = ()
    """Zones the group spreads over; all of the network's when empty."""

    subnets: Literal["private", "public"] | None = None
    """Kind of subnet. Unset: `private`, or `public` where the network has no NAT."""

    mixed_instances_policy: MixedInstancesSpec | None = None
    """Several instance types and Spot."""

    architecture: Annotated[Architecture, Field(default_factory=architecture_of_group)]
    """Processor architecture of the machines and their image. Unset: that of the first instance type named (`m7g.large`
    is arm64), and of a group that names none amd64."""

    capacity_rebalance: bool | None = None
    """Replace a Spot machine at elevated risk before it is interrupted. Unset: on wherever Spot is used."""

    warm_pool: WarmPoolSpec | None = None
    """A pool of machines initialised beforehand."""

    max_instance_lifetime: Duration | None = None
    """Age at which Auto Scaling replaces a machine: 1d to 365d (Auto Scaling's bounds)."""

    drain_timeout: Duration = "300s"
    """How long a terminating machine waits for its drain (the lifecycle hook's heartbeat): 30s to 2h."""

    rolling_update: RollingUpdateSpec = RollingUpdateSpec()
    """How `slipway roll` replaces the group's machines."""

    root_volume: RootVolumeSpec = RootVolumeSpec()
    """The root volume."""

    volumes: Annotated[tuple[DataVolumeSpec, ...], Field(max_length=11)] = ()
    """Further volumes of each machine."""

    node_labels: Annotated[NodeLabels, Field(default_factory=dict)]
    """Labels the kubelet registers the node with."""

    taints: tuple[TaintText, ...] = ()
    """Taints the kubelet registers the node with, as `key=value:Effect`."""

    sysctls: Annotated[Sysctls, Field(default_factory=dict)]
    """Kernel parameters of the machines, as `vm.max_map_count: "262144"`; kops's `sysctlParameters`. They are set at
    each boot, before the kubelet starts. What the kernel does not know or refuses is left as it is, the machine joins
    all the same, and the journal of `systemd-sysctl` names it. Those that Slipway, the kubelet or the pod network need
    are refused."""

    cloud_labels: Annotated[Tags, Field(default_factory=dict)]
    """AWS tags of the group's machines and volumes, beside the environment's own. What the cluster-autoscaler reads of
    a group (`k8s.io/cluster-autoscaler/node-template/resources/…`, `…/autoscaling-options/…`) is on the group alone."""

    additional_security_groups: Annotated[tuple[SecurityGroupId, ...], Field(max_length=4)] = ()
    """Existing security groups added to the machines; with the role's own, five at most (VPC quota)."""

    target_groups: Annotated[tuple[TargetGroupArn, ...], Field(max_length=50)] = ()
    """ARNs of load balancer target groups in which the group registers its machines."""

    detailed_instance_monitoring: bool = False
    """CloudWatch metrics each minute instead of each five."""

    cpu_credits: Literal["standard", "unlimited"] | None = None
    """Credit mode of burstable types (t3, t4g); EC2's own default when unset."""

    tenancy: Literal["default", "dedicated"] = "default"
    """Tenancy of the machines."""

    instance_protection: bool = False
    """Protect machines from scale-in by Auto Scaling."""

    suspend_processes: tuple[SuspendableProcess, ...] = ()
    """Auto Scaling processes that are suspended."""

    max_pods: Annotated[int, Field(ge=8, le=250)] = 110
    """Pods a node accepts. 110 is the bound Kubernetes is tested for."""

    @property
    def autoscaled(self) -> bool:
        """Whether the cluster-autoscaler sizes the group, where it runs.

        Not the control plane, whose members are not counted but named; nor a group that sets ``desiredSize``, which an
        autoscaler would only fight over; nor a retired one.
        """
        return self.role != "ControlPlane" and self.desired_size is None and not self.retire
