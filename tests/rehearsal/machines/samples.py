from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from rehearsal.machines.facts import Instance, Interface

VPC = IPv4Network("10.20.0.0/16")


def interface(index: int = 0, address: str = "10.20.32.5") -> Interface:
    return Interface(
        identity=f"eni-{index}",
        index=index,
        mac=f"02:00:00:00:00:0{index}",
        address=IPv4Address(address),
        subnet="subnet-1",
        network=IPv4Network("10.20.32.0/19"),
        vpc="vpc-1",
        vpc_network=VPC,
    )


def instance(*interfaces: Interface, role: str = "nodes.example") -> Instance:
    return Instance(
        identity="i-0123456789abcdef0",
        image="ami-1",
        machine_type="m7i.large",
        memory_mib=8192,
        zone="eu-central-1a",
        group="nodes.example",
        role=role,
        profile="profile.example" if role else "",
        template=("lt-1", "1"),
        root_gib=20,
        interfaces=interfaces or (interface(),),
        volumes=(),
    )
