from __future__ import annotations

from typing import Any

import pytest

from infra.plan.autoscaler_tags import autoscaler_tags
from infra.plan.scaling import plan_scaling
from infra.plan.tags import group_tags
from tests.infra.samples import sample_spec, with_group

PREFIX = "k8s.io/cluster-autoscaler"
FOUND = {f"{PREFIX}/enabled": "1", f"{PREFIX}/test.example.com": "1"}


def tags(**change: Any) -> dict[str, str]:
    spec = with_group(**change)
    return autoscaler_tags(spec, spec.instance_groups[1])


def test_an_empty_groups_node_is_described() -> None:
    assert tags(nodeLabels={"example.com/pool": "batch"}, taints=["dedicated=batch:NoSchedule"]) == {
        **FOUND,
        f"{PREFIX}/node-template/label/example.com/pool": "batch",
        f"{PREFIX}/node-template/label/slipway/instance-group": "nodes",
        f"{PREFIX}/node-template/label/slipway/role": "Node",
        f"{PREFIX}/node-template/taint/dedicated": "batch:NoSchedule",
    }


def test_what_the_autoscaler_alone_reads_is_on_the_group_alone() -> None:
    option = f"{PREFIX}/node-template/autoscaling-options/scaledownunneededtime"
    labels = {option: "30m0s", f"{PREFIX}/node-template/resources/example.com/disk": "2", "cost": "42"}
    found = tags(cloudLabels=labels)
    assert {key: found[key] for key in labels if key in found} == {key: labels[key] for key in labels if key != "cost"}
    spec = with_group(cloudLabels=labels)
    group = spec.instance_groups[1]
    # A change of them rolls no machine.
    assert set(labels) & set(group_tags(spec, group)) == {"cost"}
    assert {tag.key for tag in plan_scaling(spec, group).tags if tag.propagate} >= {"cost"}
    assert {tag.key: tag.propagate for tag in plan_scaling(spec, group).tags}[option] is False


def test_the_edge_carries_its_taint() -> None:
    spec = sample_spec()
    assert autoscaler_tags(spec, spec.instance_groups[2]) == {
        **FOUND,
        f"{PREFIX}/node-template/label/slipway/instance-group": "edge",
        f"{PREFIX}/node-template/label/slipway/role": "Edge",
        f"{PREFIX}/node-template/taint/slipway/role": "Edge:NoSchedule",
    }


def test_the_control_plane_is_not_scaled() -> None:
    spec = sample_spec()
    assert autoscaler_tags(spec, spec.instance_groups[0]) == {}


@pytest.mark.parametrize("change", [{"desiredSize": 3}, {"retire": True}])
def test_a_group_that_is_counted_by_hand_is_not_offered(change: dict[str, Any]) -> None:
    assert tags(**change) == {}


@pytest.mark.parametrize(
    ("taints", "value"),
    [
        (["a=1:NoSchedule", "a=2:NoExecute"], "2:NoExecute"),
        (["a=2:NoExecute", "a=1:NoSchedule"], "2:NoExecute"),
        (["a=1:PreferNoSchedule", "a=2:NoSchedule"], "2:NoSchedule"),
        (["a=2:NoSchedule", "a=1:PreferNoSchedule"], "2:NoSchedule"),
        (["a:NoSchedule"], ":NoSchedule"),
    ],
)
def test_of_several_effects_the_strictest_is_told(taints: list[str], value: str) -> None:
    assert tags(taints=taints)[f"{PREFIX}/node-template/taint/a"] == value
