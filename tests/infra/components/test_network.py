from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.runtime import MockResourceArgs

from infra.components.network import Network
from infra.plan.network import NetworkPlan, plan_network
from infra.testing.recorder import Recorder, record
from tests.infra.samples import sample_spec

A, B, C = "eu-central-1a", "eu-central-1b", "eu-central-1c"
VPC = "aws:ec2/vpc:Vpc"
DHCP = "aws:ec2/vpcDhcpOptions:VpcDhcpOptions"
DHCP_ASSOCIATION = "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
SUBNET = "aws:ec2/subnet:Subnet"
TABLE = "aws:ec2/routeTable:RouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ROUTE = "aws:ec2/route:Route"
EIP = "aws:ec2/eip:Eip"
NAT = "aws:ec2/natGateway:NatGateway"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
USER = "test:index:User"


def plan(**network: Any) -> NetworkPlan:
    return plan_network(sample_spec(network=network))


def dependencies(recorder: Recorder, token: str, name: str) -> set[str]:
    """What a resource waits for, as ``type::name``."""
    return {urn.rsplit("$", 1)[-1] for urn in recorder.options(token, name).dependencies}


def build(**network: Any) -> tuple[Recorder, NetworkPlan]:
    planned = plan(**network)
    return record(lambda: Network("network", planned)), planned


def test_the_vpc_resolves_names_through_amazons_dns() -> None:
    recorder, planned = build()
    assert recorder.inputs(VPC, "network") == {
        "cidrBlock": "10.20.0.0/16",
        "enableDnsSupport": True,
        "enableDnsHostnames": True,
        "tags": planned.tags,
    }
    assert recorder.inputs(DHCP, "network") == {
        "domainName": "eu-central-1.compute.internal",
        "domainNameServers": ["AmazonProvidedDNS"],
        "tags": planned.tags,
    }
    assert recorder.inputs(DHCP_ASSOCIATION, "network") == {"vpcId": "network-id", "dhcpOptionsId": "network-id"}


def test_the_default_security_group_is_emptied() -> None:
    recorder, planned = build()
    assert recorder.inputs(DEFAULT_GROUP, "network") == {
        "vpcId": "network-id",
        "ingress": [],
        "egress": [],
        "tags": planned.default_security_group_tags,
    }


def test_each_zone_has_a_public_and_a_private_subnet() -> None:
    recorder, planned = build()
    zone_b = planned.zones[1]
    assert zone_b.public is not None
    assert recorder.names(SUBNET) == {f"{kind}-{zone}" for kind in ("public", "private") for zone in (A, B, C)}
    assert recorder.inputs(SUBNET, f"public-{B}") == {
        "vpcId": "network-id",
        "availabilityZone": B,
        "cidrBlock": "10.20.4.0/22",
        "mapPublicIpOnLaunch": True,
        "tags": zone_b.public.tags,
    }
    assert recorder.inputs(SUBNET, f"private-{B}") == {
        "vpcId": "network-id",
        "availabilityZone": B,
        "cidrBlock": "10.20.64.0/19",
        "mapPublicIpOnLaunch": False,
        "tags": zone_b.private.tags,
    }


def test_public_subnets_share_a_route_table_that_leads_to_the_internet_gateway() -> None:
    recorder, planned = build()
    assert recorder.inputs(GATEWAY, "network") == {"vpcId": "network-id", "tags": planned.tags}
    assert recorder.inputs(TABLE, "public") == {"vpcId": "network-id", "tags": planned.tags}
    assert recorder.inputs(ROUTE, "public-internet") == {
        "routeTableId": "public-id",
        "destinationCidrBlock": "0.0.0.0/0",
        "gatewayId": "network-id",
    }
    assert recorder.inputs(ASSOCIATION, f"public-{C}") == {
        "subnetId": f"public-{C}-id",
        "routeTableId": "public-id",
    }


def test_each_private_subnet_has_a_route_table_of_its_own() -> None:
    recorder, planned = build()
    assert recorder.names(TABLE) == {"public", f"private-{A}", f"private-{B}", f"private-{C}"}
    assert recorder.inputs(TABLE, f"private-{C}") == {
        "vpcId": "network-id",
        "tags": planned.zones[2].private_route_table_tags,
    }
    assert recorder.inputs(ASSOCIATION, f"private-{C}") == {
        "subnetId": f"private-{C}-id",
        "routeTableId": f"private-{C}-id",
    }
    assert len(recorder.names(ASSOCIATION)) == 6


