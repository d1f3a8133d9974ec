from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from infra.components.images import _words, resolve_images
from infra.plan.images import FoundImage, plan_images
from infra.spec import EnvironmentSpec, SpecError
from infra.testing.recorder import CallFailed, Recorder, record
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec, with_group

GET_AMI = "aws:ec2/getAmi:getAmi"
GET_PARAMETER = "aws:ssm/getParameter:getParameter"
BY_NAME = {
    "owners": ["136693071363"],
    "filters": [
        {"name": "name", "values": ["debian-12-amd64-*"]},
        {"name": "state", "values": ["available"]},
    ],
    "mostRecent": True,
}


def by_id(image_id: str) -> dict[str, Any]:
    return {"filters": [{"name": "image-id", "values": [image_id]}], "includeDeprecated": True}


def get_ami(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = arguments["filters"][0]["values"][0]
    if "0ff" in wanted:
        raise CallFailed("Your query returned no results.\nPlease change your search criteria and try again.")
    arm = "arm64" in wanted or wanted == "ami-00000000000000a64"
    return {
        "id": wanted if wanted.startswith("ami-") else "ami-newest",
        "architecture": "arm64" if arm else "x86_64",
        "rootDeviceName": "/dev/sda1" if arm else "/dev/xvda",
    }


def resolve(spec: EnvironmentSpec, *, preview: bool = False) -> tuple[Recorder, dict[str, FoundImage]]:
    found: dict[str, FoundImage] = {}

    def program() -> None:
        found.update(resolve_images(plan_images(spec)))

    recorder = Recorder(calls={GET_AMI: get_ami, GET_PARAMETER: lambda _: {"value": "ami-0123456789abcdef0"}})
    return record(program, recorder, preview=preview), found


def test_debian_is_found_by_owner_and_name_once_for_all_groups() -> None:
    recorder, found = resolve(sample_spec())
    assert recorder.invoked == [(GET_AMI, BY_NAME)]
    assert found == {"136693071363/debian-12-amd64-*": FoundImage("ami-newest", "/dev/xvda", "x86_64")}


def test_images_are_found_in_previews_too() -> None:
    recorder, found = resolve(sample_spec(), preview=True)
    assert recorder.invoked == [(GET_AMI, BY_NAME)]
    assert found["136693071363/debian-12-amd64-*"].image_id == "ami-newest"


def test_an_image_named_by_id_is_found_even_when_deprecated() -> None:
    recorder, found = resolve(with_group(image="ami-0fedcba9876543210"))
    assert (GET_AMI, by_id("ami-0fedcba9876543210")) in recorder.invoked
    assert found["ami-0fedcba9876543210"] == FoundImage("ami-0fedcba9876543210", "/dev/xvda", "x86_64")


def test_a_parameter_leads_to_an_id() -> None:
    reference = "ssm:/aws/service/debian/release/12/latest/amd64"
    recorder, found = resolve(with_group(image=reference))
    assert (GET_PARAMETER, {"name": "/aws/service/debian/release/12/latest/amd64"}) in recorder.invoked
    assert (GET_AMI, by_id("ami-0123456789abcdef0")) in recorder.invoked
    assert found[reference].image_id == "ami-0123456789abcdef0"


def test_each_architecture_has_its_default() -> None:
    arm = group_mapping("arm", architecture="arm64", machineType="m7g.large")
    _, found = resolve(sample_spec(instanceGroups=[*ENVIRONMENT["instanceGroups"], arm]))
    assert {reference: image.architecture for reference, image in found.items()} == {
        "136693071363/debian-12-amd64-*": "x86_64",
        "136693071363/debian-12-arm64-*": "arm64",
    }


def test_an_image_of_another_architecture_stops_the_program() -> None:
    with pytest.raises(SpecError, match=r"(?s)instanceGroups\[1\]\.image.* with arm64 processors, and group nodes"):
        resolve(with_group(image="ami-00000000000000a64"))


def test_every_image_that_is_not_there_is_named_with_its_place_and_the_way_to_look_for_it() -> None:
    groups = [
        group_mapping(name, image=image)
        for name, image in (
            ("by-id", "ami-0ff0ff0ff0ff0ff0f"),
            ("by-name", "123456789012/0ff-*"),
            ("there", "ami-0123456789abcdef0"),
        )
    ]
    with pytest.raises(SpecError) as caught:
        resolve(sample_spec(instanceGroups=[*ENVIRONMENT["instanceGroups"], *groups]))
    first = len(ENVIRONMENT["instanceGroups"])
    said = str(caught.value)
    for part in (
        f"instanceGroups[{first}].image",
        "'ami-0ff0ff0ff0ff0ff0f'",
        "led to no image for group by-id: ",
        "Your query returned no results. Please change your search criteria",
        "`aws ec2 describe-images --image-ids ami-0ff0ff0ff0ff0ff0f` shows it",
        f"instanceGroups[{first + 1}].image",
        "led to no image for group by-name: ",
        "--owners 123456789012 --filters 'Name=name,Values=0ff-*'` lists those that do",
    ):
        assert part in said
    assert "there" not in said
    assert f"instanceGroups[{first + 2}]" not in said


def test_what_the_provider_said_becomes_a_part_of_a_sentence() -> None:
    said = (
        "invoke of aws:ec2/getAmi:getAmi failed: invocation returned an error: invoking Your query\n\treturned nothing."
    )
    assert _words(Exception(said)) == "Your query returned nothing"
