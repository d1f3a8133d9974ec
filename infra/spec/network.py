"""The network: a VPC, a public and a private subnet in each zone, and how private subnets reach out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.spec import foreign
from infra.spec.base import SpecModel
from infra.spec.scalars import Address, AllocationId, InternetGatewayId, PrivateNetwork, SubnetId, VpcId, Zone

NatMode = Literal["none", "single", "perZone"]


class FlowLogsSpec(SpecModel):
    """VPC flow logs to CloudWatch Logs."""

    enabled: bool = False
    """Whether flow logs are recorded."""

    traffic: Literal["ALL", "ACCEPT", "REJECT"] = "REJECT"
    """Which flows are recorded. `ALL` costs the most; `REJECT` shows what the firewall stopped."""

    retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653] = 30
    """Days the records are kept: one of the periods CloudWatch Logs offers."""


class ExistingSubnetSpec(SpecModel):
    """A subnet that is there already. Its routes are its owner's."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_SUBNET

    id: Annotated[SubnetId, Field(examples=["subnet-0123456789abcdef0"])]
    """Its ID."""

    cidr: Annotated[PrivateNetwork, Field(examples=["10.20.32.0/20"])]
    """Its IPv4 block, inside `network.cidr`."""

    members_from: Address | None = None
    """Address of the first control-plane member that stands in it; those of further members follow. Left out, it is ten
    behind the block's first, as 10.20.32.10 of 10.20.32.0/20. Nobody else may have them. Members keep their addresses,
    so write it before they are made."""


class ZoneSubnetsSpec(SpecModel):
    """The subnets of a zone that are there already."""

    zone: Annotated[Zone, Field(examples=["eu-central-1a"])]
    """The zone that both lie in, one of `network.zones`."""

    private: ExistingSubnetSpec
    """Where machines and internal load balancers stand. Its default route must lead out: to a NAT gateway, a transit
    gateway or a firewall."""

    public: ExistingSubnetSpec | None = None
    """Where public load balancers stand, and groups with `subnets: public`. Its default route must lead to the VPC's
    internet gateway. Leave it out where nothing is reached from the internet."""

    @property
    def by_kind(self) -> Mapping[str, ExistingSubnetSpec]:
        """The subnets that there are, by ``private`` and ``public``."""
        return {"private": self.private, **({"public": self.public} if self.public is not None else {})}


class ExistingVpcSpec(SpecModel):
    """A VPC that is there already. Slipway neither changes nor deletes it."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_VPC

    id: Annotated[VpcId, Field(examples=["vpc-0123456789abcdef0"])]
    """Its ID."""

    internet_gateway_id: InternetGatewayId | None = None
    """The internet gateway that is attached to it: the way out of the public subnets that Slipway makes. Needed unless
    `subnets` names existing ones."""

    subnets: Annotated[tuple[ZoneSubnetsSpec, ...], Field(max_length=6)] = ()
    """Existing subnets, for each of `network.zones`. Left out, Slipway makes subnets, route tables and NAT gateways of
    its own, in `network.cidr`."""


class NetworkSpec(SpecModel):
    """The VPC and its subnets."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_NETWORK

    cidr: Annotated[PrivateNetwork, Field(examples=["10.20.0.0/16"])]
    """The VPC's IPv4 block, /16 to /22. It is cut into eight parts: one for the public subnets, one for the private
    subnet of each possible zone a to f, and one left free. A zone's part depends on its letter alone, so adding a zone
    never moves another. In an existing VPC: a block of it in which no other subnet lies, or, with `vpc.subnets`, the
    block that these lie in."""

    zones: Annotated[
        tuple[Zone, ...],
        Field(min_length=1, max_length=6, examples=[["eu-central-1a"]]),
    ]
    """Availability zones, 1 to 6. With `nat: single` the NAT gateway stands in the first one: append new zones."""

    nat: NatMode = "perZone"
    """NAT gateways for the private subnets: `none`, `single` (one for all zones; cheaper, but its zone's failure
    cuts all of them off) or `perZone`. Not with `vpc.subnets`, whose routes are their owner's."""

    nat_addresses: Annotated[dict[str, AllocationId], Field(default_factory=dict)]
    """Elastic IP addresses that exist already, by the zone of the NAT gateway that takes them, as
    `eu-central-1a: eipalloc-0123456789abcdef0`: those that others let in. Slipway neither changes nor releases them.
    Zones without one get a new one (kops's `egress`)."""

    flow_logs: FlowLogsSpec = FlowLogsSpec()
    """VPC flow logs."""

    vpc: ExistingVpcSpec | None = None
    """A VPC that exists already, and its subnets if they do. Left out, Slipway makes the VPC."""

    @property
    def nat_zones(self) -> tuple[str, ...]:
        """The zones that have a NAT gateway of the environment's own."""
        if self.existing_subnets:
            return ()
        return {"none": (), "single": self.zones[:1], "perZone": self.zones}[self.nat]

    @property
    def existing_subnets(self) -> tuple[ZoneSubnetsSpec, ...]:
        """The subnets that exist already; empty where Slipway makes them."""
        return self.vpc.subnets if self.vpc is not None else ()
