"""Addresses of subnets that moto 5.2.5 gives out a second time once it is read from a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from moto.ec2.models.subnets import Subnet


def keep_reserved_addresses() -> None:
    """Make moto never give out the addresses that AWS keeps of each subnet, the router's among them.

    It steps over them when a subnet is made, and where it had got to is not part of a snapshot.
    """

    def free(self: Any) -> Iterator[IPv4Address | IPv6Address]:
        kept = self._reserved_ips | getattr(self, "aws_reserved_ips", set())
        yield from (host for host in self._base_avail_ip_iterator() if host not in kept)

    Subnet._subnet_ip_generator = property(free)  # type: ignore[assignment]
