"""Rules of a VPC and of subnets that exist already: path, value, fix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.networks import GATEWAY, IN_SUBNETS, IN_VPC, VPC, existing_subnets, subnet_id
from tests.infra.samples import group_mapping, sample_mapping
from tests.infra.spec.reports import report


def network(vpc: dict[str, Any], **change: Any) -> dict[str, Any]:
    return sample_mapping(network={"vpc": vpc, **change})


def subnets(change: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Return an environment in existing subnets, some entries of which are changed: index -> keys."""
    entries = existing_subnets()
    for index, keys in change.items():
        for key, value in keys.items():
            entries[index][key] = {**entries[index].get(key, {}), **value} if isinstance(value, dict) else value
    return network({"id": VPC, "subnets": entries})


@pytest.mark.parametrize("vpc", [IN_VPC, IN_SUBNETS])
def test_networks_that_are_good(vpc: dict[str, Any]) -> None:
    assert report(network(vpc)) == []


def test_subnets_that_are_made_need_the_way_out() -> None:
    assert report(network({"id": VPC})) == [
        "network.vpc.internetGatewayId: is missing: the public subnets that are made in the VPC lead out by it. "
        "Fix: write the gateway that is attached to the VPC, as igw-0123456789abcdef0, or name subnets that exist."
    ]


def test_subnets_that_exist_have_their_own_ways_out() -> None:
    assert report(network({**IN_SUBNETS, "internetGatewayId": GATEWAY}, nat="single")) == [
        f"network.vpc.internetGatewayId: '{GATEWAY}' leads nowhere. "
        "Fix: remove it: routes of existing subnets are their owner's.",
        "network.nat: 'single' is of subnets that Slipway makes, and these exist. "
        "Fix: remove it: how network.vpc.subnets reach out is their owner's.",
    ]


@pytest.mark.parametrize("nat", ["perZone", "single", "none"])
def test_subnets_that_are_made_have_any_nat(nat: str) -> None:
    assert report(network(IN_VPC, nat=nat)) == []


@pytest.mark.parametrize("vpc", [IN_VPC, IN_SUBNETS])
def test_flows_of_others_are_not_recorded(vpc: dict[str, Any]) -> None:
    assert report(network(vpc, flowLogs={"enabled": True})) == [
        "network.flowLogs.enabled: true would record what others do in the VPC, too. "
        "Fix: remove it: flow logs are the VPC owner's."
    ]


def test_each_zone_has_its_subnets_and_no_other_has() -> None:
    raw = subnets({1: {"zone": "eu-central-1a"}, 2: {"zone": "eu-central-1d"}})
    assert report(raw) == [
        "network.vpc.subnets: have none of eu-central-1b, eu-central-1c. "
        "Fix: add an entry for each of network.zones, or take the zone out of these.",
        "network.vpc.subnets[1].zone: 'eu-central-1a' has subnets already. "
        "Fix: write one entry for each zone, with its private and its public subnet.",
        "network.vpc.subnets[2].zone: 'eu-central-1d' is not a zone of the network. "
        "Fix: add it to network.zones, or use eu-central-1a, eu-central-1b, eu-central-1c.",
    ]


def test_subnets_lie_in_the_block() -> None:
    raw = subnets({0: {"private": {"cidr": "10.21.32.0/20"}}, 1: {"public": {"cidr": "10.20.0.0/15"}}})
    assert report(raw) == [
        "network.vpc.subnets[0].private.cidr: '10.21.32.0/20' is not inside network.cidr 10.20.0.0/16. "
        "Fix: correct one of both: network.cidr is the block that all of them lie in.",
        "network.vpc.subnets[1].public.cidr: '10.20.0.0/15' is not inside network.cidr 10.20.0.0/16. "
        "Fix: correct one of both: network.cidr is the block that all of them lie in.",
        "network.vpc.subnets[1].public.cidr: '10.20.0.0/15' is no size that a subnet has. "
        "Fix: write its block as EC2 shows it, /16 to /28.",
        *(
            f"network.vpc.subnets[1].public.cidr: '10.20.0.0/15' overlaps network.vpc.subnets[{where} {cidr}. "
            "Fix: write both as EC2 shows them: subnets of a VPC share no address."
            for where, cidr in (
                ("0].private", "10.21.32.0/20"), ("0].public", "10.20.0.0/24"), ("1].private", "10.20.48.0/20"),
            )
        ),
        *(
            f"network.vpc.subnets[2].{kind}.cidr: '{cidr}' overlaps network.vpc.subnets[1].public 10.20.0.0/15. "
            "Fix: write both as EC2 shows them: subnets of a VPC share no address."
            for kind, cidr in (("private", "10.20.64.0/20"), ("public", "10.20.2.0/24"))
        ),
    ]  # fmt: skip


