"""The Auto Scaling group of an instance group: how many machines, of which types, where, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infra.plan.autoscaler_tags import autoscaler_tags
from infra.plan.launch_template import machine_tags, subnet_kind
from infra.plan.naming import group_identity, group_resource_name
from infra.spec import EnvironmentSpec, InstanceGroupSpec
from infra.spec.capacity import InstanceRequirementsSpec, MixedInstancesSpec, RangeSpec
from infra.spec.processors import Architecture
from infra.spec.scalars import duration_seconds

METRICS = (
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupMaxSize",
    "GroupMinSize",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
)
"""kops's list (``pkg/model/awsmodel/autoscalinggroup.go``), free of charge at one minute's granularity."""

WARM_POOL_METRICS = (
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
    "WarmPoolDesiredCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity",
    "WarmPoolWarmedCapacity",
)
"""What kops collects besides where there is a warm pool: its machines are in none of the group's own figures. Without
``WarmPoolMinSize``, which Auto Scaling's API reference does not have (``EnableMetricsCollection``)."""

HEALTH_CHECK_GRACE_SECONDS = 300
"""Seconds after its launch in which a machine is not judged: what the console proposes. The API's default is none."""

MEMBER_WAIT = "20m"
"""Time in which a control-plane member must answer. kops's own waiting (``kops validate cluster --wait``) takes 10 to
15 minutes in its documentation's examples; a member installs its packages first."""

CPU_MANUFACTURERS: dict[Architecture, tuple[str, ...]] = {
    "amd64": ("intel", "amd"),
    "arm64": ("amazon-web-services",),
}
"""Makers of the processors an image of the architecture runs on; attributes alone would also choose the others."""


@dataclass(frozen=True)
class Range:
    """A closed range; no upper limit where ``max`` is None."""

    min: int
    max: int | None


@dataclass(frozen=True)
class RequirementsPlan:
    """Instance types by attributes, in EC2's words."""

    vcpus: Range
    memory_mib: Range
    cpu_manufacturers: tuple[str, ...]
    allowed: tuple[str, ...]
    excluded: tuple[str, ...]
    generations: tuple[str, ...]
    burstable: str
    local_storage: str


@dataclass(frozen=True)
class MixedPlan:
    """Mixed instances policy: either ``instance_types``, best first, or ``requirements``."""

    instance_types: tuple[str, ...]
    requirements: RequirementsPlan | None
    on_demand_base: int
    on_demand_above_base: int
    """Per cent."""
    on_demand_allocation: str
    spot_allocation: str
    spot_pools: int | None


@dataclass(frozen=True)
class WarmPoolPlan:
    """Warm pool."""

    state: str
    min_size: int
    max_prepared: int | None
    reuse_on_scale_in: bool


@dataclass(frozen=True)
class GroupTag:
    """One tag of an Auto Scaling group."""

    key: str
    value: str
    propagate: bool
    """Whether machines get it at launch."""


@dataclass(frozen=True)
class HookPlan:
    """Lifecycle hook on termination: the machine waits for its drain, and goes when nobody answers."""

    name: str
    heartbeat_seconds: int
    default_result: str
    transition: str


@dataclass(frozen=True)
class ScalingPlan:
    """An Auto Scaling group.

    It is placed by subnets (``vpcZoneIdentifiers``) alone: ``availabilityZones`` beside them would say the same thing
    twice and, in a VPC, is Auto Scaling's to derive.
    """

    name: str
    min_size: int
    max_size: int
    desired: int | None
    """Set only where the spec sets it. Left out, the number stands as an autoscaler or an operator put it: there is no
    input to drift from. ``ignore_changes`` would do that too, but also ignore a number that the spec does set."""
    zones: tuple[str, ...]
    """Sorted, so that the spec's order is no change."""
    subnet_kind: Literal["private", "public"]
    mixed: MixedPlan | None
    capacity_rebalance: bool
    warm_pool: WarmPoolPlan | None
    max_instance_lifetime: int | None
    """Seconds."""
    protect_from_scale_in: bool
    suspended_processes: tuple[str, ...]
    target_group_arns: tuple[str, ...]
    metrics: tuple[str, ...]
    health_check_type: str
    health_check_grace: int
    """Seconds."""
    wait_for_capacity: str
    """``0``: an update ends when AWS has accepted the group. Whether machines come, and their nodes with them, is what
    ``slipway validate`` judges; waiting here would fail an update for a shortage of Spot, and see no node anyway. Not
    so for the control plane: what is declared in the cluster needs an API that answers."""
    min_elb_capacity: int | None
    """Machines that the load balancers must find healthy before a new group counts as made."""
    tags: tuple[GroupTag, ...]
    """Sorted by key."""


