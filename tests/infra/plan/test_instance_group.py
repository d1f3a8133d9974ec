from __future__ import annotations

import base64
import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.plan.images import plan_images
from infra.plan.instance_group import InstanceGroupPlan, plan_instance_group, plan_instance_groups
from infra.plan.node.user_data import render_user_data
from infra.spec import EnvironmentSpec, InstanceGroupSpec, Problem, SpecError
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec, with_group

ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]


def plan(**change: Any) -> InstanceGroupPlan:
    spec = with_group(**change)
    return plan_instance_group(spec, spec.instance_groups[1], user_data="#cloud-config\n")


def changed(before: InstanceGroupPlan, after: InstanceGroupPlan) -> set[str]:
    """Return the parts of the plan that differ, each of which is one resource (iam: three)."""
    fields = (field.name for field in dataclasses.fields(InstanceGroupPlan))
    return {name for name in fields if getattr(before, name) != getattr(after, name)}


def test_user_data_is_rendered_from_the_spec_unless_given() -> None:
    spec = with_group()
    group = spec.instance_groups[1]
    assert plan_instance_group(spec, group).launch_template.user_data == (
        base64.b64encode(render_user_data(spec, group).encode()).decode()
    )
    assert base64.b64decode(plan().launch_template.user_data) == b"#cloud-config\n"


@pytest.mark.parametrize(
    "change",
    [
        {"machineType": "m7i.xlarge"},
        {"image": "ami-0123456789abcdef0"},
        {"rootVolume": {"sizeGi": 100}},
        {"volumes": [{"device": "/dev/sdf", "mountPath": "/srv/data", "sizeGi": 10}]},
        {"additionalSecurityGroups": ["sg-0123456789abcdef0"]},
        {"detailedInstanceMonitoring": True},
        {"tenancy": "dedicated"},
        {"machineType": "m7g.large", "architecture": "arm64"},
    ],
)
def test_a_change_of_machines_is_one_of_the_launch_template_alone(change: dict[str, Any]) -> None:
    assert changed(plan(), plan(**change)) == {"launch_template"}


@pytest.mark.parametrize(
    "change",
    [
        {"maxSize": 7},
        {"minSize": 3},
        {"zones": ZONES[:2]},
        {"maxInstanceLifetime": "7d"},
        {"suspendProcesses": ["AZRebalance"]},
        {"instanceProtection": True},
        {"warmPool": {"minSize": 1}},
        {"desiredSize": 3},
        {"targetGroups": ["arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/w/0123456789abcdef"]},
    ],
)
def test_a_change_of_scaling_is_one_of_the_auto_scaling_group_alone(change: dict[str, Any]) -> None:
    assert changed(plan(), plan(**change)) == {"scaling"}


def test_types_of_a_mixed_group_are_the_auto_scaling_groups() -> None:
    def of(*types: str) -> InstanceGroupPlan:
        return plan(machineType=None, mixedInstancesPolicy={"instances": list(types)})

    assert changed(of("m7i.large"), of("m7i.large", "m7a.large")) == {"scaling"}


def test_the_drain_is_the_hooks_alone() -> None:
    assert changed(plan(), plan(drainTimeout="10m")) == {"hook"}


def test_labels_and_tags_show_on_template_and_group() -> None:
    assert changed(plan(), plan(taints=["a=b:NoSchedule"])) == {"scaling"}  # and its user-data, which is given here
    assert changed(plan(), plan(cloudLabels={"cost": "42"})) == {"launch_template", "scaling", "iam"}


def test_a_group_is_protected_until_it_is_retired() -> None:
    assert plan().protect is True
    retired = plan(retire=True)
    assert retired.protect is False
    assert changed(plan(), retired) == {"scaling", "protect"}


def test_a_rename_changes_labels_and_tags_and_no_name() -> None:
    before = plan()
    spec = sample_spec(instanceGroups=[ENVIRONMENT["instanceGroups"][0], group_mapping("workers", renamedFrom="nodes")])
    after = plan_instance_group(spec, spec.instance_groups[1], user_data="#cloud-config\n")
    assert (after.identity, after.name) == ("nodes", "workers")
    assert changed(before, after) == {"name", "iam", "launch_template", "scaling"}
    for part in ("iam", "launch_template", "scaling"):
        old, new = getattr(before, part), getattr(after, part)
        differing = {f.name for f in dataclasses.fields(old) if getattr(old, f.name) != getattr(new, f.name)}
        assert differing == {"tags"} | ({"tag_specifications"} if part == "launch_template" else set())
    old_tags = {tag.key: tag for tag in before.scaling.tags}
    new_tags = {tag.key: tag for tag in after.scaling.tags}
    assert old_tags.keys() == new_tags.keys()
    assert {key: new_tags[key].value for key in old_tags if old_tags[key] != new_tags[key]} == {
        "slipway/instance-group": "workers",
        "k8s.io/cluster-autoscaler/node-template/label/slipway/instance-group": "workers",
    }


def test_too_many_tags_are_refused_before_aws_does() -> None:
    # 8 of its machines, 4 of the autoscaler's: 38 are left of 50.
    fitting = {f"label-{number}": "x" for number in range(38)}
    assert len(plan(nodeLabels=fitting).scaling.tags) == 50
    with pytest.raises(SpecError) as caught:
        plan(nodeLabels={**fitting, "one": "more"})
    assert [str(problem) for problem in caught.value.problems] == [
        "instanceGroups[1]: 'nodes' has 51 tags on its Auto Scaling group, and AWS allows 50: those of the environment "
        "and of cloudLabels, one for each node label and tainted key, and Slipway's own. Fix: remove 1 or more labels, "
        "taints or tags."
    ]


