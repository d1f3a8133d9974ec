"""What is the same for all types: names, previews, secrets, failures half-way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from rehearsal.providers.aws.kind import Props
from rehearsal.providers.aws.lifecycle import Lifecycle, PartialCreationError
from rehearsal.providers.aws.session import Aws, AwsError, UnreachableError
from rehearsal.providers.aws.types import KINDS
from rehearsal.providers.base.values import UNKNOWN, Secret
from tests.rehearsal.providers.aws.world import trust

ROLE = {"assumeRolePolicy": trust("ec2")}


def _life(aws: Aws, token: str) -> Lifecycle:
    return Lifecycle(KINDS[token], aws)


@pytest.fixture
def role(aws: Aws) -> Lifecycle:
    return _life(aws, "aws:iam/role:Role")


def test_a_generated_name_is_stable(role: Lifecycle) -> None:
    first, _ = role.check("web", {}, ROLE, b"one")
    assert first["name"] == "web-7692c3a"
    again, _ = role.check("web", first, ROLE, b"two")
    assert again["name"] == first["name"]
    assert role.check("web", {}, ROLE, b"two")[0]["name"] != first["name"]


def test_a_prefix_leads_the_generated_name(role: Lifecycle) -> None:
    first, _ = role.check("web", {}, {**ROLE, "namePrefix": "x."}, b"one")
    assert first["name"] == "x.7692c3a"
    other, _ = role.check("web", first, {**ROLE, "namePrefix": "y."}, b"one")
    assert other["name"] == "y.7692c3a"
    unknown, _ = role.check("web", {}, {**ROLE, "namePrefix": UNKNOWN}, b"one")
    assert unknown["name"] is UNKNOWN


def test_a_generated_alias_of_a_key_begins_as_aliases_do(aws: Aws) -> None:
    alias = _life(aws, "aws:kms/alias:Alias")
    made, failures = alias.check("state", {}, {"targetKeyId": "k"}, b"one")
    assert (made["name"], failures) == ("alias/state-7692c3a", [])
    assert alias.check("state", made, {"targetKeyId": "k"}, b"two")[0]["name"] == made["name"]
    prefixed, _ = alias.check("state", {}, {"targetKeyId": "k", "namePrefix": "alias/x-"}, b"one")
    assert prefixed["name"] == "alias/x-7692c3a"


def test_a_name_no_longer_given_is_generated(role: Lifecycle) -> None:
    given, _ = role.check("web", {}, {**ROLE, "name": "mine"}, b"one")
    generated, _ = role.check("web", given, ROLE, b"one")
    assert (given["name"], generated["name"]) == ("mine", "web-7692c3a")


def test_a_given_name_makes_room_before_a_replacement(role: Lifecycle) -> None:
    given, _ = role.check("web", {}, {**ROLE, "name": "mine"}, b"one")
    generated, _ = role.check("web", {}, ROLE, b"one")
    assert role.diff(given, {**given, "path": "/x/"}, []).delete_first
    assert not role.diff(generated, {**generated, "path": "/x/"}, []).delete_first
    assert not role.diff(given, {**given, "name": "other"}, []).delete_first


def test_ignored_changes_are_none(role: Lifecycle) -> None:
    old, _ = role.check("web", {}, {**ROLE, "tags": {"a": "b"}}, b"one")
    assert role.diff(old, {**old, "tags": {"a": "c"}}, ["tags"]).changes == []


def test_a_policy_written_differently_is_the_same(role: Lifecycle) -> None:
    spaced = json.dumps(json.loads(ROLE["assumeRolePolicy"]), indent=4, sort_keys=True)
    assert role.diff(ROLE, {"assumeRolePolicy": spaced}, []).changes == []


def test_a_preview_tells_what_it_knows(role: Lifecycle) -> None:
    inputs, _ = role.check("web", {}, {**ROLE, "tags": {"a": UNKNOWN}}, b"one")
    identifier, state = role.create(inputs, preview=True)
    assert identifier == ""
    assert state["arn"] is UNKNOWN
    assert (state["path"], state["tagsAll"]) == ("/", {"a": UNKNOWN})
    assert "__defaults" not in state


def test_a_preview_of_an_update_foresees_a_new_version(aws: Aws) -> None:
    template = _life(aws, "aws:ec2/launchTemplate:LaunchTemplate")
    old: Props = {"name": "a", "instanceType": "t3.small"}
    state = {**old, "latestVersion": 1, "arn": "arn:a"}
    retagged = template.update("lt-1", state, old, {**old, "tags": {"a": "b"}}, [], preview=True)
    assert (retagged["latestVersion"], retagged["tagsAll"], retagged["arn"]) == (1, {"a": "b"}, "arn:a")
    resized = template.update("lt-1", state, old, {**old, "instanceType": "t3.large"}, [], preview=True)
    assert resized["latestVersion"] is UNKNOWN


def test_a_secret_stays_one(aws: Aws) -> None:
    life = _life(aws, "aws:ssm/parameter:Parameter")
    inputs = {"name": "/hidden", "type": "SecureString", "value": Secret("hush")}
    identifier, state = life.create(inputs, preview=False)
    assert state["value"] == Secret("hush")
    read = life.read(identifier, state, inputs)
    assert read is not None
    assert (read[0]["value"], read[1]["value"]) == (Secret("hush"), Secret("hush"))
    life.delete(identifier, state)


def test_what_fails_half_way_is_kept(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    life = _life(aws, "aws:s3/bucket:Bucket")
    call = Aws.call

    def failing(self: Aws, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        if operation == "put_bucket_tagging":
            raise AwsError("AccessDenied", "s3: denied")
        return call(self, service, operation, **arguments)

    monkeypatch.setattr(Aws, "call", failing)
    with pytest.raises(PartialCreationError, match="s3: denied") as raised:
        life.create({"bucket": "half-made", "tags": {"a": "b"}}, preview=False)
    assert raised.value.identifier == "half-made"
    monkeypatch.undo()
    life.delete("half-made", {})


def test_another_region_is_refused(aws: Aws) -> None:
    _, failures = _life(aws, "aws:ec2/vpc:Vpc").check("a", {}, {"cidrBlock": "10.0.0.0/16", "region": "us-east-1"}, b"")
    assert [at for at, _ in failures] == ["region"]


def test_a_value_that_no_enumeration_has_is_refused_before_the_call(aws: Aws) -> None:
    with pytest.raises(AwsError, match=r"create_vpc.InstanceTenancy: 'shared' is not one of dedicated, default, host"):
        aws.call("ec2", "create_vpc", CidrBlock="10.0.0.0/16", InstanceTenancy="shared")


def test_an_argument_of_the_wrong_kind_is_refused_by_the_services_model(aws: Aws) -> None:
    with pytest.raises(AwsError, match="Unknown parameter in input"):
        aws.call("ec2", "create_vpc", CidrBlok="10.0.0.0/16")


def test_a_dead_endpoint_is_named_with_what_to_do(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.setattr(aws.client("ec2"), "describe_vpcs", refused)
    with pytest.raises(UnreachableError, match=r"does not answer .calling ec2 describe_vpcs.*rehearse start <env>"):
        aws.call("ec2", "describe_vpcs")


@pytest.mark.parametrize(
    ("kind", "old", "new", "replaces"),
    [
        ("network", {"subnets": ["a", "b"]}, {"subnets": ["a"]}, ["subnets[1]"]),
        ("network", {"subnets": ["a"]}, {"subnets": ["c"]}, ["subnets[0]"]),
        ("network", {"subnets": ["a"]}, {"subnets": ["b", "a"]}, []),
        ("network", {"subnets": ["a", "b"]}, {"subnets": ["a", UNKNOWN]}, []),
        ("network", {"subnets": ["a", "b"]}, {"subnets": UNKNOWN, "securityGroups": [UNKNOWN]}, []),
        (
            "network",
            {"subnets": ["a"], "securityGroups": ["a"]},
            {"subnets": ["b"], "securityGroups": UNKNOWN},
            ["subnets[0]"],
        ),
        ("network", {"subnets": ["a", "b"]}, {"subnets": ["b", "a"]}, []),
        ("application", {"subnets": ["a", "b"]}, {"subnets": ["a"]}, []),
        ("network", {"securityGroups": ["a"]}, {"securityGroups": ["b"]}, []),
        ("network", {"securityGroups": ["a"]}, {"securityGroups": []}, ["securityGroups[0]"]),
        ("network", {}, {"securityGroups": ["a"]}, ["securityGroups"]),
    ],
)
def test_what_a_network_load_balancer_cannot_change(
    aws: Aws, kind: str, old: Props, new: Props, replaces: list[str]
) -> None:
    always = {"name": "api", "loadBalancerType": kind}
    life = _life(aws, "aws:lb/loadBalancer:LoadBalancer")
    assert life.diff({**always, **old}, {**always, **new}, ()).replaces == replaces
