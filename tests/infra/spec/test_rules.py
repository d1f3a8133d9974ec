"""Rules between values of the environment: path, value, fix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.samples import ENVIRONMENT, group_mapping, sample_mapping
from tests.infra.spec.reports import GROUP, report, with_fourth

CONTROL_PLANE = {"role": "ControlPlane", "machineType": "m7i.large", "zones": ["eu-central-1a"]}
OVERLAP = "choose ranges that share no address; the defaults share none with 10.0.0.0/8"
QUORUM = (
    "groups with the role ControlPlane, which gives etcd no sound quorum. Fix: declare 1, 3 or 5 groups with the role "
    "ControlPlane, each of one machine in one zone."
)


def members(count: int, **change: Any) -> dict[str, Any]:
    """Return the sample environment with ``count`` control-plane members and nothing else; the last one changed."""
    groups = [{"name": f"member-{number}", **CONTROL_PLANE} for number in range(count)]
    groups[-1:] = [{**groups[-1], **change}] if groups else [group_mapping()]
    return sample_mapping(instanceGroups=groups)


def test_the_sample_is_good() -> None:
    assert report(sample_mapping()) == []


def test_zones_of_another_region() -> None:
    raw = sample_mapping(network={"zones": ["eu-central-1a", "eu-west-1b", "eu-central-1c"]})
    assert report(raw) == [
        "network.zones[1]: 'eu-west-1b' is not in region eu-central-1. Fix: write eu-central-1b, or change region."
    ]


def test_a_zone_listed_twice() -> None:
    raw = sample_mapping(network={"zones": ["eu-central-1a", "eu-central-1b", "eu-central-1a"]})
    assert report(raw) == ["network.zones[2]: 'eu-central-1a' is listed twice. Fix: remove one."]


@pytest.mark.parametrize(("cidr", "count"), [("10.20.0.0/23", 512), ("10.20.0.0/24", 256), ("10.20.0.0/32", 1)])
def test_a_block_too_small_for_the_zones(cidr: str, count: int) -> None:
    assert report(sample_mapping(network={"cidr": cidr})) == [
        f"network.cidr: {cidr!r} is too small: {count} addresses, and the subnets of 1 to 6 zones need 1024. "
        "Fix: write a block of /16 to /22."
    ]


@pytest.mark.parametrize("cidr", ["10.20.0.0/15", "10.0.0.0/8"])
def test_a_block_greater_than_a_vpc(cidr: str) -> None:
    assert report(sample_mapping(network={"cidr": cidr})) == [
        f"network.cidr: {cidr!r} is greater than a VPC may be (/16). Fix: write a block of /16 to /22."
    ]


@pytest.mark.parametrize("prefix", range(16, 23))
def test_blocks_that_are_accepted(prefix: int) -> None:
    assert report(sample_mapping(network={"cidr": f"10.0.0.0/{prefix}"})) == []


@pytest.mark.parametrize(("length", "accepted"), [(13, True), (14, False)])
def test_the_longest_cluster_name_leaves_room_for_thirteen_characters(length: int, accepted: bool) -> None:
    cluster, group = "c" * 50, "g" * length
    raw = members(1)
    raw["cluster"]["name"] = cluster
    raw["instanceGroups"].append(group_mapping(group))
    line = (
        f"instanceGroups[1].name: {group!r} is too long: the IAM role {group}.{cluster} has 65 characters, and IAM "
        "allows 64. Fix: use at most 13 characters, or a shorter cluster.name."
    )
    assert report(raw) == ([] if accepted else [line])


def test_a_cluster_name_too_long_is_said_once_and_not_for_each_group() -> None:
    name = f"{'a' * 40}.{'b' * 10}"
    assert report(sample_mapping(cluster={"name": name})) == [
        f"cluster.name: {name!r} is too long: it has 51 characters, and IAM allows 64 for the role <group>.<cluster>. "
        "Fix: use at most 50 characters, which leaves 13 for a group's name."
    ]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"cluster": {"podCidr": "10.20.128.0/17"}},
            f"cluster.podCidr: '10.20.128.0/17' overlaps network.cidr 10.20.0.0/16. Fix: {OVERLAP}.",
        ),
        (
            {"cluster": {"serviceCidr": "10.20.255.0/24"}},
            f"cluster.serviceCidr: '10.20.255.0/24' overlaps network.cidr 10.20.0.0/16. Fix: {OVERLAP}.",
        ),
        (
            {"cluster": {"serviceCidr": "100.100.0.0/16"}},
            f"cluster.serviceCidr: '100.100.0.0/16' overlaps cluster.podCidr 100.96.0.0/11. Fix: {OVERLAP}.",
        ),
        (
            {"network": {"cidr": "100.64.0.0/16"}},
            f"cluster.serviceCidr: '100.64.0.0/13' overlaps network.cidr 100.64.0.0/16. Fix: {OVERLAP}.",
        ),
        (
            {"cluster": {"podCidr": "128.0.0.0/7"}},
            "cluster.podCidr: '128.0.0.0/7' has too many addresses (no cluster needs as many). "
            "Fix: write a block of /8 to /22.",
        ),
        (
            {"cluster": {"podCidr": "100.96.0.0/23"}},
            "cluster.podCidr: '100.96.0.0/23' has too few addresses (each node takes a /24). "
            "Fix: write a block of /8 to /22.",
        ),
        (
            {"cluster": {"serviceCidr": "172.0.0.0/11"}},
            "cluster.serviceCidr: '172.0.0.0/11' has too many addresses (kube-apiserver accepts 2^20). "
            "Fix: write a block of /12 to /28.",
        ),
        (
            {"cluster": {"serviceCidr": "172.16.0.0/29"}},
            "cluster.serviceCidr: '172.16.0.0/29' has too few addresses (DNS has the tenth). "
            "Fix: write a block of /12 to /28.",
        ),
        *(
            (
                {"cluster": {"podCidr": block}},
                f"cluster.podCidr: {block!r} overlaps {reserved}, which {use}. Fix: choose another range.",
            )
            for block, reserved, use in (
                ("0.0.0.0/8", "0.0.0.0/8", "means this host"),
                ("127.1.0.0/16", "127.0.0.0/8", "is loopback"),
                ("169.0.0.0/8", "169.254.0.0/16", "is link-local: EC2's metadata, time and DNS answer there"),
                ("240.0.0.0/8", "224.0.0.0/3", "is multicast and reserved"),
            )
        ),
        (
            {"cluster": {"serviceCidr": "169.254.0.0/20"}},
            "cluster.serviceCidr: '169.254.0.0/20' overlaps 169.254.0.0/16, which is link-local: EC2's metadata, time "
            "and DNS answer there. Fix: choose another range.",
        ),
    ],
)
def test_ranges_of_addresses(change: dict[str, Any], line: str) -> None:
    assert report(sample_mapping(**change)) == [line]


@pytest.mark.parametrize(
    "cluster",
    [
        {"podCidr": "11.0.0.0/8"},
        {"podCidr": "172.16.0.0/22"},
        {"serviceCidr": "172.16.0.0/12"},
        {"serviceCidr": "172.16.0.0/28"},
        {"podCidr": "10.21.0.0/16", "serviceCidr": "10.22.0.0/16"},
        # Pods have addresses of the VPC then; the range is unused.
        {"cni": "amazonVpc", "networkPolicies": "notEnforced", "podCidr": "10.20.0.0/16"},
    ],
)
def test_ranges_that_are_accepted(cluster: dict[str, Any]) -> None:
    assert report(sample_mapping(cluster=cluster)) == []


def test_a_boundary_of_another_account() -> None:
    arn = "arn:aws:iam::999988887777:policy/boundary"
    assert report(sample_mapping(cluster={"iam": {"permissionsBoundary": arn}})) == [
        f"cluster.iam.permissionsBoundary: {arn!r} is a policy of another account, and a role's boundary must be of "
        "its own (111122223333) or AWS's. Fix: name a policy of account 111122223333."
    ]


def test_namespaces() -> None:
    taken = "is a namespace that Kubernetes itself makes. Fix: choose another name."
    names = ["web", "default", "web", "kube-system", "kubernetes"]
    assert report(sample_mapping(cluster={"namespaces": [{"name": name} for name in names]})) == [
        f"cluster.namespaces[1].name: 'default' {taken}",
        "cluster.namespaces[2].name: 'web' is declared twice. Fix: rename or remove one.",
        f"cluster.namespaces[3].name: 'kube-system' {taken}",
    ]


NAMES = "give each group a name of its own; a former name stays taken while renamedFrom holds it"


def test_two_groups_of_one_name() -> None:
    assert report(with_fourth(name="edge")) == [f"{GROUP}.name: 'edge' is taken by instanceGroups[2]. Fix: {NAMES}."]


def test_a_group_with_the_former_name_of_another() -> None:
    first, nodes, edge = ENVIRONMENT["instanceGroups"]
    renamed = {**nodes, "name": "workers", "renamedFrom": "nodes"}
    for groups, line in (
        ([first, renamed, nodes], f"instanceGroups[2].name: 'nodes' is taken by instanceGroups[1]. Fix: {NAMES}."),
        (
            [first, nodes, renamed],
            f"instanceGroups[2].renamedFrom: 'nodes' is taken by instanceGroups[1]. Fix: {NAMES}.",
        ),
        (
            [first, renamed, {**edge, "renamedFrom": "nodes"}],
            f"instanceGroups[2].renamedFrom: 'nodes' is taken by instanceGroups[1]. Fix: {NAMES}.",
        ),
    ):
        assert report(sample_mapping(instanceGroups=groups)) == [line]
    assert report(sample_mapping(instanceGroups=[first, renamed, edge])) == []


def test_a_group_renamed_from_its_own_name() -> None:
    assert report(with_fourth(renamedFrom="fourth")) == [
        f"{GROUP}.renamedFrom: 'fourth' is the name that the group has. Fix: remove it."
    ]


@pytest.mark.parametrize("count", [0, 2, 4, 6])
def test_members_without_a_quorum(count: int) -> None:
    assert report(members(count)) == [f"instanceGroups: have {count} {QUORUM}"]


def test_a_wrong_value_in_a_group_does_not_hide_that_there_is_no_quorum() -> None:
    mapping = members(2)
    mapping["instanceGroups"].append(group_mapping("wrong", machineType="m7i-large"))
    assert report(mapping) == [
        f"instanceGroups: have 2 {QUORUM}",
        "instanceGroups[2].machineType: 'm7i-large' is not an EC2 instance type. Fix: write family.size, as m7i.large.",
    ]


def test_a_role_that_is_none_may_be_the_member_that_lacks() -> None:
    mapping = members(2)
    mapping["instanceGroups"].append(group_mapping("wrong", role="controlplane"))
    (line,) = report(mapping)
    assert "have 2" not in line


@pytest.mark.parametrize("count", [1, 3, 5])
def test_members_with_a_quorum(count: int) -> None:
    assert report(members(count)) == []


@pytest.mark.parametrize(
    ("change", "sizes"),
    [
        ({"maxSize": 2}, "minSize 1, maxSize 2"),
        ({"minSize": 0}, "minSize 0, maxSize 1"),
        ({"minSize": 3, "maxSize": 3}, "minSize 3, maxSize 3"),
    ],
)
def test_a_member_of_more_or_less_than_one_machine(change: dict[str, int], sizes: str) -> None:
    assert report(members(3, **change)) == [
        f"instanceGroups[2]: 'member-2' ({sizes}) is a control-plane member and must be exactly one machine. "
        "Fix: set minSize and maxSize to 1 and declare another group for another member."
    ]


def test_a_members_desired_size() -> None:
    assert report(members(1, desiredSize=1)) == []
    assert report(members(1, desiredSize=0))[0].startswith("instanceGroups[0]: 'member-0' (minSize 1, maxSize 1) is a ")


@pytest.mark.parametrize(
    ("zones", "shown"),
    [
        ([], "['eu-central-1a', 'eu-central-1b', 'eu-central-1c']"),
        (["eu-central-1b", "eu-central-1c"], "['eu-central-1b', 'eu-central-1c']"),
    ],
)
def test_a_member_in_more_than_one_zone(zones: list[str], shown: str) -> None:
    first = zones[0] if zones else "eu-central-1a"
    assert report(members(3, zones=zones)) == [
        f"instanceGroups[2].zones: {shown} must be one zone: a control-plane member keeps its address and its etcd "
        f"volume, which live in a zone. Fix: write one zone, as [{first}]."
    ]


def test_a_member_needs_no_zone_where_there_is_one() -> None:
    raw = members(1, zones=[])
    raw["network"]["zones"] = ["eu-central-1b"]
    assert report(raw) == []


def test_a_pod_network_without_network_policies_is_acknowledged() -> None:
    assert report(sample_mapping(cluster={"cni": "amazonVpc"})) == [
        "cluster.cni: 'amazonVpc' enforces no NetworkPolicies: the guards of namespaces and workloads, and the "
        "innermost of the edge's firewall, would be there and stop nothing. Fix: take cilium, or write "
        "networkPolicies: notEnforced."
    ]
    assert report(sample_mapping(cluster={"networkPolicies": "notEnforced"})) == [
        "cluster.networkPolicies: 'notEnforced' is not so: cilium enforces them. Fix: remove it."
    ]
