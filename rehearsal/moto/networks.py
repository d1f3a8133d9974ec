"""A network that an environment names and does not make: a VPC, its gateway, subnets, addresses, under their own IDs.

EC2 gives them their IDs, and moto too, so there is no call that would make one of a given ID.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from moto.ec2.models import ec2_backends, elastic_ip_addresses, internet_gateways, subnets, vpcs

from infra.plan.network import ANYWHERE


def hold_network(account: str, region: str, network: Mapping[str, Any]) -> None:
    """Hold a VPC with the subnets that it must have, each unless it is there.

    Private subnets lead to a transit gateway and public ones to an internet gateway, since the network's owner would
    have led them somewhere: a rehearsal does not know where.
    """
    backend = ec2_backends[account][region]
    vpc, gateway = network["id"], network["gateway"]
    if vpc not in backend.vpcs:
        with _named(vpcs, "random_vpc_id", vpc):
            backend.create_vpc(network["cidr"])
        backend.modify_vpc_attribute(vpc, "enable_dns_hostnames", "true")
    if gateway is not None and gateway not in backend.internet_gateways:
        with _named(internet_gateways, "random_internet_gateway_id", gateway):
            backend.create_internet_gateway()
        backend.attach_internet_gateway(gateway, vpc)
    held = {identifier for of_zone in backend.subnets.values() for identifier in of_zone}
    for subnet in network["subnets"]:
        if subnet["id"] not in held:
            _hold_subnet(backend, vpc, subnet)


def hold_address(account: str, region: str, allocation: str) -> None:
    """Hold an Elastic IP address under its allocation ID, unless it is there."""
    backend = ec2_backends[account][region]
    if allocation not in {address.allocation_id for address in backend.addresses}:
        with _named(elastic_ip_addresses, "random_eip_allocation_id", allocation):
            backend.allocate_address("vpc")


def _hold_subnet(backend: Any, vpc: str, subnet: Mapping[str, Any]) -> None:
    with _named(subnets, "random_subnet_id", subnet["id"]):
        backend.create_subnet(vpc, subnet["cidr"], availability_zone=subnet["zone"])
    table = backend.create_route_table(vpc)
    backend.associate_route_table(table.id, subnet_id=subnet["id"])
    if subnet["public"]:
        backend.create_route(table.id, ANYWHERE, gateway_id=_internet_gateway(backend, vpc))
    else:
        way_out = backend.create_transit_gateway("Stands for the way out that the network's owner gives")
        backend.create_route(table.id, ANYWHERE, transit_gateway_id=way_out.id)


def _internet_gateway(backend: Any, vpc: str) -> str:
    """Return the gateway that is attached to the VPC: an attached one, or a new one."""
    for gateway in backend.internet_gateways.values():
        if gateway.vpc is not None and gateway.vpc.id == vpc:
            return str(gateway.id)
    made = backend.create_internet_gateway()
    backend.attach_internet_gateway(made.id, vpc)
    return str(made.id)


@contextmanager
def _named(module: ModuleType, maker: str, identifier: str) -> Iterator[None]:
    """Have moto take an ID in place of a random one."""
    random = getattr(module, maker)
    setattr(module, maker, lambda: identifier)
    try:
        yield
    finally:
        setattr(module, maker, random)