@pytest.mark.parametrize(
    ("mode", "gateways", "routes"),
    [
        ("none", set(), {}),
        ("single", {A}, {A: A, B: A, C: A}),
        ("perZone", {A, B, C}, {A: A, B: B, C: C}),
    ],
)
def test_private_subnets_reach_out_through_the_nat_gateway_of_the_mode(
    mode: str, gateways: set[str], routes: dict[str, str]
) -> None:
    recorder, planned = build(nat=mode)
    assert recorder.names(NAT) == recorder.names(EIP) == {f"nat-{zone}" for zone in gateways}
    for gateway in planned.nat_gateways:
        assert recorder.inputs(EIP, f"nat-{gateway.zone}") == {"domain": "vpc", "tags": gateway.tags}
        assert recorder.inputs(NAT, f"nat-{gateway.zone}") == {
            "allocationId": f"nat-{gateway.zone}-id",
            "subnetId": f"public-{gateway.zone}-id",
            "tags": gateway.tags,
        }
    assert recorder.names(ROUTE) == {"public-internet", *(f"private-{zone}-nat" for zone in routes)}
    for zone, gateway_zone in routes.items():
        assert recorder.inputs(ROUTE, f"private-{zone}-nat") == {
            "routeTableId": f"private-{zone}-id",
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": f"nat-{gateway_zone}-id",
        }


def test_a_nat_gateway_takes_an_address_that_exists() -> None:
    recorder, _ = build(natAddresses={B: "eipalloc-0123456789abcdef0"})
    assert recorder.names(EIP) == {f"nat-{A}", f"nat-{C}"}
    taken = {zone: recorder.inputs(NAT, f"nat-{zone}")["allocationId"] for zone in (A, B, C)}
    assert taken == {A: f"nat-{A}-id", B: "eipalloc-0123456789abcdef0", C: f"nat-{C}-id"}


def test_nat_gateways_and_their_addresses_go_before_the_internet_gateway_does() -> None:
    recorder, _ = build(nat="single")
    gateway, route = f"{GATEWAY}::network", f"{ROUTE}::public-internet"
    assert gateway in dependencies(recorder, EIP, f"nat-{A}")
    assert {gateway, route} <= dependencies(recorder, NAT, f"nat-{A}")


def test_the_s3_endpoint_stands_in_every_route_table_whatever_the_order_of_zones() -> None:
    for zones in ([A, B, C], [C, A, B]):
        recorder, planned = build(zones=zones)
        assert recorder.inputs(ENDPOINT, "s3") == {
            "vpcId": "network-id",
            "vpcEndpointType": "Gateway",
            "serviceName": "com.amazonaws.eu-central-1.s3",
            "routeTableIds": ["public-id", f"private-{A}-id", f"private-{B}-id", f"private-{C}-id"],
            "tags": planned.tags,
        }


def test_flow_logs_go_to_a_log_group_of_their_own() -> None:
    recorder, planned = build(flowLogs={"enabled": True, "retentionDays": 7})
    flow = planned.flow_logs
    assert flow is not None
    assert recorder.inputs(LOG_GROUP, "network-flow-logs") == {
        "name": flow.log_group_name,
        "retentionInDays": 7,
        "tags": flow.tags,
    }
    assert recorder.inputs(ROLE, "network-flow-logs") == {
        "name": flow.role_name,
        "assumeRolePolicy": flow.assume_role_policy,
        "forceDetachPolicies": True,
        "tags": flow.tags,
    }
    assert recorder.inputs(ROLE_POLICY, "network-flow-logs") == {
        "name": "write-flow-logs",
        "role": flow.role_name,
        "policy": flow.policy,
    }
    assert recorder.inputs(FLOW_LOG, "network-flow-logs") == {
        "vpcId": "network-id",
        "trafficType": "REJECT",
        "logDestinationType": "cloud-watch-logs",
        "logDestination": "arn:aws:mock:::LogGroup/network-flow-logs",
        "iamRoleArn": "arn:aws:mock:::Role/network-flow-logs",
        "tags": flow.tags,
    }
    assert f"{ROLE_POLICY}::network-flow-logs" in dependencies(recorder, FLOW_LOG, "network-flow-logs")


