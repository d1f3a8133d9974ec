from __future__ import annotations

import itertools
import re

import pytest

from infra.plan.security import SecurityPlan, SecurityRule, plan_security
from infra.spec.instance_group import Role
from tests.infra.samples import pod_network, sample_spec

CNIS = ("cilium", "amazonVpc")
ROLES: tuple[Role, ...] = ("ControlPlane", "Node", "Edge")
PAIRS = set(itertools.product(ROLES, ROLES))
EC2_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}")
"""What EC2 accepts as the description of a group or rule (API reference, CreateSecurityGroup, IpRange)."""


def plan(cni: str) -> SecurityPlan:
    return plan_security(sample_spec(cluster=pod_network(cni)))


def ingress(cni: str) -> list[SecurityRule]:
    return [rule for rule in plan(cni).rules if rule.direction == "ingress"]


def opened(cni: str, protocol: str, port: int) -> set[tuple[Role | None, Role]]:
    """Who reaches a port on whom: (source, target)."""
    return {
        (rule.peer, rule.role)
        for rule in ingress(cni)
        if rule.protocol == "-1"
        or (rule.protocol == protocol and rule.ports and rule.ports[0] <= port <= rule.ports[1])
    }


AMONG_PODS = {("Node", "Node"), ("Edge", "Node"), ("Node", "Edge")}
"""Directions that are wholly open with amazonVpc, where pods share their machine's security group."""
TO_PODS = AMONG_PODS | {("ControlPlane", "Node")}


@pytest.mark.parametrize(
    ("protocol", "port", "expected"),
    [
        ("tcp", 443, {(role, "ControlPlane") for role in ROLES}),
        ("tcp", 10250, {("ControlPlane", role) for role in ROLES}),
        ("tcp", 2379, {("ControlPlane", "ControlPlane")}),
        ("tcp", 2380, {("ControlPlane", "ControlPlane")}),
        ("tcp", 2381, {("ControlPlane", "ControlPlane")}),
        ("tcp", 9100, {("ControlPlane", role) for role in ROLES}),
        ("udp", 8472, PAIRS),
        ("tcp", 4240, PAIRS),
        *(("tcp", port, set()) for port in (22, 80, 2378, 2382, 6443, 10255, 10256, 10257, 10259, 30000, 31000, 32767)),
        *(("udp", port, set()) for port in (53, 443, 4789, 8471, 30000)),
    ],
)
def test_who_reaches_whom_with_cilium(protocol: str, port: int, expected: set[tuple[Role, Role]]) -> None:
    assert opened("cilium", protocol, port) == expected


@pytest.mark.parametrize(
    ("protocol", "port", "expected"),
    [
        ("tcp", 443, TO_PODS | {(role, "ControlPlane") for role in ROLES}),
        ("tcp", 10250, TO_PODS | {("ControlPlane", role) for role in ROLES}),
        *(("tcp", port, TO_PODS | {("ControlPlane", "ControlPlane")}) for port in (2379, 2380, 2381)),
        ("tcp", 9100, TO_PODS | {("ControlPlane", role) for role in ROLES}),
        ("tcp", 53, TO_PODS | {(role, "ControlPlane") for role in ROLES}),
        ("udp", 53, TO_PODS | {(role, "ControlPlane") for role in ROLES}),
        ("tcp", 1, TO_PODS),
        ("tcp", 65535, TO_PODS),
        ("tcp", 2382, TO_PODS),
        ("udp", 8472, AMONG_PODS),
        ("icmp", 8, AMONG_PODS),
    ],
)
def test_who_reaches_whom_with_amazon_vpc(protocol: str, port: int, expected: set[tuple[Role, Role]]) -> None:
    assert opened("amazonVpc", protocol, port) == expected


def test_wireguard_has_its_port_where_pods_are_encrypted() -> None:
    spec = sample_spec(cluster={"addons": {"cilium": {"encryption": "wireguard"}}})
    names = {rule.name for rule in plan_security(spec).rules} - {rule.name for rule in plan("cilium").rules}
    added = [rule for rule in plan_security(spec).rules if rule.name in names]
    assert {(rule.peer, rule.role) for rule in added} == PAIRS
    assert {(rule.direction, rule.protocol, rule.ports) for rule in added} == {("ingress", "udp", (51871, 51871))}


