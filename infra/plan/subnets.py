"""Cutting a VPC block into subnets, so that a zone's addresses depend on the zone's letter and on nothing else."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from infra.spec import Problem, SpecError
from infra.spec.rules import VPC_PREFIXES

ZONE_LETTERS = "abcdef"
"""Letters of the zones that have a place in the block, in the order of their places."""

_PART_BITS = 3
"""A block is cut into eight parts, and its part 0 into eight again."""


@dataclass(frozen=True)
class ZoneBlocks:
    """The addresses of one zone, in CIDR notation."""

    zone: str
    public: str
    """Block of the public subnet: 1/64 of the VPC. It holds load balancers and NAT gateways."""
    private: str
    """Block of the private subnet: 1/8 of the VPC. It holds the machines."""


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
