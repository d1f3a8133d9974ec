"""What an account answers to the program, of an environment that was never made."""

from __future__ import annotations

import pytest

from infra.testing.account import OUTPUTS, PUBLIC_KEY, answers
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec


def image_filters(name: str, value: str, owner: str = "self") -> dict[str, object]:
    return {
        "owners": [owner],
        "filters": [{"name": "state", "values": ["available"]}, {"name": name, "values": [value]}],
    }


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        ("ami-0123456789abcdef0", image_filters("image-id", "ami-0123456789abcdef0")),
        ("099720109477/ubuntu-*", image_filters("name", "ubuntu-*", "099720109477")),
    ],
)
def test_each_image_is_found_and_of_the_architecture_of_its_group(image: str, asked: dict[str, object]) -> None:
    arm = group_mapping("nodes", image=image, machineType="m7g.large", architecture="arm64")
    spec = sample_spec(instanceGroups=[ENVIRONMENT["instanceGroups"][0], arm])
    found = answers(spec)["aws:ec2/getAmi:getAmi"](asked)
    assert found["architecture"] == "arm64"
    assert found["id"] == found["imageId"]
    assert found["id"].startswith("ami-")
    assert found["rootDeviceName"] == "/dev/xvda"
    if image.startswith("ami-"):
        assert found["id"] == image


def test_a_parameter_leads_to_an_image_of_its_own_that_is_found() -> None:
    parameters = ["/aws/service/debian/arm", "/aws/service/debian/amd"]
    arm, amd = (f"ssm:{each}" for each in parameters)
    groups = [
        ENVIRONMENT["instanceGroups"][0],
        group_mapping("arm", image=arm, machineType="m7g.large", architecture="arm64"),
        group_mapping("amd", image=amd),
    ]
    told = answers(sample_spec(instanceGroups=groups))
    ids = [told["aws:ssm/getParameter:getParameter"]({"name": each})["value"] for each in parameters]
    images = [told["aws:ec2/getAmi:getAmi"](image_filters("image-id", each)) for each in ids]
    assert [each["id"] for each in images] == ids
    assert [each["architecture"] for each in images] == ["arm64", "x86_64"]


def test_the_state_bucket_holds_what_it_is_said_to() -> None:
    told = answers(sample_spec(), {"c/running/a.json": "{}", "other": "x"})
    listed, read = told["aws:s3/getObjects:getObjects"], told["aws:s3/getObject:getObject"]
    assert listed({"prefix": "c/", "bucket": "b"}) == {"prefix": "c/", "bucket": "b", "keys": ["c/running/a.json"]}
    assert read({"key": "other", "bucket": "b"}) == {"key": "other", "bucket": "b", "body": "x"}
    assert answers(sample_spec())["aws:s3/getObjects:getObjects"]({"prefix": ""})["keys"] == []
    assert told["aws:kms/getAlias:getAlias"]({"name": "alias/a"})["targetKeyId"].count("-") == 4


def test_a_key_pair_s_public_half_is_one_that_can_be_read() -> None:
    assert PUBLIC_KEY.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert OUTPUTS["tls:index/privateKey:PrivateKey"]["publicKeyPem"] == PUBLIC_KEY
