"""The network: one VPC, a public and a private subnet in each zone, and how private subnets reach out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.spec import foreign
from infra.spec.base import SpecModel
from infra.spec.scalars import PrivateNetwork, Zone

NatMode = Literal["none", "single", "perZone"]


class FlowLogsSpec(SpecModel):
    """VPC flow logs to CloudWatch Logs."""

    enabled: bool = False
    """Whether flow logs are recorded."""

    traffic: Literal["ALL", "ACCEPT", "REJECT"] = "REJECT"
    """Which flows are recorded. `ALL` costs the most; `REJECT` shows what the firewall stopped."""

    retention_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653] = 30
    """Days the records are kept: one of the periods CloudWatch Logs offers."""


class NetworkSpec(SpecModel):
    """The VPC and its subnets."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_NETWORK

    cidr: Annotated[PrivateNetwork, Field(examples=["10.20.0.0/16"])]
    """The VPC's IPv4 block, /16 to /22. It is cut into eight parts: one for the public subnets, one for the private
    subnet of each possible zone a to f, and one left free. A zone's part depends on its letter alone, so adding a zone
    never moves another."""

    zones: Annotated[
        tuple[Zone, ...],
        Field(min_length=1, max_length=6, examples=[["eu-central-1a"]]),
    ]
    """Availability zones, 1 to 6. With `nat: single` the NAT gateway stands in the first one: append new zones."""

    nat: NatMode = "perZone"
    """NAT gateways for the private subnets: `none`, `single` (one for all zones; cheaper, but its zone's failure
    cuts all of them off) or `perZone`."""

    flow_logs: FlowLogsSpec = FlowLogsSpec()
    """VPC flow logs."""
