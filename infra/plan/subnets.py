"""Cutting a VPC block into subnets, so that a zone's addresses depend on the zone's letter and on nothing else."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infra.spec import Problem, SpecError
from infra.spec.network import NetworkSpec
from infra.spec.network_rules import VPC_PREFIXES

ZONE_LETTERS = "abcdef"
"""Letters of the zones that have a place in the block, in the order of their places."""

_PART_BITS = 3
"""A block is cut into eight parts, and its part 0 into eight again."""


@dataclass(frozen=True)
class ZoneBlocks:
    """The addresses of one zone, in CIDR notation."""

    zone: str
    public: str | None
    """Block of the public subnet, which holds load balancers and NAT gateways. None where an existing network has none.
    """
    private: str
    """Block of the private subnet, which holds the machines."""
    members_from: Mapping[str, str | None] = field(default_factory=dict)
    """Kind of subnet -> address of its first control-plane member, where the spec says one."""

    def of(self, kind: str) -> str:
        """Return the block of the ``public`` or the ``private`` subnet.

        Raises:
            ValueError: there is no such subnet; the spec's rules let nothing stand in it.
        """
        block = self.public if kind == "public" else self.private
        if block is None:
            raise ValueError(f"{self.zone} has no {kind} subnet")
        return block


def zone_blocks(network: NetworkSpec) -> tuple[ZoneBlocks, ...]:
    """Return the blocks of each zone, those that exist or those that are cut, in the order of the zones' names.

    Raises:
        SpecError: as :func:`plan_subnets`.
    """
    existing = sorted(network.existing_subnets, key=lambda each: each.zone)
    if not existing:
        return plan_subnets(network.cidr, network.zones)
    return tuple(
        ZoneBlocks(
            zone=each.zone,
            public=each.public.cidr if each.public else None,
            private=each.private.cidr,
            members_from={kind: subnet.members_from for kind, subnet in each.by_kind.items()},
        )
        for each in existing
    )


def plan_subnets(cidr: str, zones: Sequence[str]) -> tuple[ZoneBlocks, ...]:
    """Return the blocks of each zone, in the order of their names, whatever order the file has them in.

    Part 0 of the block is cut into the public subnets, parts 1 to 6 are the private subnets of the zones a to f.
    Two eighths of part 0 and the whole of part 7 stay free (:func:`free_block`).

    Raises:
        SpecError: the block is not a /16 to /22, or a zone's letter has no place in it.
    """
    parts = _parts(cidr)
    public = list(parts[0].subnets(prefixlen_diff=_PART_BITS))
    blocks = []
    for zone in sorted(zones):
        place = _place(zone)
        blocks.append(ZoneBlocks(zone=zone, public=str(public[place]), private=str(parts[1 + place])))
    return tuple(blocks)


def free_block(cidr: str) -> str:
    """Return the part of the VPC block that no subnet takes, kept for later use (subnets for pods, for example).

    Raises:
        SpecError: the block is not a /16 to /22.
    """
    return str(_parts(cidr)[-1])


def _parts(cidr: str) -> list[ipaddress.IPv4Network]:
    block = ipaddress.IPv4Network(cidr)
    if block.prefixlen not in VPC_PREFIXES:
        raise SpecError(
            "network plan",
            [
                Problem(
                    ("network", "cidr"),
                    "cannot be cut into the subnets of six zones",
                    f"write a block of /{VPC_PREFIXES[0]} to /{VPC_PREFIXES[-1]}",
                    repr(cidr),
                )
            ],
        )
    return list(block.subnets(prefixlen_diff=_PART_BITS))


def _place(zone: str) -> int:
    place = ZONE_LETTERS.find(zone[-1:])
    # find() of an empty string is 0: a zone without a name has no letter either.
    if not zone or place < 0:
        raise SpecError(
            "network plan",
            [
                Problem(
                    ("network", "zones"),
                    "has no place in the VPC block, which is cut for the zones a to f",
                    "use zones whose names end in a letter from a to f",
                    repr(zone),
                )
            ],
        )
    return place
