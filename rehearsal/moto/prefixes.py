"""Ranges of 16 addresses of a network interface, which moto 5.2.5 does not know, and what it leaves of interfaces.

EC2 User Guide, "Prefix delegation for Amazon EC2 network interfaces": a range is a /28 of the interface's subnet.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces

from rehearsal.moto.addresses import taken_addresses
from rehearsal.moto.replaced import replace_once

PREFIX_LENGTH = 28


def complete_interfaces() -> None:
    """Make moto give interfaces ranges of addresses and free addresses, and note which ones end with their machine."""
    replace_once(NetworkInterfaceBackend, "create_network_interface", _with_free_address)
    replace_once(ElasticNetworkInterfaces, "create_network_interface", _created)
    replace_once(ElasticNetworkInterfaces, "assign_private_ip_addresses", _assigned)
    replace_once(ElasticNetworkInterfaces, "unassign_private_ip_addresses", _unassigned)
    replace_once(ElasticNetworkInterfaces, "modify_network_interface_attribute", _modified)


def _with_free_address(create: Callable[..., Any]) -> Callable[..., Any]:
    """moto takes a random address of the subnet, whoever has it."""

    def created(self: Any, subnet: Any, address: Any, addresses: Any = None, *rest: Any, **named: Any) -> Any:
        if address is None and not addresses:
            address = str(next(iter(subnet._subnet_ip_generator)))
        return create(self, subnet, address, addresses, *rest, **named)

    return created


def _created(create: Callable[..., Any]) -> Callable[..., Any]:
    def created(self: Any) -> Any:
        answer = create(self)
        _give(answer.result["NetworkInterface"], self._get_int_param("Ipv4PrefixCount", 0))
        return answer

    return created


def _assigned(assign: Callable[..., Any]) -> Callable[..., Any]:
    def assigned(self: Any) -> Any:
        answer = assign(self)
        interface = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId"))
        given = _give(interface, self._get_int_param("Ipv4PrefixCount", 0))
        answer.result["AssignedIpv4Prefixes"] = given
        return answer

    return assigned


def _unassigned(unassign: Callable[..., Any]) -> Callable[..., Any]:
    def unassigned(self: Any) -> Any:
        interface = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId"))
        ended = set(self._get_param("Ipv4Prefixes", []))
        interface.ipv4_prefixes = [each for each in prefixes(interface) if each["Ipv4Prefix"] not in ended]
        return unassign(self)

    return unassigned


def _modified(modify: Callable[..., Any]) -> Callable[..., Any]:
    def modified(self: Any) -> Any:
        ends = (self._get_param("Attachment") or {}).get("DeleteOnTermination")
        if ends is not None:
            interface = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId"))
            interface.delete_on_termination = str(ends).lower() == "true"
        return modify(self)

    return modified


def prefixes(interface: Any) -> list[dict[str, str]]:
    """Return the ranges of one of moto's interfaces."""
    held: list[dict[str, str]] = getattr(interface, "ipv4_prefixes", [])
    return held


def _give(interface: Any, count: int) -> list[dict[str, str]]:
    subnet = interface.subnet
    network = IPv4Network(subnet.cidr_block)
    taken = taken_addresses(subnet)
    # What EC2 keeps of each subnet (Amazon VPC User Guide, "Subnet CIDR blocks").
    kept = {network[position] for position in (0, 1, 2, 3, -1)}
    free = (
        block
        for block in reversed(list(network.subnets(new_prefix=PREFIX_LENGTH)))
        if not any(address in taken or address in kept for address in block)
    )
    given = [{"Ipv4Prefix": str(block)} for block, _ in zip(free, range(count), strict=False)]
    if len(given) < count:
        raise EC2ClientError(
            "InsufficientCidrBlocks",
            "The specified subnet does not have enough free cidr blocks to satisfy the request.",
        )
    interface.ipv4_prefixes = prefixes(interface) + given
    return given
