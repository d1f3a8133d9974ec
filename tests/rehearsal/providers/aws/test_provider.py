from __future__ import annotations

import json

import pytest

from rehearsal.providers.aws.provider import ConfigurationError, Provider, UnsupportedError, parse
from rehearsal.providers.aws.service import Service
from rehearsal.providers.aws.session import Aws, UnreachableError
from rehearsal.providers.base.protos import provider_pb2
from rehearsal.providers.base.values import UNKNOWN, Secret


def test_settings_come_as_text_and_may_be_secret() -> None:
    found = parse(
        {
            "region": "eu-north-1",
            "accessKey": Secret("key"),
            "secretKey": Secret("hush"),
            "endpoints": json.dumps([{"s3": "http://a", "ec2": "http://b"}]),
            "allowedAccountIds": json.dumps(["1", "2"]),
            "s3UsePathStyle": "true",
        },
        {},
    )
    assert found.settings.region == "eu-north-1"
    assert (found.settings.access_key, found.settings.secret_key) == ("key", "hush")
    assert found.settings.endpoints == {"s3": "http://a", "ec2": "http://b"}
    assert found.allowed == {"1", "2"}
    assert not found.forbidden


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_may_come_from_the_environment(variable: str) -> None:
    assert parse({}, {variable: "eu-west-3"}).settings.region == "eu-west-3"


def test_all_that_is_wrong_with_the_settings_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse({"regoin": "eu-west-1", "ignoreTags": "{}"}, {})
    assert str(raised.value).splitlines() == [
        "ignoreTags: not known to the stand-in for the aws plugin",
        "regoin: not known to the stand-in for the aws plugin; near: region",
        "region: is missing; set aws:region or AWS_REGION",
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"allowedAccountIds": '["999999999999"]'}, "account 123456789012 .* not one of the allowed .* 999999999999"),
        ({"forbiddenAccountIds": '["123456789012"]'}, "account 123456789012 .* forbidden"),
        ({"defaultTags": '{"tags": {"a": "b"}}'}, "defaultTags: not supported"),
    ],
)
def test_credentials_of_another_account_are_refused(aws: Aws, settings: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Provider().configure({"region": aws.region, **settings})


def test_an_unknown_type_is_named_with_the_nearest(aws: Aws) -> None:
    provider = Provider()
    provider.configure({"region": aws.region, "allowedAccountIds": '["123456789012"]'})
    with pytest.raises(
        UnsupportedError, match=r"resource type aws:s3/bucket:Buckets \(near it: aws:s3/bucket:Bucket\)"
    ):
        provider.lifecycle("aws:s3/bucket:Buckets")
    with pytest.raises(UnsupportedError, match="function aws:s3/getNothing:getNothing"):
        provider.invoke("aws:s3/getNothing:getNothing", {})


def test_use_before_configuration_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="before it was configured"):
        Provider().lifecycle("aws:s3/bucket:Bucket")


def test_functions(aws: Aws) -> None:
    provider = Provider()
    provider.configure({"region": aws.region})
    identity = provider.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})
    assert identity["accountId"] == "123456789012"
    zones = provider.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {"state": "available"})
    assert zones["names"] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    region = provider.invoke("aws:index/getRegion:getRegion", {})
    assert (region["region"], region["endpoint"]) == ("eu-west-1", "ec2.eu-west-1.amazonaws.com")
    partition = provider.invoke("aws:index/getPartition:getPartition", {})
    assert (partition["partition"], partition["reverseDnsPrefix"]) == ("aws", "com.amazonaws")


def test_a_function_of_an_unknown_argument_is_unknown(aws: Aws) -> None:
    provider = Provider()
    provider.configure({"region": aws.region})
    assert provider.invoke("aws:kms/getKey:getKey", {"keyId": UNKNOWN}) == {"id": UNKNOWN}


def test_what_to_do_about_a_dead_endpoint_is_said_once() -> None:
    service = Service(None)
    dead = UnreachableError("the AWS endpoint http://a does not answer. Start it again", "http://a")
    said = [
        service.message(provider_pb2.CreateRequest(urn=f"urn:pulumi:s::p::aws:ec2/vpc:Vpc::{name}"), dead)
        for name in ("one", "two")
    ]
    assert said == [
        "aws:ec2/vpc:Vpc one: the AWS endpoint http://a does not answer. Start it again",
        "aws:ec2/vpc:Vpc two: the AWS endpoint http://a does not answer either, see above",
    ]
    other = UnreachableError("the AWS endpoint http://b does not answer. Start it again", "http://b")
    assert service.message(provider_pb2.InvokeRequest(), other) == str(other)


def test_objects_are_listed_and_those_of_text_are_read(aws: Aws) -> None:
    provider = Provider()
    provider.configure({"region": aws.region})
    aws.call("s3", "create_bucket", Bucket="readable", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for key, kind in (("c/config", "text/yaml"), ("c/config.bin", "application/octet-stream"), ("d", "text/plain")):
        aws.call("s3", "put_object", Bucket="readable", Key=key, Body=b"a: 1\n", ContentType=kind)
    listed = provider.invoke("aws:s3/getObjects:getObjects", {"bucket": "readable", "prefix": "c/config"})
    assert listed["keys"] == ["c/config", "c/config.bin"]
    assert provider.invoke("aws:s3/getObjects:getObjects", {"bucket": "readable", "prefix": "none"})["keys"] == []
    bodies = {
        key: provider.invoke("aws:s3/getObject:getObject", {"bucket": "readable", "key": key})["body"]
        for key in listed["keys"]
    }
    # As the vendor's plugin, which gives the content of text alone.
    assert bodies == {"c/config": "a: 1\n", "c/config.bin": ""}
