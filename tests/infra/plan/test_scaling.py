from __future__ import annotations

from typing import Any

import pytest

from infra.plan.scaling import (
    HookPlan,
    MixedPlan,
    Range,
    RequirementsPlan,
    ScalingPlan,
    WarmPoolPlan,
    plan_hook,
    plan_scaling,
)
from infra.spec import EnvironmentSpec
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec, with_group

TARGETS = [
    f"arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/{name}/0123456789abcdef"
    for name in ("web", "api")
]
ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")


def plan(**change: Any) -> ScalingPlan:
    return of(with_group(**change))


def of(spec: EnvironmentSpec) -> ScalingPlan:
    return plan_scaling(spec, spec.instance_groups[1])


def mixed(**policy: Any) -> dict[str, Any]:
    return {"machineType": None, "mixedInstancesPolicy": policy}


def test_the_plain_group() -> None:
    planned = plan()
    assert planned == ScalingPlan(
        name="nodes.test.example.com",
        min_size=2,
        max_size=6,
        desired=None,
        zones=ZONES,
        subnet_kind="private",
        mixed=None,
        capacity_rebalance=False,
        warm_pool=None,
        max_instance_lifetime=None,
        protect_from_scale_in=False,
        suspended_processes=(),
        target_group_arns=(),
        metrics=(
            "GroupDesiredCapacity",
            "GroupInServiceInstances",
            "GroupMaxSize",
            "GroupMinSize",
            "GroupPendingInstances",
            "GroupStandbyInstances",
            "GroupTerminatingInstances",
            "GroupTotalInstances",
        ),
        health_check_type="EC2",
        health_check_grace=300,
        wait_for_capacity="0",
        min_elb_capacity=None,
        tags=planned.tags,
    )


def test_a_control_plane_member_counts_once_its_api_server_answers() -> None:
    spec = sample_spec()
    planned = plan_scaling(spec, spec.instance_groups[0])
    assert (planned.wait_for_capacity, planned.min_elb_capacity) == ("20m", 1)
    retired = plan_scaling(spec, spec.instance_groups[0].model_copy(update={"retire": True}))
    assert (retired.wait_for_capacity, retired.min_elb_capacity) == ("0", None)


def test_tags_of_machines_propagate_and_those_of_the_autoscaler_do_not() -> None:
    tags = plan(cloudLabels={"cost": "42"}).tags
    assert [tag.key for tag in tags] == sorted(tag.key for tag in tags)
    assert {tag.key: tag.value for tag in tags if tag.propagate} == {
        "team": "platform",
        "cost": "42",
        "Name": "nodes.test.example.com",
        "KubernetesCluster": "test.example.com",
        "kubernetes.io/cluster/test.example.com": "owned",
        "slipway/environment": "test",
        "slipway/instance-group": "nodes",
        "slipway/role": "Node",
        "aws-node-termination-handler/managed": "",
    }
    assert all(tag.key.startswith("k8s.io/cluster-autoscaler/") for tag in tags if not tag.propagate)
    assert len([tag for tag in tags if not tag.propagate]) == 4


@pytest.mark.parametrize(
    ("change", "sizes"),
    [
        ({}, (2, 6, None)),
        ({"desiredSize": 3}, (2, 6, 3)),
        ({"minSize": 0, "maxSize": 0, "desiredSize": 0}, (0, 0, 0)),
        ({"retire": True}, (0, 0, 0)),
        ({"retire": True, "desiredSize": 3}, (0, 0, 0)),
    ],
)
def test_sizes(change: dict[str, Any], sizes: tuple[int, int, int | None]) -> None:
    planned = plan(**change)
    assert (planned.min_size, planned.max_size, planned.desired) == sizes


def test_the_order_of_zones_in_the_spec_is_no_change() -> None:
    assert plan(zones=["eu-central-1c", "eu-central-1a"]).zones == ("eu-central-1a", "eu-central-1c")
    assert of(sample_spec(network={"zones": list(reversed(ZONES))})).zones == ZONES


