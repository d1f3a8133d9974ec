from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from rehearsal.machines.balancers import BalancerView, Check, Listener, Target, admitted

EVERYONE = (IPv4Network("0.0.0.0/0"),)


class Elb:
    """A load balancer with one TLS listener, whose targets are told the client's address."""

    def describe_load_balancers(self) -> dict[str, Any]:
        zones = [{"SubnetId": "subnet-b"}, {"SubnetId": "subnet-a"}]
        named = {"LoadBalancerArn": "edge", "LoadBalancerName": "edge-here", "DNSName": "Edge.elb.example"}
        return {"LoadBalancers": [{**named, "AvailabilityZones": zones, "SecurityGroups": ["sg-1"]}]}

    def describe_listeners(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"LoadBalancerArn": "edge"}
        action = {"TargetGroupArn": "group"}
        return {
            "Listeners": [
                {"Port": 443, "Protocol": "TLS", "AlpnPolicy": ["HTTP2Preferred"], "DefaultActions": [action]}
            ]
        }

    def describe_target_groups(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"TargetGroupArns": ["group"]}
        check = {"HealthCheckProtocol": "HTTP", "HealthCheckPort": "8081", "HealthCheckPath": "/ping"}
        return {"TargetGroups": [{"Port": 8443, **check}]}

    def describe_target_group_attributes(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"TargetGroupArn": "group"}
        return {"Attributes": [{"Key": "proxy_protocol_v2.enabled", "Value": "true"}]}

    def describe_target_health(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"TargetGroupArn": "group"}
        return {"TargetHealthDescriptions": [{"Target": {"Id": "i-1"}}, {"Target": {"Id": "i-gone", "Port": 1}}]}


class Ec2:
    def describe_subnets(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"SubnetIds": ["subnet-b"]}
        return {"Subnets": [{"CidrBlock": "10.20.4.0/22"}]}

    def describe_security_groups(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"GroupIds": ["sg-1"]}
        permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
        return {"SecurityGroups": [{"IpPermissions": [permission]}]}


def test_a_listener_is_all_that_its_load_balancer_was_told() -> None:
    view = BalancerView(Elb(), Ec2())
    described = view.read({"i-1": "10.20.64.9"})
    assert described.names == {"edge.elb.example": IPv4Address("198.18.1.1")}
    assert described.inside == [IPv4Address("10.20.7.254")]
    assert described.listeners == [
        Listener(
            "edge-here", IPv4Address("198.18.1.1"), 443, "group",
            (Target("i-1", "10.20.64.9", 8443),),
            Check("HTTP", "8081", "/ping", headed=True),
            inside=IPv4Address("10.20.7.254"),
            sources=(IPv4Network("203.0.113.0/24"),),
            ends_tls=True,
            protocols=("h2", "http/1.1"),
            headed=True,
        )
    ]  # fmt: skip
    assert view.read({"i-1": "10.20.64.9"}) == described


def test_a_client_is_let_in_by_its_address() -> None:
    (listener,) = BalancerView(Elb(), Ec2()).read({}).listeners
    assert listener.admits("203.0.113.200")
    assert not listener.admits("203.0.114.1")


def test_whom_security_groups_let_in() -> None:
    permissions: list[Any] = [
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 90, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]},
        {"IpProtocol": "udp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": "sg-9"}]},
    ]
    assert admitted(None, 80) == EVERYONE
    assert admitted(permissions, 90) == (IPv4Network("192.0.2.0/24"),)
    assert admitted(permissions, 91) == ()
    assert admitted(permissions, 443) == EVERYONE
    assert admitted([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}], 5) == (IPv4Network("10.0.0.0/8"),)
