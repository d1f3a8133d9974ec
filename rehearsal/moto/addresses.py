"""Addresses of subnets that moto 5.2.5 gives out a second time, and addresses and interfaces it never gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from moto.ec2.models.instances import Instance
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.subnets import Subnet

from rehearsal.moto.replaced import replace_once


def keep_reserved_addresses() -> None:
    """Make moto give no instance an address that AWS keeps of each subnet, or that a network interface has.

    It steps over the former when a subnet is made, and where it had got to is not part of a snapshot. It does not look
    at interfaces that were made with an address, as those of a control plane's members are.
    """

    def free(self: Any) -> Iterator[IPv4Address | IPv6Address]:
        kept = self._reserved_ips | getattr(self, "aws_reserved_ips", set())
        yield from (host for host in self._base_avail_ip_iterator() if host not in kept | taken_addresses(self))

    Subnet._subnet_ip_generator = property(free)  # type: ignore[assignment]


def free_addresses_of_gateways() -> None:
    """Make moto take a NAT gateway's address and interface away with it, so that the next one can have the address."""
    replace_once(NatGatewayBackend, "delete_nat_gateway", _giving_back)


def end_interfaces_with_machines() -> None:
    """Make moto delete a machine's own interface with it, as AWS does unless told otherwise, and those told to."""
    replace_once(Instance, "terminate", _ending_interface)


def _ending_interface(terminate: Callable[..., Any]) -> Callable[..., Any]:
    """EC2 API Reference, InstanceNetworkInterfaceSpecification: one made at the launch is deleted by default."""

    def ended(self: Any) -> Any:
        answer = terminate(self)
        ending = (each for each in self.nics.values() if each.device_index == 0 or each.delete_on_termination)
        for interface in list(ending):
            self.ec2_backend.enis.pop(interface.id, None)
        return answer

    return ended


def _giving_back(delete: Callable[..., Any]) -> Callable[..., Any]:
    """EC2 API Reference, DeleteNatGateway: it disassociates the Elastic IP address, and does not release it."""

    def deleted(self: Any, nat_gateway_id: str) -> Any:
        gateway = delete(self, nat_gateway_id)
        for address in self.addresses:
            if address.eni is not None and address.eni is gateway._eni:
                self.disassociate_address(association_id=address.association_id)
        self.enis.pop(gateway._eni.id, None)
        return gateway

    return deleted


def taken_addresses(subnet: Any) -> set[IPv4Address | IPv6Address]:
    """Return the addresses that the subnet's interfaces have, those of their ranges included."""
    interfaces = [each for each in subnet.ec2_backend.enis.values() if each.subnet.id == subnet.id]
    single = {ip_address(each["PrivateIpAddress"]) for one in interfaces for each in one.private_ip_addresses}
    ranges = (each["Ipv4Prefix"] for one in interfaces for each in getattr(one, "ipv4_prefixes", ()))
    return single.union(*(ip_network(each) for each in ranges))