def test_a_subnet_is_named_once() -> None:
    twice = subnet_id("private", "a")
    assert report(subnets({2: {"public": {"id": twice}}})) == [
        f"network.vpc.subnets[2].public.id: '{twice}' is that of network.vpc.subnets[0].private, too. "
        "Fix: give each zone a private and a public subnet of its own."
    ]


@pytest.mark.parametrize(("cidr", "good"), [("10.20.0.0/16", True), ("10.20.0.0/15", False), ("10.20.0.0/29", False)])
def test_the_block_of_existing_subnets(cidr: str, good: bool) -> None:
    found = [each for each in report(network(IN_SUBNETS, cidr=cidr)) if each.startswith("network.cidr")]
    expected = f"network.cidr: '{cidr}' is no size that a VPC or a subnet has. Fix: write a block of /16 to /28."
    assert found == ([] if good else [expected])


def test_a_narrow_block_of_existing_subnets_will_do() -> None:
    entry = {"zone": "eu-central-1a", "private": {"id": subnet_id("private", "a"), "cidr": "10.20.0.0/28"}}
    raw = network({"id": VPC, "subnets": [entry]}, cidr="10.20.0.0/28", zones=["eu-central-1a"])
    assert report(raw) == []


MEMBERS = [group_mapping(f"cp-{n}", role="ControlPlane", zones=["eu-central-1a"]) for n in "abc"]
MEMBERS = [{key: value for key, value in each.items() if key not in ("minSize", "maxSize")} for each in MEMBERS]


@pytest.mark.parametrize(
    ("first", "count", "good"),
    [
        ("10.20.32.3", 1, False),
        ("10.20.32.4", 1, True),
        ("10.20.47.254", 1, True),
        ("10.20.47.255", 1, False),
        ("10.20.47.252", 3, True),
        ("10.20.47.253", 3, False),
        ("10.20.48.9", 1, False),
    ],
)
def test_members_have_addresses_that_aws_gives(first: str, count: int, good: bool) -> None:
    raw = subnets({0: {"private": {"membersFrom": first}}})
    raw["instanceGroups"] = [*MEMBERS[:count], *raw["instanceGroups"][1:]]
    members = ", and 3 members stand in eu-central-1a" if count == 3 else ""
    assert report(raw) == (
        []
        if good
        else [
            f"network.vpc.subnets[0].private.membersFrom: '{first}' leaves no room: 10.20.32.0/20 has 10.20.32.4 to "
            f"10.20.47.254 for machines{members}. Fix: write an address in between which nobody has, with as many free "
            "ones behind it as members need."
        ]
    )


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, False),
        ({"zones": ["eu-central-1b"]}, True),
        ({"role": "Node", "minSize": 1, "maxSize": 9}, True),
    ],
)
def test_only_members_of_the_zone_take_its_addresses(change: dict[str, Any], good: bool) -> None:
    """Two stand there beside the one that is changed, and two is what there is room for."""
    raw = subnets({0: {"private": {"membersFrom": "10.20.47.253"}}})
    more = [{**MEMBERS[number], "name": f"cp-{number}"} for number in range(2)]
    raw["instanceGroups"] = [*more, {**MEMBERS[2], **change}, *raw["instanceGroups"][1:]]
    found = [each for each in report(raw) if "membersFrom" in each]
    assert (found == []) is good, found


def test_a_single_members_room_is_told_without_counting() -> None:
    raw = subnets({0: {"private": {"membersFrom": "10.20.47.255"}}})
    raw["instanceGroups"] = [*MEMBERS[:1], *raw["instanceGroups"][1:]]
    (line,) = report(raw)
    assert "members stand" not in line


PRIVATE = {"id": VPC, "subnets": existing_subnets(public=False)}
NONE_IN_ALL = (
    "needs a public subnet, and network.vpc.subnets have none in eu-central-1a, eu-central-1b, eu-central-1c. "
    "Fix: add public there, or keep to private subnets and internal load balancers."
)