def test_the_role_of_flow_logs_has_the_environments_boundary() -> None:
    boundary = "arn:aws:iam::111122223333:policy/limit"
    spec = sample_spec(network={"flowLogs": {"enabled": True}}, cluster={"iam": {"permissionsBoundary": boundary}})
    recorder = record(lambda: Network("network", plan_network(spec)))
    assert recorder.inputs(ROLE, "network-flow-logs")["permissionsBoundary"] == boundary


@pytest.mark.parametrize(
    ("network", "count"),
    [
        ({"zones": [A], "nat": "none"}, 13),
        ({"zones": [A], "nat": "single"}, 16),
        ({"zones": [A, B], "nat": "single"}, 22),
        ({"zones": [A, B, C], "nat": "none"}, 23),
        ({"zones": [A, B, C], "nat": "single"}, 28),
        ({"zones": [A, B, C], "nat": "perZone"}, 32),
        ({"zones": [A, B, C], "nat": "perZone", "flowLogs": {"enabled": True}}, 36),
        ({"zones": [A, B, C, *(f"eu-central-1{x}" for x in "def")], "nat": "perZone"}, 56),
    ],
)
def test_the_number_of_aws_resources(network: dict[str, Any], count: int) -> None:
    groups = [{"name": "cp", "role": "ControlPlane", "machineType": "m7i.large", "zones": [A]}]
    if network["nat"] == "none":
        groups[0]["subnets"] = "public"
    planned = plan_network(sample_spec(network=network, instanceGroups=groups))
    recorder = record(lambda: Network("network", planned))
    assert len([token for token, _ in recorder.resources if token.startswith("aws:")]) == count


def test_every_resource_is_a_child_of_the_network() -> None:
    recorder, _ = build(flowLogs={"enabled": True})
    parents = {request.parent for (token, _), request in recorder.requests.items() if token.startswith("aws:")}
    assert parents == {"urn:pulumi:test::slipway::slipway:index:Network::network"}


def test_what_uses_a_subnet_waits_for_its_way_out() -> None:
    def program() -> None:
        network = Network("network", plan(nat="single"))
        for kind, ids in (("public", network.public_subnet_ids), ("private", network.private_subnet_ids)):
            assert list(ids) == [A, B, C]
            pulumi.CustomResource(USER, f"{kind}-user", {"subnet": ids[B], "vpc": network.vpc_id})

    recorder = record(program)
    assert recorder.inputs(USER, "public-user") == {"subnet": f"public-{B}-id", "vpc": "network-id"}
    assert recorder.inputs(USER, "private-user") == {"subnet": f"private-{B}-id", "vpc": "network-id"}

    assert {f"{ROUTE}::public-internet", f"{ASSOCIATION}::public-{B}", f"{SUBNET}::public-{B}"} <= dependencies(
        recorder, USER, "public-user"
    )
    assert {f"{ROUTE}::private-{B}-nat", f"{ASSOCIATION}::private-{B}", f"{SUBNET}::private-{B}"} <= dependencies(
        recorder, USER, "private-user"
    )


class RoutesGone(Recorder):
    """A preview in which subnets are there, and routes and their associations are to be made."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        identifier, outputs = super().new_resource(args)
        return (None if args.typ in (ROUTE, ASSOCIATION) else identifier), outputs


def test_subnets_are_known_while_a_route_that_somebody_deleted_is_made_again() -> None:
    """Else what stands in them would be replaced: the engine refuses that of members, and no update could mend it."""

    def program() -> None:
        network = Network("network", plan(nat="single"))
        for kind, ids in (("public", network.public_subnet_ids), ("private", network.private_subnet_ids)):
            pulumi.CustomResource(USER, f"{kind}-user", {"subnet": ids[B]})

    recorder = record(program, RoutesGone(), preview=True)
    assert recorder.inputs(USER, "public-user") == {"subnet": f"public-{B}-id"}
    assert recorder.inputs(USER, "private-user") == {"subnet": f"private-{B}-id"}
    assert f"{ROUTE}::private-{B}-nat" in dependencies(recorder, USER, "private-user")
