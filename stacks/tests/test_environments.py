"""What we hold our environments to, beyond what Slipway does. A start: put your own rules in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.testing import Changes, changes, environment, environments

PROJECT = Path(__file__).resolve().parents[2]
GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"

MOST_MACHINES = {"prod": 150, "staging": 30}
"""Environment -> what its groups may grow to together; 20 where nothing is said."""

every_environment = pytest.mark.parametrize("name", environments(PROJECT))


@every_environment
def test_machines_have_an_owner(name: str) -> None:
    for group in environment(name, project=PROJECT).of(GROUP):
        tags = {tag["key"]: tag["value"] for tag in group.inputs["tags"] if tag["propagateAtLaunch"]}
        assert tags["team"] == "platform", group.name


@every_environment
def test_groups_stay_within_the_budget(name: str) -> None:
    groups = environment(name, project=PROJECT).of(GROUP)
    assert sum(group.inputs["maxSize"] for group in groups) <= MOST_MACHINES.get(name, 20)


def test_production_outlives_a_zone() -> None:
    prod = environment("prod", project=PROJECT)
    members = [group for group in prod.spec.instance_groups if group.role == "ControlPlane"]
    assert len({zone for group in members for zone in group.zones or ()}) == 3
    assert len(prod.get(GROUP, "nodes").inputs["vpcZoneIdentifiers"]) == 3


def test_the_web_shop_is_never_one_pod_alone() -> None:
    local = environment("local", project=PROJECT)
    assert local.manifest("Deployment", "web", "demo")["spec"]["replicas"] >= 2
    assert local.manifest("PodDisruptionBudget", "web", "demo")["spec"]["maxUnavailable"] == 1


def test_a_bigger_machine_changes_the_group_that_gets_it_and_nothing_else() -> None:
    def bigger(declared: dict[str, Any]) -> None:
        (nodes,) = (group for group in declared["instanceGroups"] if group["name"] == "nodes")
        nodes["machineType"] = "m7i.4xlarge"

    before, after = environment("prod", project=PROJECT), environment("prod", project=PROJECT, edit=bigger)
    assert changes(before, after) == Changes(
        changed={(TEMPLATE, "nodes"): {"instanceType"}, (OBJECT, "instancegroup/nodes"): {"content"}}
    )