def test_a_network_without_public_subnets_will_do_for_what_is_private() -> None:
    edge = {"firewall": [{"name": "all", "sources": ["10.0.0.0/8"], "ports": ["http"]}], "internal": True}
    assert [each for each in report(sample_mapping(network={"vpc": PRIVATE}, edge=edge)) if "public" in each] == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"cluster": {"api": {"access": "public", "allowedCidrs": ["192.0.2.0/24"]}}},
            f"cluster.api.access: 'public' {NONE_IN_ALL}",
        ),
        (
            {"edge": {"firewall": [{"name": "all", "sources": ["192.0.2.0/24"], "ports": ["http"]}]}},
            f"edge.internal: false {NONE_IN_ALL}",
        ),
    ],
)
def test_what_is_public_needs_public_subnets(change: dict[str, Any], expected: str) -> None:
    assert expected in report(sample_mapping(network={"vpc": PRIVATE}, **change))


def test_a_group_needs_them_in_its_own_zones_alone() -> None:
    entries = existing_subnets()
    del entries[2]["public"]
    groups = [
        sample_mapping()["instanceGroups"][0],
        group_mapping(),
        group_mapping("here", subnets="public", zones=["eu-central-1a"]),
        group_mapping("there", subnets="public", zones=["eu-central-1b", "eu-central-1c"]),
    ]
    assert report(sample_mapping(network={"vpc": {"id": VPC, "subnets": entries}}, instanceGroups=groups)) == [
        "instanceGroups[3].subnets: 'public' needs a public subnet, and network.vpc.subnets have none in "
        "eu-central-1c. Fix: add public there, or keep to private subnets and internal load balancers."
    ]


def test_a_backends_load_balancer_needs_them_too() -> None:
    backend = {
        "name": "way-in", "namespace": "default", "type": "loadBalancer", "workload": "web",
        "ports": [{"port": 80}],
        "loadBalancer": {"scheme": "internet-facing", "sourceRanges": ["192.0.2.0/24"]},
    }  # fmt: skip
    line = f"backends[0].loadBalancer.scheme: 'internet-facing' {NONE_IN_ALL}"
    assert line in report(sample_mapping(network={"vpc": PRIVATE}, backends=[backend]))
    for other in (
        {**backend, "loadBalancer": {"scheme": "internal"}},
        {**backend, "type": "clusterIP", "loadBalancer": {}},
    ):
        found = report(sample_mapping(network={"vpc": PRIVATE}, backends=[other]))
        assert [each for each in found if "public subnet" in each] == []


ADDRESSES = {f"eu-central-1{letter}": f"eipalloc-0123456789abcdef{number}" for number, letter in enumerate("abc")}


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({"natAddresses": ADDRESSES}, []),
        ({"natAddresses": {"eu-central-1b": ADDRESSES["eu-central-1b"]}}, []),
        (
            {"nat": "single", "natAddresses": ADDRESSES},
            [
                f"network.natAddresses.{zone}: '{ADDRESSES[zone]}' is of a zone in which no NAT gateway is made. "
                "Fix: write it for eu-central-1a, or remove it."
                for zone in ("eu-central-1b", "eu-central-1c")
            ],
        ),
        (
            {"nat": "none", "natAddresses": {"eu-central-1a": ADDRESSES["eu-central-1a"]}},
            [
                "network.natAddresses.eu-central-1a: 'eipalloc-0123456789abcdef0' is of a zone in which no NAT gateway "
                "is made. Fix: remove it."
            ],
        ),
        (
            {"natAddresses": {**ADDRESSES, "eu-central-1c": ADDRESSES["eu-central-1a"]}},
            [
                "network.natAddresses.eu-central-1c: 'eipalloc-0123456789abcdef0' is that of eu-central-1a already. "
                "Fix: name another: a gateway needs one of its own."
            ],
        ),
        (
            {"natAddresses": {"eu-central-1a": "203.0.113.7"}},
            [
                "network.natAddresses.eu-central-1a: '203.0.113.7' is not the ID of an Elastic IP address. "
                "Fix: write its allocation ID as EC2 shows it, as eipalloc-0123456789abcdef0."
            ],
        ),
    ],
)
def test_addresses_are_those_of_gateways_that_are_made(change: dict[str, Any], lines: list[str]) -> None:
    assert report(sample_mapping(network=change)) == lines


def test_subnets_that_exist_take_no_addresses() -> None:
    (line,) = report(network(IN_SUBNETS, natAddresses={"eu-central-1a": ADDRESSES["eu-central-1a"]}))
    assert "is of a zone in which no NAT gateway is made" in line