@pytest.mark.parametrize(
    ("field", "write", "room"),
    [
        ("nodeLabels", lambda key: {key: "x"}, 82),
        ("taints", lambda key: [f"{key}=x:NoSchedule"], 82),
    ],
)
def test_keys_too_long_for_a_tag_are_refused(field: str, write: Any, room: int) -> None:
    prefix = "d" * 30 + "." + "e" * 30 + "/"
    longest = prefix + "k" * (room - len(prefix))
    assert plan(**{field: write(longest)}).name == "nodes"
    with pytest.raises(SpecError) as caught:
        plan(**{field: write(longest + "k")})
    (problem,) = caught.value.problems
    assert problem.location == ("instanceGroups", 1, field)
    assert problem.value == repr(longest + "k")
    assert problem.fix == f"use a key of at most {room} characters"
    assert plan(**{field: write(longest + "k")}, desiredSize=2).name == "nodes"


def test_problems_of_all_groups_are_reported_together() -> None:
    def refuse(spec: EnvironmentSpec, group: InstanceGroupSpec) -> str:
        if group.role == "ControlPlane":
            return "fine"
        raise SpecError("one", [Problem((group.name,), "is bad", "make it good")])

    with pytest.raises(SpecError) as caught:
        plan_instance_groups(sample_spec(), refuse)
    assert [problem.location for problem in caught.value.problems] == [("nodes",), ("edge",)]
    assert caught.value.source == "environment test"


def test_groups_are_planned_in_the_order_of_the_spec() -> None:
    assert [(plan.identity, plan.role) for plan in plan_instance_groups(sample_spec())] == [
        ("control-plane-a", "ControlPlane"),
        ("nodes", "Node"),
        ("edge", "Edge"),
    ]


AMD, ARM = ("m7i.large", "m7a.xlarge", "c7i.large"), ("m7g.large", "c8g.xlarge", "r8g.large")
label_text = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@st.composite
def volumes(draw: st.DrawFn) -> list[dict[str, Any]]:
    letters = draw(st.lists(st.sampled_from("fghijklmnop"), unique=True, max_size=4))
    types = [{"type": "gp3", "iops": 4000}, {"type": "gp3"}, {"type": "st1"}, {"type": "io2", "iops": 500}]
    return [
        {
            "device": f"/dev/sd{letter}",
            "mountPath": f"/srv/{letter}",
            "sizeGi": draw(st.integers(125, 1000)),
            **draw(st.sampled_from(types)),
        }
        for letter in letters
    ]


@st.composite
def capacity(draw: st.DrawFn, types: tuple[str, ...]) -> dict[str, Any]:
    share = {"onDemandBase": draw(st.integers(0, 3)), "onDemandAboveBase": draw(st.integers(0, 100))}
    chosen = draw(st.lists(st.sampled_from(types), unique=True, min_size=1))
    needs = {"cpu": {"min": draw(st.integers(1, 4))}, "memoryMi": {"min": 2048, "max": 8192}}
    return draw(
        st.sampled_from(
            [
                {"machineType": chosen[0]},
                {"machineType": None},
                {"machineType": chosen[0], "warmPool": {"state": draw(st.sampled_from(["Stopped", "Hibernated"]))}},
                {"machineType": None, "mixedInstancesPolicy": {"instances": chosen, **share}},
                {"machineType": None, "mixedInstancesPolicy": {"instanceRequirements": needs, **share}},
            ]
        )
    )


@st.composite
def groups(draw: st.DrawFn) -> dict[str, Any]:
    arm = draw(st.booleans())
    least = draw(st.integers(0, 5))
    change = {
        "architecture": "arm64" if arm else "amd64",
        "role": draw(st.sampled_from(["Node", "Edge"])),
        "minSize": least,
        "maxSize": least + draw(st.integers(0, 5)),
        "zones": draw(st.lists(st.sampled_from(ZONES), unique=True)),
        "subnets": draw(st.sampled_from(["private", "public"])),
        "retire": draw(st.booleans()),
        "nodeLabels": {f"example.com/{key}": key for key in draw(st.lists(label_text, max_size=5))},
        "taints": [f"{key}:NoExecute" for key in draw(st.lists(label_text, max_size=5, unique=True))],
        "volumes": draw(volumes()),
        **draw(capacity(ARM if arm else AMD)),
    }
    if draw(st.booleans()):
        change["renamedFrom"] = draw(label_text)
    name = draw(st.from_regex(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True))
    return {key: value for key, value in group_mapping(name, **change).items() if value is not None}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(groups())
def test_every_valid_group_can_be_planned_within_awss_limits(group: dict[str, Any]) -> None:
    control_plane = {"name": "cp-0", "role": "ControlPlane", "zones": ZONES[:1]}
    others = {group["name"], group.get("renamedFrom")}
    if "cp-0" in others or group["name"] == group.get("renamedFrom"):
        return
    spec = sample_spec(instanceGroups=[control_plane, group], monitoring={"enabled": False})
    planned = plan_instance_groups(spec)[1]
    assert len(planned.iam.name) <= 64
    assert 3 <= len(planned.launch_template.name) <= 128
    assert len(planned.scaling.name) <= 255
    assert len(planned.hook.name) <= 255
    assert len(base64.b64decode(planned.launch_template.user_data)) <= 16_384
    assert len(planned.scaling.tags) <= 50
    assert all(len(tag.key) <= 128 and len(tag.value) <= 256 for tag in planned.scaling.tags)
    assert planned.scaling.min_size <= planned.scaling.max_size
    assert (planned.launch_template.instance_type is None) == (planned.scaling.mixed is not None)
    assert planned.launch_template.image in {image.reference for image in plan_images(spec).images}
    assert planned.protect is not group["retire"]
    assert planned == plan_instance_groups(spec)[1]
