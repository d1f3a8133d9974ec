from __future__ import annotations

import json
from collections import UserList
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from infra.plan.stateful import STATEFUL
from infra.spec import load
from policy.rules import (
    ACCESS_BLOCK,
    BUCKET_ACL,
    BUCKET_POLICY,
    CLASSIC_RULE,
    INGRESS,
    INSTANCE,
    LIFECYCLES,
    RULES,
    SECURITY_GROUP,
    TEMPLATE,
    VOLUME,
    Resource,
    backups_are_kept,
    closed_to_the_world,
    encrypted,
    imdsv2,
    no_public_bucket,
    protected,
)
from tests.infra.programs import declared, stack_files


def ingress(first: int, last: int, cidr: str = "0.0.0.0/0", protocol: str = "tcp") -> Resource:
    inputs = {"ipProtocol": protocol, "fromPort": first, "toPort": last, "cidrIpv4": cidr}
    return Resource(INGRESS, "r", inputs)


@pytest.mark.parametrize(
    ("resource", "services"),
    [
        (ingress(22, 22), ["SSH"]),
        (ingress(0, 65535), ["SSH", "etcd", "the kubelet"]),
        (ingress(2000, 3000), ["etcd"]),
        (ingress(2380, 2380, "::/0"), ["etcd"]),
        (ingress(10250, 10250), ["the kubelet"]),
        (ingress(-1, -1, protocol="-1"), ["SSH", "etcd", "the kubelet"]),
        (ingress(443, 443), []),
        (ingress(23, 2378), []),
        (ingress(22, 22, "10.0.0.0/8"), []),
        (ingress(22, 22, protocol="udp"), []),
        (Resource(CLASSIC_RULE, "r", {"type": "ingress", "protocol": "tcp", "fromPort": 22, "toPort": 22,
                                      "ipv6CidrBlocks": ["::/0"]}), ["SSH"]),
        (Resource(CLASSIC_RULE, "r", {"type": "egress", "protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}), []),
        (Resource(SECURITY_GROUP, "r", {"ingress": [{"protocol": "tcp", "fromPort": 22, "toPort": 22,
                                                     "cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]}]}), ["SSH"]),
        (Resource(SECURITY_GROUP, "r", {"egress": [{"protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}]}), []),
    ],
)  # fmt: skip
def test_ssh_etcd_and_kubelets_are_closed_to_the_world(resource: Resource, services: list[str]) -> None:
    assert [text.partition(" (TCP")[0] for text in closed_to_the_world(resource)] == [f"opens {s}" for s in services]


def test_values_may_be_sequences_and_mappings_of_any_kind() -> None:
    # pulumi-policy hands rules proxies, which are neither lists nor dictionaries.
    entry = MappingProxyType({"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": UserList(["0.0.0.0/0"])})
    resource = Resource(SECURITY_GROUP, "r", MappingProxyType({"ingress": UserList([entry])}))
    assert len(list(closed_to_the_world(resource))) == 1
    rules = UserList([MappingProxyType({"status": "Enabled", "expiration": MappingProxyType({"days": 1})})])
    assert len(list(backups_are_kept(Resource(LIFECYCLES[0], "l", {"rules": rules})))) == 1


@pytest.mark.parametrize("kind", [TEMPLATE, INSTANCE])
def test_imdsv2(kind: str) -> None:
    assert list(imdsv2(Resource(kind, "t", {"metadataOptions": {"httpTokens": "required"}}))) == []
    cases: list[dict[str, Any]] = [{}, {"metadataOptions": {}}, {"metadataOptions": {"httpTokens": "optional"}}]
    for options in cases:
        assert len(list(imdsv2(Resource(kind, "t", options)))) == 1
    assert list(imdsv2(Resource(VOLUME, "t", {}))) == []


def test_volumes_are_encrypted() -> None:
    assert list(encrypted(Resource(VOLUME, "v", {"encrypted": True}))) == []
    assert len(list(encrypted(Resource(VOLUME, "v", {})))) == 1
    mappings = [{"deviceName": "a", "ebs": {"encrypted": "true"}}, {"deviceName": "b", "ebs": {"encrypted": "false"}}]
    assert list(encrypted(Resource(TEMPLATE, "t", {"blockDeviceMappings": [*mappings, {"virtualName": "e0"}]}))) == [
        "blockDeviceMappings[1] (b) is not encrypted: set `encrypted`"
    ]
    root = Resource(INSTANCE, "i", {"rootBlockDevice": {"volumeSize": 8}, "ebsBlockDevices": [{"encrypted": True}]})
    assert list(encrypted(root)) == ["rootBlockDevice[0] (root) is not encrypted: set `encrypted`"]


BLOCKED = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)


def policy(action: Any = "s3:GetObject", principal: Any = "*", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}
    return {"policy": json.dumps({"Statement": [statement]})}


@pytest.mark.parametrize(
    ("resource", "broken"),
    [
        (Resource(ACCESS_BLOCK, "state", BLOCKED), 0),
        (Resource(ACCESS_BLOCK, "state", {**BLOCKED, "blockPublicPolicy": False}), 1),
        (Resource(ACCESS_BLOCK, "state", {}), 1),
        (Resource(ACCESS_BLOCK, "issuer", {}), 0),
        (Resource(ACCESS_BLOCK, "b", {"bucket": "prod-issuer"}), 0),
        (Resource(BUCKET_ACL, "state", {"acl": "public-read"}), 1),
        (Resource(BUCKET_ACL, "issuer", {"acl": "public-read-write"}), 1),
        (Resource(BUCKET_ACL, "state", {"acl": "private"}), 0),
        (Resource(BUCKET_POLICY, "state", policy()), 1),
        (Resource(BUCKET_POLICY, "state", policy(principal={"AWS": ["*"]})), 1),
        (Resource(BUCKET_POLICY, "state", policy(principal={"AWS": "arn:aws:iam::1:root"})), 0),
        (Resource(BUCKET_POLICY, "state", policy(Effect="Deny")), 0),
        (Resource(BUCKET_POLICY, "state", policy(Condition={"StringEquals": {"aws:PrincipalOrgID": "o"}})), 0),
        (Resource(BUCKET_POLICY, "issuer", policy()), 0),
        (Resource(BUCKET_POLICY, "issuer", policy(["s3:GetObject", "s3:PutObject"])), 1),
        (Resource(BUCKET_POLICY, "state", {"policy": None}), 0),
    ],
)
def test_no_bucket_is_public_but_the_issuer_s(resource: Resource, broken: int) -> None:
    assert len(list(no_public_bucket(resource))) == broken


@pytest.mark.parametrize("entry", [entry for entry in STATEFUL if entry.protect], ids=lambda entry: entry.type)
def test_what_cannot_be_made_again_is_protected(entry: Any) -> None:
    assert len(list(protected(Resource(entry.type, "x", {})))) == 1
    assert list(protected(Resource(entry.type, "x", {}, protect=True))) == []


@pytest.mark.parametrize(
    ("prefix", "kept"),
    [
        ("", False),
        ("prod.example.com", False),
        ("prod.example.com/", False),
        ("prod.example.com/b", False),
        ("prod.example.com/backups/", False),
        ("prod.example.com/backups/etcd/", False),
        ("prod.example.com/manifests/", True),
        (".pulumi/stacks/", True),
        (".pulumi/", True),
    ],
)
@pytest.mark.parametrize("kind", LIFECYCLES)
def test_no_lifecycle_rule_touches_backups(prefix: str, kept: bool, kind: str) -> None:
    removals: list[dict[str, Any]] = [
        {"expiration": {"days": 1}}, {"noncurrentVersionExpiration": {"noncurrentDays": 1}}, {"transitions": [{}]}
    ]  # fmt: skip
    for removal in removals:
        for where in ({"filter": {"prefix": prefix}}, {"filter": {"and": {"prefix": prefix}}}, {"prefix": prefix}):
            rule = {"status": "Enabled", **where, **removal}
            assert (list(backups_are_kept(Resource(kind, "l", {"rules": [rule]}))) == []) is kept
            assert list(backups_are_kept(Resource(kind, "l", {"rules": [{**rule, "status": "Disabled"}]}))) == []
    harmless = {"status": "Enabled", "filter": {"prefix": prefix}, "expiration": {"expiredObjectDeleteMarker": True}}
    assert list(backups_are_kept(Resource(kind, "l", {"rules": [harmless]}))) == []


@pytest.mark.parametrize("path", stack_files(), ids=lambda path: path.stem)
def test_the_program_itself_breaks_no_rule(path: Path) -> None:
    recorder = declared(load(path, path.stem.removeprefix("Pulumi.")))
    resources = [
        Resource(kind, name, inputs, recorder.options(kind, name).protect)
        for (kind, name), inputs in recorder.resources.items()
        if (kind, name) in recorder.requests
    ]
    assert len(resources) > 50
    broken = [f"{each.name}: {text}" for each in resources for rule in RULES for text in rule.check(each)]
    assert broken == []


def test_every_rule_has_a_name_of_its_own_and_says_what_it_is() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES) == 6
    assert all(rule.description.endswith(".") for rule in RULES)
