"""Addresses of subnets that moto 5.2.5 gives out a second time."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from moto.ec2.models.subnets import Subnet


def keep_reserved_addresses() -> None:
    """Make moto give no instance an address that AWS keeps of each subnet, or that a network interface has.

    It steps over the former when a subnet is made, and where it had got to is not part of a snapshot. It does not look
    at interfaces that were made with an address, as those of a control plane's members are.
    """

    def free(self: Any) -> Iterator[IPv4Address | IPv6Address]:
        kept = self._reserved_ips | getattr(self, "aws_reserved_ips", set())
        yield from (host for host in self._base_avail_ip_iterator() if host not in kept | _taken(self))

    Subnet._subnet_ip_generator = property(free)  # type: ignore[assignment]


def _taken(subnet: Any) -> set[IPv4Address | IPv6Address]:
    interfaces = (each for each in subnet.ec2_backend.enis.values() if each.subnet.id == subnet.id)
    return {ip_address(each["PrivateIpAddress"]) for one in interfaces for each in one.private_ip_addresses}
