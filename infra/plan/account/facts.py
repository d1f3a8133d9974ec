"""What is known of an AWS account, as far as an environment asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class MachineType:
    """What EC2 says of an instance type that it has in the region."""

    zones: frozenset[str]
    """Zones in which it is offered."""
    architectures: frozenset[str]
    """EC2's words for what its processors run, as ``x86_64``."""
    vcpus: int


@dataclass(frozen=True)
class TargetGroup:
    """A load balancer's target group."""

    vpc: str
    """ID of its VPC; empty where it has none."""
    target_type: str
    """``instance``, ``ip``, ``lambda`` or ``alb``."""


@dataclass(frozen=True)
class Certificate:
    """A certificate of ACM."""

    status: str
    """ACM's word, as ``ISSUED``."""
    names: tuple[str, ...]
    """Names that it is for; ``*.`` stands for exactly one label."""


@dataclass(frozen=True)
class Address:
    """An Elastic IP address: free where it has neither."""

    interface: str = ""
    """ID of the network interface of others that has it."""
    gateway: str = ""
    """Zone of the environment's own NAT gateway that has it."""


@dataclass(frozen=True)
class Named:
    """Things that a spec names and does not make, by ID or ARN: those of them that exist."""

    vpc: str | None
    """ID of the environment's VPC: its own once it has been made, or the existing one that it names."""
    security_groups: Mapping[str, str]
    """ID -> the VPC it is of."""
    target_groups: Mapping[str, TargetGroup]
    certificates: Mapping[str, Certificate]
    hosted_zones: Mapping[str, str]
    """ID -> the domain, without a dot at its end."""
    policies: frozenset[str]
    addresses: Mapping[str, Address]
    """Allocation ID -> who has the address."""


@dataclass(frozen=True)
class Subnet:
    """A subnet of an existing VPC."""

    zone: str
    cidr: str
    own: bool
    """Whether the environment has made it."""
    way_out: str
    """ID of what its default route leads to, as ``nat-0123``; empty where it has none that works."""


@dataclass(frozen=True)
class ExistingVpc:
    """A VPC that exists already."""

    blocks: tuple[str, ...]
    """Its IPv4 blocks."""
    dns: Mapping[str, bool]
    """EC2's word for a DNS attribute -> whether it is on: ``enableDnsSupport``, ``enableDnsHostnames``."""
    internet_gateways: frozenset[str]
    """Those that are attached to it."""
    subnets: Mapping[str, Subnet]
    """All of its subnets, by ID."""
    taken: Mapping[str, str]
    """Address that a control-plane member is to have -> ID of the network interface of others that has it."""


@dataclass(frozen=True)
class Quota:
    """How much of something an account may have in the region, and has."""

    service: str
    """Code of the service in Service Quotas."""
    code: str
    name: str
    """What is counted, in the plural."""
    allowed: int | None
    """None where Service Quotas does not tell."""
    others: int
    """How much is in use beside the environment's own."""


@dataclass(frozen=True)
class AccountFacts:
    """What was asked of an account for one environment."""

    zones: Mapping[str, str]
    """Availability zones of the region -> EC2's word for the state, as ``available``."""
    machine_types: Mapping[str, MachineType]
    """Those instance types that the spec names and the region has."""
    named: Named
    existing_vpc: ExistingVpc | None
    """The VPC that the spec names; None where it names none, or none that is there."""
    quotas: Mapping[str, Quota]
    """By code, as in :mod:`infra.plan.account.quotas`."""
