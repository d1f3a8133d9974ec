from __future__ import annotations

import pytest

from infra.plan.images import (
    FoundImage,
    ImageById,
    ImageByName,
    ImageByParameter,
    ImageUse,
    check_images,
    image_lookup,
    image_reference,
    plan_images,
)
from infra.spec import SpecError
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec, with_group

ARM = {"architecture": "arm64", "machineType": "m7g.large"}


@pytest.mark.parametrize(
    ("reference", "lookup"),
    [
        ("ami-0123456789abcdef0", ImageById("ami-0123456789abcdef0")),
        (
            "ssm:/aws/service/debian/release/12/latest/amd64",
            ImageByParameter("/aws/service/debian/release/12/latest/amd64"),
        ),
        ("136693071363/debian-12-amd64-*", ImageByName("136693071363", "debian-12-amd64-*")),
        ("self/team/golden-*", ImageByName("self", "team/golden-*")),
        ("amazon/al2023-ami-*", ImageByName("amazon", "al2023-ami-*")),
    ],
)
def test_a_reference_says_how_it_is_looked_up(reference: str, lookup: object) -> None:
    assert image_lookup(reference) == lookup


@pytest.mark.parametrize(
    ("change", "reference"),
    [
        ({}, "136693071363/debian-12-amd64-*"),
        (ARM, "136693071363/debian-12-arm64-*"),
        ({"image": "ami-0123456789abcdef0"}, "ami-0123456789abcdef0"),
    ],
)
def test_debian_for_the_architecture_is_the_default(change: dict[str, object], reference: str) -> None:
    assert image_reference(with_group(**change).instance_groups[1]) == reference


def test_each_reference_is_looked_up_once_however_many_groups_use_it() -> None:
    spec = sample_spec(instanceGroups=[*ENVIRONMENT["instanceGroups"], group_mapping("arm", **ARM)])
    plan = plan_images(spec)
    assert plan.environment == "test"
    assert [(image.reference, [use.group for use in image.uses]) for image in plan.images] == [
        ("136693071363/debian-12-amd64-*", ["control-plane-a", "nodes", "edge"]),
        ("136693071363/debian-12-arm64-*", ["arm"]),
    ]
    assert plan.images[1].uses == (ImageUse(("instanceGroups", 3, "image"), "arm", "arm64"),)


def test_there_is_no_default_image_where_debian_publishes_none() -> None:
    zone = "cn-north-1a"
    groups = [
        {"name": "cp", "role": "ControlPlane", "zones": [zone]},
        group_mapping(image="ami-0123456789abcdef0"),
        group_mapping("other"),
    ]
    spec = sample_spec(region="cn-north-1", network={"zones": [zone]}, instanceGroups=groups)
    with pytest.raises(SpecError) as caught:
        plan_images(spec)
    assert [str(problem) for problem in caught.value.problems] == [
        f"instanceGroups[{index}].image: is missing: Debian's account publishes no images in the partition aws-cn. "
        "Fix: name an image, as ssm:/aws/service/... or an AMI ID."
        for index in (0, 2)
    ]


def test_images_are_handed_out_by_reference() -> None:
    spec = sample_spec(instanceGroups=[*ENVIRONMENT["instanceGroups"], group_mapping("arm", **ARM)])
    plan = plan_images(spec)
    intel, arm = FoundImage("ami-1", "/dev/xvda", "x86_64"), FoundImage("ami-2", "/dev/sda1", "arm64")
    assert check_images(plan, [intel, arm]) == {
        "136693071363/debian-12-amd64-*": intel,
        "136693071363/debian-12-arm64-*": arm,
    }


def test_an_image_of_another_architecture_is_refused_for_all_groups_at_once() -> None:
    image = "ami-0123456789abcdef0"
    groups = [
        ENVIRONMENT["instanceGroups"][0],
        group_mapping("one", image=image),
        group_mapping("arm", image=image, **ARM),
        group_mapping("two", image=image),
    ]
    plan = plan_images(sample_spec(instanceGroups=groups))
    found = [FoundImage("ami-debian", "/dev/xvda", "x86_64"), FoundImage(image, "/dev/xvda", "arm64")]
    with pytest.raises(SpecError) as caught:
        check_images(plan, found)
    assert [str(problem) for problem in caught.value.problems] == [
        f"instanceGroups[{index}].image: 'ami-0123456789abcdef0' is ami-0123456789abcdef0 with arm64 processors, and "
        f"group {name} is for amd64 (x86_64). Fix: name an image for amd64, or set architecture to what the image is "
        "for."
        for index, name in ((1, "one"), (3, "two"))
    ]
    assert str(caught.value).startswith("environment test: 2 problems")
