"""A workload that no machine of the environment takes is refused before its pods wait for one."""

from __future__ import annotations

from typing import Any

import pytest

from infra.plan.node.registration import GROUP_LABEL, ROLE_LABEL
from infra.plan.workloads.workload import plan_workloads
from infra.spec import SpecError
from infra.spec.workloads.node_rules import OWN_LABELS
from tests.infra.samples import ENVIRONMENT, group_mapping
from tests.infra.workload_samples import IMAGE, environment

MEMBERS = [group for group in ENVIRONMENT["instanceGroups"] if group["role"] == "ControlPlane"]
SMALL = group_mapping("nodes")
BIG = group_mapping("big", machineType="r7i.4xlarge", taints=["example.com/pool=big:NoSchedule"])
ZONE_A, ZONE_B = "eu-central-1a", "eu-central-1b"
ARM = group_mapping("arm", machineType="m7g.large", zones=[ZONE_B])
AGENT = {"type": "agent", "image": IMAGE, "folder": "/var/log/app", "files": ["a.log"], "sendTo": "web"}


def told(*groups: dict[str, Any], overrides: dict[str, Any] | None = None, **change: Any) -> list[str]:
    web = {"image": IMAGE, "ports": [{"name": "http", "port": 8080}], "from": ["web"], "to": ["web"], **change}
    uses = [{"name": "web", "namespace": "web", "overrides": overrides or {}}]
    spec = environment({"web": web}, uses=uses, groups=[*MEMBERS, *(groups or (SMALL,))])
    try:
        plan_workloads(spec)
    except SpecError as error:
        return [str(problem) for problem in error.problems]
    return []


TOLERATES = {"tolerations": ["example.com/pool=big:NoSchedule"]}


@pytest.mark.parametrize(
    ("groups", "change"),
    [
        ([], {"resources": {"memory": "6249Mi", "cpu": "1930m"}}),
        ([SMALL, BIG], {"resources": {"memory": "64Gi"}, **TOLERATES}),
        ([{**SMALL, "machineType": "x2gd.large"}], {"resources": {"memory": "900Gi"}}),
        ([{**SMALL, "volumes": [{"device": "/dev/sdf", "mountPath": "/var/lib", "sizeGi": 500}]}],
         {"resources": {"ephemeralStorage": "400Gi"}}),
        ([], {"nodeSelector": {"slipway/instance-group": "nodes", "slipway/role": "Node"}}),
        ([], {"nodeSelector": {"topology.kubernetes.io/zone": "eu-central-1a"}}),
        ([SMALL, ARM], {"nodeSelector": {"kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux"}}),
        ([SMALL, ARM], {"nodeSelector": {"kubernetes.io/arch": "arm64", "topology.kubernetes.io/zone": ZONE_B}}),
        ([], {"nodeSelector": {"node.kubernetes.io/instance-type": "m7i.large"}}),
        ([], {"tolerations": ["node-role.kubernetes.io/control-plane:NoSchedule", "nvidia.com/gpu:NoSchedule"]}),
        ([SMALL, BIG], {"tolerations": ["example.com/pool:NoSchedule"], "nodeSelector": {GROUP_LABEL: "big"}}),
    ],
)  # fmt: skip
def test_what_a_machine_takes_is_accepted(groups: list[dict[str, Any]], change: dict[str, Any]) -> None:
    assert told(*groups, **change) == []


LARGER = "is more than any machine has that it may run on: a pod asks for"
LESS = "Fix: write less, or add an instance group of larger machines."


