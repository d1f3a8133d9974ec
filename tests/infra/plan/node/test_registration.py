from __future__ import annotations

import pytest

from infra.plan.node.registration import node_labels, node_taints, registration_problems
from infra.spec import InstanceGroupSpec
from tests.infra.samples import sample_spec, with_group


def group(name: str = "nodes", **change: object) -> InstanceGroupSpec:
    spec = with_group(**change) if change else sample_spec()
    return next(each for each in spec.instance_groups if each.name == name)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("nodes", {"slipway/instance-group": "nodes", "slipway/role": "Node"}),
        ("edge", {"slipway/instance-group": "edge", "slipway/role": "Edge"}),
        (
            "control-plane-a",
            {
                "node.kubernetes.io/exclude-from-external-load-balancers": "",
                "slipway/instance-group": "control-plane-a",
                "slipway/role": "ControlPlane",
            },
        ),
    ],
)
def test_labels_of_each_role(name: str, labels: dict[str, str]) -> None:
    assert node_labels(group(name)) == labels


def test_labels_of_the_spec_are_added_in_a_fixed_order() -> None:
    labels = node_labels(group(nodeLabels={"zoo": "1", "example.com/pool": "batch"}))
    assert list(labels.items()) == [
        ("example.com/pool", "batch"),
        ("slipway/instance-group", "nodes"),
        ("slipway/role", "Node"),
        ("zoo", "1"),
    ]


@pytest.mark.parametrize("name", ["nodes", "edge", "control-plane-a"])
def test_no_label_is_one_that_a_kubelet_may_not_give_itself(name: str) -> None:
    # NodeRestriction, plugin/pkg/admission/noderestriction: of kubernetes.io and k8s.io only these two prefixes.
    for key in node_labels(group(name)):
        prefix = key.rpartition("/")[0]
        assert not prefix.endswith(("kubernetes.io", "k8s.io")) or prefix in (
            "node.kubernetes.io",
            "kubelet.kubernetes.io",
        )


def test_taints_of_each_role() -> None:
    assert [str(t) for t in node_taints(group("control-plane-a"))] == [
        "node-role.kubernetes.io/control-plane:NoSchedule"
    ]
    assert [str(t) for t in node_taints(group("edge"))] == ["slipway/role=Edge:NoSchedule"]
    assert node_taints(group("nodes")) == ()


def test_taints_of_the_spec_follow_the_roles_whatever_order_the_file_has_them_in() -> None:
    taints = ["b=1:NoSchedule", "a:NoExecute"]
    edge = group("edge").model_copy(update={"taints": tuple(taints)})
    assert [str(t) for t in node_taints(edge)] == ["slipway/role=Edge:NoSchedule", *reversed(taints)]


def test_a_node_never_has_two_taints_of_one_key_and_effect() -> None:
    key = "node-role.kubernetes.io/control-plane"
    member = group("control-plane-a").model_copy(update={"taints": (f"{key}=x:NoSchedule", f"{key}:NoExecute")})
    assert [str(t) for t in node_taints(member)] == [f"{key}:NoExecute", f"{key}=x:NoSchedule"]


def test_the_prefix_of_our_own_is_refused_in_labels_and_taints() -> None:
    at = ("instanceGroups", 1)
    problems = list(
        registration_problems(
            at, group(nodeLabels={"slipway/x": "1", "a": "b"}, taints=["a:NoSchedule", "slipway/y:NoExecute"])
        )
    )
    assert [str(problem) for problem in problems] == [
        "instanceGroups[1].nodeLabels['slipway/x']: 'slipway/x' begins with slipway/, which Slipway keeps for the "
        "labels it sets on every node. Fix: use a prefix of your own, as example.com/pool.",
        "instanceGroups[1].taints[1]: 'slipway/y:NoExecute' begins with slipway/, which Slipway keeps for the taints "
        "of roles. Fix: use a prefix of your own, as example.com/dedicated.",
    ]
    assert list(registration_problems(at, group())) == []