@pytest.mark.parametrize(
    ("nat", "subnets", "kind"), [("single", None, "private"), ("single", "public", "public"), ("none", None, "public")]
)
def test_the_kind_of_subnets(nat: str, subnets: str | None, kind: str) -> None:
    group = group_mapping() if subnets is None else group_mapping(subnets=subnets)
    groups = [ENVIRONMENT["instanceGroups"][0], group]
    assert of(sample_spec(network={"nat": nat}, instanceGroups=groups)).subnet_kind == kind


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (
            {"instances": ["m7i.large", "m7a.large"]},
            MixedPlan(("m7i.large", "m7a.large"), None, 0, 100, "prioritized", "price-capacity-optimized", None),
        ),
        (
            {
                "instances": ["m7i.large"],
                "onDemandBase": 1,
                "onDemandAboveBase": 20,
                "onDemandAllocationStrategy": "lowest-price",
                "spotAllocationStrategy": "lowest-price",
                "spotInstancePools": 4,
            },
            MixedPlan(("m7i.large",), None, 1, 20, "lowest-price", "lowest-price", 4),
        ),
    ],
)
def test_mixed_instances(policy: dict[str, Any], expected: MixedPlan) -> None:
    assert plan(**mixed(**policy)).mixed == expected


@pytest.mark.parametrize(
    ("architecture", "manufacturers"), [("amd64", ("intel", "amd")), ("arm64", ("amazon-web-services",))]
)
def test_instance_requirements(architecture: str, manufacturers: tuple[str, ...]) -> None:
    needs = {
        "cpu": {"min": 2, "max": 8},
        "memoryMi": {"min": 4096},
        "excludedInstanceTypes": ["t*"],
        "generations": ["current", "previous"],
        "burstable": "included",
        "localStorage": "required",
    }
    assert plan(**mixed(instanceRequirements=needs), architecture=architecture).mixed == MixedPlan(
        instance_types=(),
        requirements=RequirementsPlan(
            vcpus=Range(2, 8),
            memory_mib=Range(4096, None),
            cpu_manufacturers=manufacturers,
            allowed=(),
            excluded=("t*",),
            generations=("current", "previous"),
            burstable="included",
            local_storage="required",
        ),
        on_demand_base=0,
        on_demand_above_base=100,
        on_demand_allocation="lowest-price",
        spot_allocation="price-capacity-optimized",
        spot_pools=None,
    )


@pytest.mark.parametrize(
    ("above", "stated", "rebalance"),
    [(100, None, False), (99, None, True), (0, None, True), (0, False, False), (100, True, True)],
)
def test_capacity_rebalance_is_on_where_spot_is_used(above: int, stated: bool | None, rebalance: bool) -> None:
    change = mixed(instances=["m7i.large"], onDemandAboveBase=above)
    if stated is not None:
        change["capacityRebalance"] = stated
    assert plan(**change).capacity_rebalance is rebalance


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ({}, WarmPoolPlan("Stopped", 0, None, False)),
        (
            {"state": "Running", "minSize": 1, "maxSize": 5, "reuseOnScaleIn": True},
            WarmPoolPlan("Running", 1, 5, True),
        ),
    ],
)
def test_warm_pool(pool: dict[str, Any], expected: WarmPoolPlan) -> None:
    assert plan(warmPool=pool).warm_pool == expected


def test_the_machines_of_a_warm_pool_are_counted_too() -> None:
    more = set(plan(warmPool={}).metrics) - set(plan().metrics)
    assert more == {
        "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity", "WarmPoolDesiredCapacity",
        "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "WarmPoolWarmedCapacity",
    }  # fmt: skip
    assert set(plan().metrics) < set(plan(warmPool={}).metrics)
    assert plan(warmPool={}, retire=True).metrics == plan().metrics


def test_a_retired_group_keeps_no_machine_back() -> None:
    planned = plan(retire=True, warmPool={"minSize": 2}, instanceProtection=True)
    assert planned.warm_pool is None
    assert planned.protect_from_scale_in is False
    assert plan(instanceProtection=True).protect_from_scale_in is True


def test_options_are_passed_on() -> None:
    planned = plan(
        maxInstanceLifetime="7d",
        suspendProcesses=["InstanceRefresh", "AZRebalance"],
        targetGroups=TARGETS,
    )
    assert planned.max_instance_lifetime == 604_800
    assert planned.suspended_processes == ("AZRebalance", "InstanceRefresh")
    assert planned.target_group_arns == tuple(reversed(TARGETS))


def test_a_machine_waits_for_its_drain() -> None:
    spec = with_group(drainTimeout="15m")
    hook = plan_hook(spec.instance_groups[1])
    assert hook == HookPlan("nodes-drain", 900, "CONTINUE", "autoscaling:EC2_INSTANCE_TERMINATING")
    assert plan_hook(with_group().instance_groups[1]).heartbeat_seconds == 300
