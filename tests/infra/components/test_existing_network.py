"""A network in a VPC of others: what is there stays theirs."""

from __future__ import annotations

import pulumi

from infra.components.network import Network
from infra.plan.network import plan_network
from infra.spec import EnvironmentSpec
from infra.testing.recorder import Recorder, record
from tests.infra.components.test_network import (
    DEFAULT_GROUP,
    DHCP,
    DHCP_ASSOCIATION,
    ENDPOINT,
    NAT,
    ROUTE,
    SUBNET,
    TABLE,
    USER,
)
from tests.infra.components.test_network import GATEWAY as GATEWAY_TYPE
from tests.infra.components.test_network import VPC as VPC_TYPE
from tests.infra.networks import GATEWAY, VPC, existing_subnets, in_subnets, in_vpc, subnet_id

TAG = "aws:ec2/tag:Tag"
A, B, C = (f"eu-central-1{letter}" for letter in "abc")


def build(spec: EnvironmentSpec) -> Recorder:
    """Register the network, and something that is told all that it hands out."""

    def program() -> None:
        network = Network("network", plan_network(spec))
        assert network.vpc is None
        told = {
            "vpc": network.vpc_id,
            "public": dict(network.public_subnet_ids),
            "private": dict(network.private_subnet_ids),
            "inner": dict(network.inner_subnet_ids),
        }
        pulumi.CustomResource(USER, "user", told)

    return record(program)


def test_in_a_vpc_nothing_of_the_vpc_is_made() -> None:
    recorder = build(in_vpc())
    for kind in (VPC_TYPE, GATEWAY_TYPE, DHCP, DHCP_ASSOCIATION, DEFAULT_GROUP, TAG):
        assert recorder.names(kind) == set(), kind
    assert recorder.names(NAT) == {f"nat-{zone}" for zone in (A, B, C)}
    assert recorder.inputs(ROUTE, "public-internet") == {
        "routeTableId": "public-id",
        "destinationCidrBlock": "0.0.0.0/0",
        "gatewayId": GATEWAY,
    }
    for kind, names in (
        (SUBNET, (f"public-{B}", f"private-{C}")),
        (TABLE, ("public", f"private-{A}")),
        (ENDPOINT, ("s3",)),
    ):
        for name in names:
            assert recorder.inputs(kind, name)["vpcId"] == VPC
    told = recorder.inputs(USER, "user")
    assert told["vpc"] == VPC
    assert told["private"] == told["inner"] == {zone: f"private-{zone}-id" for zone in (A, B, C)}


def test_existing_subnets_are_handed_on_with_tags_and_no_more() -> None:
    recorder = build(in_subnets())
    assert {token for token, _ in recorder.requests if token.startswith("aws:")} == {TAG}
    assert recorder.inputs(USER, "user") == {
        "vpc": VPC,
        "public": {zone: subnet_id("public", zone[-1]) for zone in (A, B, C)},
        "private": {zone: subnet_id("private", zone[-1]) for zone in (A, B, C)},
        "inner": {zone: subnet_id("private", zone[-1]) for zone in (A, B, C)},
    }
    assert recorder.options(USER, "user").dependencies == [], "a tag that comes later leaves the IDs known"
    own, shared = "kubernetes.io/cluster/test.example.com", "kubernetes.io/role/internal-elb"
    assert recorder.inputs(TAG, f"private-{B}-{own}") == {
        "resourceId": subnet_id("private", "b"),
        "key": own,
        "value": "shared",
    }
    assert recorder.inputs(TAG, f"private-{B}-{shared}") == {
        "resourceId": subnet_id("private", "b"),
        "key": shared,
        "value": "1",
    }
    assert len(recorder.names(TAG)) == 12


def test_tags_that_others_need_stay_when_the_environment_goes() -> None:
    recorder = build(in_subnets())
    kept = {name for name in recorder.names(TAG) if recorder.options(TAG, name).retainOnDelete}
    assert kept == {
        name
        for name in recorder.names(TAG)
        if name.endswith(("kubernetes.io/role/elb", "kubernetes.io/role/internal-elb"))
    }
    assert len(kept) == 6


def test_zones_without_public_subnets_hand_out_none() -> None:
    recorder = build(in_subnets(vpc={"subnets": existing_subnets(public=False)}))
    assert recorder.inputs(USER, "user")["public"] == {}
    assert len(recorder.names(TAG)) == 6