@pytest.mark.parametrize(
    ("groups", "change", "line"),
    [
        ([], {"resources": {"memory": "6250Mi"}},
         f"resources.memory: '6250Mi' {LARGER} 6250Mi in all, and m7i.large leaves pods 6249Mi at most. {LESS}"),
        ([], {"resources": {"memory": "6200Mi"}, "sidecars": [AGENT]},
         f"resources.memory: '6200Mi' {LARGER} 6264Mi in all, and m7i.large leaves pods 6249Mi at most. {LESS}"),
        ([], {"resources": {"cpu": "2"}},
         f"resources.cpu: '2' {LARGER} 2000m in all, and m7i.large leaves pods 1930m at most. {LESS}"),
        ([], {"resources": {"ephemeralStorage": "60Gi"}},
         f"resources.ephemeralStorage: '60Gi' {LARGER} 61440Mi in all, and m7i.large leaves pods 58982Mi at most. "
         f"{LESS}"),
        # Machines whose taint it does not tolerate, and those of a group that is to go, are none for it.
        ([SMALL, BIG], {"resources": {"memory": "64Gi"}},
         f"resources.memory: '64Gi' {LARGER} 65536Mi in all, and m7i.large leaves pods 6249Mi at most. {LESS}"),
        ([SMALL, {**BIG, "retire": True}], {"resources": {"memory": "64Gi"}},
         f"resources.memory: '64Gi' {LARGER} 65536Mi in all, and m7i.large leaves pods 6249Mi at most. {LESS}"),
        ([SMALL, BIG], {"nodeSelector": {"slipway/instance-group": "big"}},
         "nodeSelector: leads to big alone, whose taints keep it out. Fix: add example.com/pool=big:NoSchedule to "
         "tolerations, or let it run elsewhere."),
        ([SMALL, {**ARM, "taints": ["example.com/spot=true:NoSchedule"]}],
         {"nodeSelector": {"kubernetes.io/arch": "arm64"}},
         "nodeSelector: leads to arm alone, whose taints keep it out. Fix: add example.com/spot=true:NoSchedule to "
         "tolerations, or let it run elsewhere."),
        ([SMALL, {**ARM, "role": "Edge"}], {"nodeSelector": {"kubernetes.io/arch": "arm64"}},
         "nodeSelector: leads to arm alone, whose taints keep it out. Fix: add a group of role Node with such "
         "machines, or let it run elsewhere."),
        ([SMALL, ARM], {"nodeSelector": {"kubernetes.io/arch": "arm64", "topology.kubernetes.io/zone": ZONE_A}},
         f"nodeSelector: asks for kubernetes.io/arch=arm64 and topology.kubernetes.io/zone={ZONE_A}, and no instance "
         "group that may have machines has all of them. Fix: write the labels of one group, or give them to a group."),
        ([SMALL, {**ARM, "minSize": 0, "maxSize": 0}], {"nodeSelector": {"kubernetes.io/arch": "arm64"}},
         "nodeSelector: asks for kubernetes.io/arch=arm64, and no instance group that may have machines has it. Fix: "
         "write the labels of one group, or give them to a group."),
        ([], {"tolerations": ["dedicated=edge:NoSchedule"]},
         "tolerations[0]: 'dedicated=edge:NoSchedule' is a taint of no instance group. Fix: write one of "
         "node-role.kubernetes.io/control-plane:NoSchedule, or give a group the taint."),
        ([SMALL, BIG], {"tolerations": ["example.com/pool=large:NoSchedule"]},
         "tolerations[0]: 'example.com/pool=large:NoSchedule' is a taint of no instance group. Fix: write one of "
         "node-role.kubernetes.io/control-plane:NoSchedule, example.com/pool=big:NoSchedule, or give a group the "
         "taint."),
    ],
)  # fmt: skip
def test_what_none_takes_is_refused(groups: list[dict[str, Any]], change: dict[str, Any], line: str) -> None:
    assert told(*groups, **change) == [f"apps/web.yaml: {line}"]


def test_it_is_said_where_it_was_written() -> None:
    (line,) = told(overrides={"resources": {"cpu": "64"}})
    assert line.startswith("workloads[0].overrides.resources.cpu: '64' ")


def test_a_label_of_slipways_own_is_that_of_a_group() -> None:
    with pytest.raises(SpecError, match=r"nodeSelector\['slipway/role'\]: 'Worker' is no role of an instance group"):
        told(nodeSelector={ROLE_LABEL: "Worker"})
    assert set(OWN_LABELS) == {GROUP_LABEL, ROLE_LABEL}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (
            "kubernetes.io/arch",
            "arm64",
            "is what no instance group's processors are called. Fix: write amd64, or add a group of such machines.",
        ),
        (
            "kubernetes.io/arch",
            "x86_64",
            "is what no instance group's processors are called. Fix: write amd64, or add a group of such machines.",
        ),
        (
            "topology.kubernetes.io/zone",
            "eu-central-1d",
            "is no zone that an instance group stands in. Fix: write eu-central-1a or eu-central-1b or eu-central-1c, "
            "or add a group of such machines.",
        ),
        ("kubernetes.io/os", "windows", "is no system that machines run. Fix: write linux, or add a group of such"),
    ],
)
def test_a_label_that_kubernetes_sets_is_what_a_group_decides(key: str, value: str, words: str) -> None:
    """Pods waited for such a machine for ever, and nothing said so before."""
    with pytest.raises(SpecError) as caught:
        told(nodeSelector={key: value})
    (line,) = map(str, caught.value.problems)
    assert line.startswith(f"apps/web.yaml: nodeSelector['{key}']: '{value}' {words}")
