from __future__ import annotations

import base64
from typing import Any

import pytest

from infra.plan.launch_template import (
    DataVolumePlan,
    LaunchTemplatePlan,
    TagSpecification,
    VolumePlan,
    plan_launch_template,
)
from infra.plan.tags import group_tags
from infra.spec import EnvironmentSpec
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec, with_group

SPOT_ONLY = {"instances": ["m7i.large", "m7a.large"], "onDemandAboveBase": 0}
MIXED = {"machineType": None, "mixedInstancesPolicy": SPOT_ONLY}


def plan(**change: Any) -> LaunchTemplatePlan:
    return of(with_group(**change))


def of(spec: EnvironmentSpec) -> LaunchTemplatePlan:
    return plan_launch_template(spec, spec.instance_groups[1], "#cloud-config\n")


def test_the_plain_group() -> None:
    spec = with_group()
    tags = group_tags(spec, spec.instance_groups[1])
    assert of(spec) == LaunchTemplatePlan(
        name="nodes.test.example.com",
        image="136693071363/debian-12-amd64-*",
        instance_type="m7i.large",
        user_data=base64.b64encode(b"#cloud-config\n").decode(),
        root_volume=VolumePlan(64, "gp3", 3000, 125),
        data_volumes=(),
        associate_public_ip=False,
        additional_security_groups=(),
        detailed_monitoring=False,
        cpu_credits=None,
        tenancy=None,
        hibernation=False,
        hostname_type="resource-name",
        tag_specifications=(
            TagSpecification("instance", {**tags, "aws-node-termination-handler/managed": ""}),
            TagSpecification("volume", tags),
            TagSpecification("network-interface", tags),
        ),
        tags=tags,
    )


@pytest.mark.parametrize(
    ("change", "instance_type"),
    [
        ({"machineType": None}, "t3.medium"),
        ({"machineType": None, "architecture": "arm64"}, "t4g.medium"),
        (MIXED, None),
    ],
)
def test_the_machine_type(change: dict[str, Any], instance_type: str | None) -> None:
    assert plan(**change).instance_type == instance_type


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ({"type": "gp3", "sizeGi": 20}, VolumePlan(20, "gp3", 3000, 125)),
        ({"type": "gp3", "iops": 6000, "throughput": 500}, VolumePlan(64, "gp3", 6000, 500)),
        ({"type": "gp2"}, VolumePlan(64, "gp2", None, None)),
        ({"type": "io2", "iops": 1000}, VolumePlan(64, "io2", 1000, None)),
    ],
)
def test_the_root_volume(volume: dict[str, Any], expected: VolumePlan) -> None:
    assert plan(rootVolume=volume).root_volume == expected


def test_data_volumes_keep_their_order_and_devices() -> None:
    volumes = [
        {"device": "/dev/sdg", "mountPath": "/srv/b", "sizeGi": 500, "type": "st1"},
        {"device": "/dev/sdf", "mountPath": "/srv/a", "sizeGi": 10},
    ]
    assert plan(volumes=volumes).data_volumes == (
        DataVolumePlan("/dev/sdg", VolumePlan(500, "st1", None, None)),
        DataVolumePlan("/dev/sdf", VolumePlan(10, "gp3", 3000, 125)),
    )


@pytest.mark.parametrize(
    ("nat", "subnets", "public"),
    [
        ("perZone", None, False),
        ("perZone", "private", False),
        ("perZone", "public", True),
        ("none", None, True),
        ("none", "public", True),
    ],
)
def test_machines_have_public_addresses_in_public_subnets_only(nat: str, subnets: str | None, public: bool) -> None:
    group = group_mapping() if subnets is None else group_mapping(subnets=subnets)
    groups = [ENVIRONMENT["instanceGroups"][0], group]
    assert of(sample_spec(network={"nat": nat}, instanceGroups=groups)).associate_public_ip is public


@pytest.mark.parametrize(("above", "base", "tagged"), [(0, 0, True), (0, 1, False), (50, 0, False), (100, 0, False)])
def test_spot_requests_are_tagged_where_every_machine_is_spot(above: int, base: int, tagged: bool) -> None:
    policy = {"instances": ["m7i.large"], "onDemandAboveBase": above, "onDemandBase": base}
    planned = plan(machineType=None, mixedInstancesPolicy=policy)
    types = [each.resource_type for each in planned.tag_specifications]
    assert types == ["instance", "volume", "network-interface", *(["spot-instances-request"] if tagged else [])]


@pytest.mark.parametrize(
    ("change", "hibernation"),
    [
        ({"warmPool": {"state": "Hibernated"}}, True),
        ({"warmPool": {"state": "Stopped"}}, False),
        ({"warmPool": {"state": "Hibernated"}, "retire": True}, False),
    ],
)
def test_machines_can_hibernate_only_for_a_warm_pool(change: dict[str, Any], hibernation: bool) -> None:
    assert plan(**change).hibernation is hibernation


def test_options_are_passed_on() -> None:
    planned = plan(
        machineType="t3.large",
        cpuCredits="unlimited",
        tenancy="dedicated",
        detailedInstanceMonitoring=True,
        additionalSecurityGroups=["sg-0123456789abcdef0"],
        image="ami-0123456789abcdef0",
        cloudLabels={"cost": "42"},
    )
    assert planned.cpu_credits == "unlimited"
    assert planned.tenancy == "dedicated"
    assert planned.detailed_monitoring is True
    assert planned.additional_security_groups == ("sg-0123456789abcdef0",)
    assert planned.image == "ami-0123456789abcdef0"
    assert all(each.tags["cost"] == "42" for each in planned.tag_specifications)
