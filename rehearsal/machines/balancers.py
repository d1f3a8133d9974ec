"""Load balancers: what the AWS stand-in has of Network Load Balancers, read through its API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from rehearsal.machines.network import BALANCERS

_EVERYONE: Final = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Check:
    """A target group's health check. `headed` ones begin with a header of the PROXY protocol, as connections do."""

    protocol: str
    port: str
    path: str
    headed: bool = False


@dataclass(frozen=True)
class Target:
    """A target of a load balancer: what it is registered as, and where it answers."""

    identity: str
    address: str
    port: int


_ALPN: Final[Mapping[str, tuple[str, ...]]] = {
    "None": (),
    "HTTP1Only": ("http/1.1",),
    "HTTP2Only": ("h2",),
    "HTTP2Optional": ("http/1.1", "h2"),
    "HTTP2Preferred": ("h2", "http/1.1"),
}
"""A listener's policy -> what it offers clients (ELB User Guide, "TLS listeners", "ALPN policies")."""


@dataclass(frozen=True)
class Listener:
    """One port of the load balancer of that name, and the targets of the group behind it.

    `inside` is the address in the VPC that targets see its connections come from, `sources` whom its security groups
    let in; `ends_tls` where it has a certificate, and then offers clients `protocols` within TLS, the one that it likes
    best first; `headed` where it tells targets the client's address.
    """

    balancer: str
    address: IPv4Address
    port: int
    group: str
    targets: tuple[Target, ...]
    check: Check
    inside: IPv4Address | None = None
    sources: tuple[IPv4Network, ...] = (_EVERYONE,)
    ends_tls: bool = False
    protocols: tuple[str, ...] = ()
    headed: bool = False

    @property
    def key(self) -> tuple[str, int]:
        """Where it listens."""
        return str(self.address), self.port

    def admits(self, client: str) -> bool:
        """Return whether its security groups let this address in."""
        return any(IPv4Address(client) in source for source in self.sources)


@dataclass
class Described:
    """The stand-in's load balancers: name -> address, all listeners, and the addresses that they have in the VPC."""

    names: dict[str, IPv4Address] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    inside: list[IPv4Address] = field(default_factory=list)


class BalancerView:
    """Reads load balancers through the API of the AWS stand-in; each keeps the address it was first given."""

    def __init__(self, elb: Any, ec2: Any) -> None:
        self._elb = elb
        self._ec2 = ec2
        self._addresses: dict[str, tuple[IPv4Address, IPv4Address]] = {}
        self._free = iter(BALANCERS.hosts())

    def read(self, addresses: Mapping[str, str]) -> Described:
        """Return what there is. `addresses` are those of instances, and of interfaces by address."""
        described = Described()
        for balancer in self._elb.describe_load_balancers()["LoadBalancers"]:
            arn = balancer["LoadBalancerArn"]
            if arn not in self._addresses:
                self._addresses[arn] = next(self._free), self._inside(balancer, len(self._addresses))
            _, inside = self._addresses[arn]
            described.names[balancer["DNSName"].lower()] = self._addresses[arn][0]
            described.inside.append(inside)
            permissions = self._permissions(balancer.get("SecurityGroups", ()))
            for listener in self._elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
                described.listeners += self._listeners(balancer, listener, addresses, permissions)
        return described

    def _inside(self, balancer: Mapping[str, Any], number: int) -> IPv4Address:
        # From the end of its first subnet, where no machine has its address yet.
        subnet = balancer["AvailabilityZones"][0]["SubnetId"]
        (described,) = self._ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
        return IPv4Network(described["CidrBlock"]).broadcast_address - 1 - number

    def _permissions(self, groups: list[str]) -> list[Mapping[str, Any]] | None:
        if not groups:
            return None
        described = self._ec2.describe_security_groups(GroupIds=list(groups))["SecurityGroups"]
        return [permission for group in described for permission in group["IpPermissions"]]

    def _listeners(
        self,
        balancer: Mapping[str, Any],
        listener: Mapping[str, Any],
        known: Mapping[str, str],
        permissions: list[Mapping[str, Any]] | None,
    ) -> Iterator[Listener]:
        for action in listener["DefaultActions"]:
            arn = action.get("TargetGroupArn")
            if not arn:
                continue
            (group,) = self._elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
            described = self._elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            attributes = self._elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
            headed = {"Key": "proxy_protocol_v2.enabled", "Value": "true"} in attributes
            targets = tuple(
                Target(target["Id"], known[target["Id"]], int(target.get("Port") or group["Port"]))
                for target in (each["Target"] for each in described)
                if target["Id"] in known
            )
            check = Check(
                group.get("HealthCheckProtocol", "TCP"),
                str(group.get("HealthCheckPort", "traffic-port")),
                group.get("HealthCheckPath", "/"),
                headed,
            )
            outside, inside = self._addresses[balancer["LoadBalancerArn"]]
            port = int(listener["Port"])
            yield Listener(
                balancer["LoadBalancerName"], outside, port, arn, targets, check,
                inside=inside,
                sources=admitted(permissions, port),
                ends_tls=listener["Protocol"] == "TLS",
                protocols=_ALPN[next(iter(listener.get("AlpnPolicy") or ()), "None")],
                headed=headed,
            )  # fmt: skip


def admitted(permissions: list[Mapping[str, Any]] | None, port: int) -> tuple[IPv4Network, ...]:
    """Return from where a load balancer's security groups let a port be reached; everyone where it has none.

    A rule for another security group's machines counts for everyone: which machine is of which group is not looked at.
    """
    if permissions is None:
        return (_EVERYONE,)
    open_for = []
    for permission in permissions:
        if permission["IpProtocol"] not in ("-1", "tcp"):
            continue
        if permission["IpProtocol"] == "tcp" and not permission["FromPort"] <= port <= permission["ToPort"]:
            continue
        open_for += [IPv4Network(each["CidrIp"]) for each in permission.get("IpRanges", ())]
        open_for += [_EVERYONE for _ in permission.get("UserIdGroupPairs", ())]
    return tuple(open_for)
