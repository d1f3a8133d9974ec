from __future__ import annotations

from typing import Any

import pytest

from infra.plan.network import NetworkPlan, plan_network
from tests.infra.samples import sample_spec

CLUSTER = "kubernetes.io/cluster/test.example.com"
A, B, C = "eu-central-1a", "eu-central-1b", "eu-central-1c"


def tags(name: str, **extra: str) -> dict[str, str]:
    return {
        "team": "platform",
        "Name": name,
        "KubernetesCluster": "test.example.com",
        CLUSTER: "owned",
        "slipway/environment": "test",
        **extra,
    }


def plan(**network: Any) -> NetworkPlan:
    return plan_network(sample_spec(network=network))


def test_the_vpc_and_what_shares_its_name_carry_the_tags_kops_sets() -> None:
    planned = plan()
    assert planned.cidr == "10.20.0.0/16"
    assert planned.tags == tags("test.example.com")
    assert planned.default_security_group_tags == tags("default.test.example.com")


def test_subnets_are_tagged_for_load_balancers_as_kops_does() -> None:
    zone = plan().zones[1]
    assert zone.public is not None
    assert (zone.zone, zone.public.zone, zone.private.zone) == (B, B, B)
    assert (zone.public.cidr, zone.private.cidr) == ("10.20.4.0/22", "10.20.64.0/19")
    assert zone.public.tags == tags(
        f"utility-{B}.test.example.com", SubnetType="Utility", **{"kubernetes.io/role/elb": "1"}
    )
    assert zone.private.tags == tags(
        f"{B}.test.example.com", SubnetType="Private", **{"kubernetes.io/role/internal-elb": "1"}
    )
    assert zone.private_route_table_tags == tags(f"private-{B}.test.example.com")
    assert (zone.public.map_public_ip, zone.private.map_public_ip) == (True, False)


@pytest.mark.parametrize(
    ("mode", "gateways", "routes"),
    [
        ("none", [], [None, None, None]),
        ("single", [A], [A, A, A]),
        ("perZone", [A, B, C], [A, B, C]),
    ],
)
def test_nat_gateways_follow_the_mode(mode: str, gateways: list[str], routes: list[str | None]) -> None:
    planned = plan(nat=mode)
    assert [gateway.zone for gateway in planned.nat_gateways] == gateways
    assert [gateway.tags for gateway in planned.nat_gateways] == [tags(f"{z}.test.example.com") for z in gateways]
    assert [zone.nat_zone for zone in planned.zones] == routes


def test_a_single_nat_gateway_stands_in_the_first_zone_listed() -> None:
    planned = plan(nat="single", zones=[C, A])
    assert [gateway.zone for gateway in planned.nat_gateways] == [C]
    assert [(zone.zone, zone.nat_zone) for zone in planned.zones] == [(A, C), (C, C)]


@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("us-east-1", "ec2.internal"),
        ("eu-central-1", "eu-central-1.compute.internal"),
        ("us-gov-west-1", "us-gov-west-1.compute.internal"),
    ],
)
def test_the_domain_and_the_s3_endpoint_are_the_regions_own(region: str, domain: str) -> None:
    groups = [{"name": "cp", "role": "ControlPlane", "machineType": "m7i.large"}]
    planned = plan_network(sample_spec(region=region, network={"zones": [f"{region}a"]}, instanceGroups=groups))
    assert planned.dhcp_domain_name == domain
    assert planned.dhcp_name_servers == ("AmazonProvidedDNS",)
    assert planned.s3_service_name == f"com.amazonaws.{region}.s3"


def test_flow_logs_are_off_unless_asked_for() -> None:
    assert plan().flow_logs is None
    asked = plan(flowLogs={"enabled": True}).flow_logs
    assert asked is not None
    assert asked.tags == tags("flow-logs.test.example.com")