def test_cilium_pings_every_machine_and_nothing_else_is_icmp() -> None:
    icmp = [rule for rule in ingress("cilium") if rule.protocol == "icmp"]
    assert {(rule.peer, rule.role) for rule in icmp} == PAIRS
    assert {rule.ports for rule in icmp} == {(8, 0)}


@pytest.mark.parametrize("cni", CNIS)
def test_nothing_is_open_to_addresses_only_to_roles(cni: str) -> None:
    assert all(rule.peer is not None and rule.peer_cidr is None for rule in ingress(cni))


@pytest.mark.parametrize("cni", CNIS)
def test_every_protocol_at_once_only_where_pods_share_the_machines_group(cni: str) -> None:
    wide = {(rule.peer, rule.role) for rule in ingress(cni) if rule.protocol == "-1" or rule.ports == (0, 65535)}
    assert wide == (TO_PODS if cni == "amazonVpc" else set())
    for rule in plan(cni).rules:
        assert (rule.protocol == "-1") == (rule.ports is None)


@pytest.mark.parametrize("cni", CNIS)
def test_no_rule_is_wider_than_kops(cni: str) -> None:
    """kops: nodes to nodes and control plane to all, everything; nodes to control plane, all ports but etcd's."""
    for rule in ingress(cni):
        if rule.role == "ControlPlane" and rule.peer != "ControlPlane":
            assert rule.protocol in ("tcp", "udp", "icmp")
            assert rule.ports is not None
            assert not any(low <= port <= high for low, high in [rule.ports] for port in (2379, 2380, 2381))


@pytest.mark.parametrize("cni", CNIS)
def test_machines_reach_out_over_ipv4(cni: str) -> None:
    egress = [rule for rule in plan(cni).rules if rule.direction == "egress"]
    assert [(rule.name, rule.role, rule.peer, rule.peer_cidr, rule.protocol, rule.ports) for rule in egress] == [
        ("egress-control-plane", "ControlPlane", None, "0.0.0.0/0", "-1", None),
        ("egress-nodes", "Node", None, "0.0.0.0/0", "-1", None),
        ("egress-edge", "Edge", None, "0.0.0.0/0", "-1", None),
    ]


@pytest.mark.parametrize(("cni", "count"), [("cilium", 41), ("amazonVpc", 25)])
def test_each_rule_has_one_name_and_says_why(cni: str, count: int) -> None:
    rules = plan(cni).rules
    assert len({rule.name for rule in rules}) == len(rules) == count
    facts = {(rule.role, rule.direction, rule.peer, rule.peer_cidr, rule.protocol, rule.ports) for rule in rules}
    assert len(facts) == count
    for rule in rules:
        assert EC2_DESCRIPTION.fullmatch(rule.why)
        assert rule.tags["Name"] == f"{rule.name}.test.example.com"


@pytest.mark.parametrize("cni", CNIS)
def test_rules_fit_the_quota_of_a_group(cni: str) -> None:
    # 60 inbound rules for each security group (VPC quotas).
    assert max(sum(rule.role == role for rule in ingress(cni)) for role in ROLES) < 60


def test_a_group_for_each_role() -> None:
    groups = plan("cilium").groups
    assert [(group.role, group.key, group.name, group.description) for group in groups] == [
        (role, key, f"{key}.test.example.com", f"Machines of role {role} in test.example.com")
        for role, key in (("ControlPlane", "control-plane"), ("Node", "nodes"), ("Edge", "edge"))
    ]
    for group in groups:
        assert EC2_DESCRIPTION.fullmatch(group.description)
        assert group.tags["Name"] == group.name
        assert group.tags["kubernetes.io/cluster/test.example.com"] == "owned"


def test_names_of_rules_say_what_from_whom_to_whom() -> None:
    names = {rule.name for rule in plan("cilium").rules}
    assert {"api-edge-to-control-plane", "kubelet-control-plane-to-nodes", "vxlan-nodes-to-edge"} <= names
