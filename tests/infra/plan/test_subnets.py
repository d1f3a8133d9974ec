from __future__ import annotations

import ipaddress
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.plan.subnets import ZONE_LETTERS, ZoneBlocks, free_block, plan_subnets
from infra.spec import SpecError

ZONES = tuple(f"eu-central-1{letter}" for letter in ZONE_LETTERS)


@st.composite
def vpc_blocks(draw: st.DrawFn) -> str:
    prefix = draw(st.integers(16, 22))
    address = draw(st.integers(0, 2**24 - 1)) | 10 << 24
    return str(ipaddress.IPv4Network((address, prefix), strict=False))


zone_lists = st.lists(st.sampled_from(ZONES), min_size=1, max_size=6, unique=True)


def blocks_of(cidr: str, zones: list[str] | tuple[str, ...]) -> list[ipaddress.IPv4Network]:
    return [
        ipaddress.IPv4Network(block)
        for planned in plan_subnets(cidr, zones)
        for block in (planned.public, planned.private)
    ]


def test_a_slash_16_is_cut_by_zone_letter() -> None:
    assert plan_subnets("10.20.0.0/16", ZONES) == (
        ZoneBlocks("eu-central-1a", public="10.20.0.0/22", private="10.20.32.0/19"),
        ZoneBlocks("eu-central-1b", public="10.20.4.0/22", private="10.20.64.0/19"),
        ZoneBlocks("eu-central-1c", public="10.20.8.0/22", private="10.20.96.0/19"),
        ZoneBlocks("eu-central-1d", public="10.20.12.0/22", private="10.20.128.0/19"),
        ZoneBlocks("eu-central-1e", public="10.20.16.0/22", private="10.20.160.0/19"),
        ZoneBlocks("eu-central-1f", public="10.20.20.0/22", private="10.20.192.0/19"),
    )
    assert free_block("10.20.0.0/16") == "10.20.224.0/19"


def test_the_smallest_block_gives_the_smallest_subnets_aws_allows() -> None:
    assert plan_subnets("192.168.4.0/22", ["eu-central-1f"]) == (
        ZoneBlocks("eu-central-1f", public="192.168.4.80/28", private="192.168.7.0/25"),
    )
    assert free_block("192.168.4.0/22") == "192.168.7.128/25"


@given(cidr=vpc_blocks(), zones=zone_lists)
def test_subnets_lie_in_the_vpc_and_share_no_address(cidr: str, zones: list[str]) -> None:
    blocks = [*blocks_of(cidr, zones), ipaddress.IPv4Network(free_block(cidr))]
    assert all(block.subnet_of(ipaddress.IPv4Network(cidr)) for block in blocks)
    assert not [(a, b) for a, b in combinations(blocks, 2) if a.overlaps(b)]


@given(cidr=vpc_blocks(), zones=zone_lists)
def test_public_subnets_are_a_64th_and_private_ones_an_eighth(cidr: str, zones: list[str]) -> None:
    size = ipaddress.IPv4Network(cidr).num_addresses
    sizes = [block.num_addresses for block in blocks_of(cidr, zones)]
    assert sizes == [size // 64, size // 8] * len(zones)
    assert ipaddress.IPv4Network(free_block(cidr)).num_addresses == size // 8


@given(cidr=vpc_blocks(), zones=zone_lists, more=zone_lists)
def test_adding_zones_moves_no_other(cidr: str, zones: list[str], more: list[str]) -> None:
    grown = [*zones, *(zone for zone in more if zone not in zones)]
    assert [blocks for blocks in plan_subnets(cidr, grown) if blocks.zone in zones] == list(plan_subnets(cidr, zones))


@given(cidr=vpc_blocks(), zones=zone_lists, data=st.data())
def test_the_order_of_zones_means_nothing(cidr: str, zones: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(zones))
    planned = plan_subnets(cidr, shuffled)
    assert [blocks.zone for blocks in planned] == sorted(zones)
    assert planned == plan_subnets(cidr, zones)


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/23", "10.0.0.0/28"])
def test_a_block_that_cannot_be_cut_is_refused(cidr: str) -> None:
    for refuse in (lambda: plan_subnets(cidr, ZONES), lambda: free_block(cidr)):
        with pytest.raises(SpecError) as caught:
            refuse()
        (problem,) = caught.value.problems
        assert str(problem) == (
            f"network.cidr: '{cidr}' cannot be cut into the subnets of six zones. Fix: write a block of /16 to /22."
        )


@pytest.mark.parametrize("zone", ["eu-central-1g", "eu-central-1", "", "eu-central-1A"])
def test_a_zone_without_a_place_is_refused(zone: str) -> None:
    with pytest.raises(SpecError) as caught:
        plan_subnets("10.0.0.0/16", ["eu-central-1a", zone])
    (problem,) = caught.value.problems
    assert str(problem) == (
        f"network.zones: '{zone}' has no place in the VPC block, which is cut for the zones a to f. "
        "Fix: use zones whose names end in a letter from a to f."
    )