def plan_scaling(spec: EnvironmentSpec, group: InstanceGroupSpec) -> ScalingPlan:
    """Return the Auto Scaling group of ``group``.

    A retired group has room for no machine, so that Auto Scaling terminates those it has, each after its drain. It
    has no warm pool and no scale-in protection, which would both keep machines.
    """
    mixed = group.mixed_instances_policy
    is_member = group.role == "ControlPlane" and not group.retire
    uses_spot = mixed is not None and mixed.on_demand_above_base < 100
    warm_pool = _warm_pool(group)
    return ScalingPlan(
        name=group_resource_name(spec, group),
        min_size=0 if group.retire else group.min_size,
        max_size=0 if group.retire else group.max_size,
        desired=0 if group.retire else group.desired_size,
        zones=tuple(sorted(group.zones or spec.network.zones)),
        subnet_kind="public" if subnet_kind(spec, group) == "public" else "private",
        mixed=None if mixed is None else _mixed(mixed, group.architecture),
        capacity_rebalance=uses_spot if group.capacity_rebalance is None else group.capacity_rebalance,
        warm_pool=warm_pool,
        max_instance_lifetime=duration_seconds(group.max_instance_lifetime) if group.max_instance_lifetime else None,
        protect_from_scale_in=group.instance_protection and not group.retire,
        suspended_processes=tuple(sorted(group.suspend_processes)),
        target_group_arns=tuple(sorted(group.target_groups)),
        metrics=METRICS if warm_pool is None else tuple(sorted((*METRICS, *WARM_POOL_METRICS))),
        health_check_type="EC2",
        health_check_grace=HEALTH_CHECK_GRACE_SECONDS,
        wait_for_capacity=MEMBER_WAIT if is_member else "0",
        min_elb_capacity=1 if is_member else None,
        tags=_tags(spec, group),
    )


def plan_hook(group: InstanceGroupSpec) -> HookPlan:
    """Return the lifecycle hook that lets a machine drain before it is terminated."""
    return HookPlan(
        name=f"{group_identity(group)}-drain",
        heartbeat_seconds=duration_seconds(group.drain_timeout),
        default_result="CONTINUE",
        transition="autoscaling:EC2_INSTANCE_TERMINATING",
    )


def _mixed(mixed: MixedInstancesSpec, architecture: Architecture) -> MixedPlan:
    needs = mixed.instance_requirements
    return MixedPlan(
        instance_types=mixed.instances,
        requirements=None if needs is None else _requirements(needs, architecture),
        on_demand_base=mixed.on_demand_base,
        on_demand_above_base=mixed.on_demand_above_base,
        on_demand_allocation=mixed.on_demand_allocation_strategy
        or ("prioritized" if needs is None else "lowest-price"),
        spot_allocation=mixed.spot_allocation_strategy,
        spot_pools=mixed.spot_instance_pools,
    )


def _requirements(needs: InstanceRequirementsSpec, architecture: Architecture) -> RequirementsPlan:
    return RequirementsPlan(
        vcpus=_range(needs.cpu),
        memory_mib=_range(needs.memory_mi),
        cpu_manufacturers=CPU_MANUFACTURERS[architecture],
        allowed=needs.allowed_instance_types,
        excluded=needs.excluded_instance_types,
        generations=needs.generations,
        burstable=needs.burstable,
        local_storage=needs.local_storage,
    )


def _range(bounds: RangeSpec) -> Range:
    return Range(bounds.min, bounds.max)


def _warm_pool(group: InstanceGroupSpec) -> WarmPoolPlan | None:
    pool = group.warm_pool
    if pool is None or group.retire:
        return None
    return WarmPoolPlan(
        state=pool.state,
        min_size=pool.min_size,
        max_prepared=pool.max_size,
        reuse_on_scale_in=pool.reuse_on_scale_in,
    )


def _tags(spec: EnvironmentSpec, group: InstanceGroupSpec) -> tuple[GroupTag, ...]:
    tags = [
        *(GroupTag(key, value, True) for key, value in machine_tags(spec, group).items()),
        *(GroupTag(key, value, False) for key, value in autoscaler_tags(spec, group).items()),
    ]
    return tuple(sorted(tags, key=lambda tag: tag.key))
