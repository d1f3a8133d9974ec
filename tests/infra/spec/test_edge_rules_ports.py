"""Which ports the edge may open, and how many of them, and how many hosts it may have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.plan.edge.samples import EDGE, edge_mapping
from tests.infra.samples import ENVIRONMENT, group_mapping
from tests.infra.spec.reports import report

WEB, OFFICE, PARTNERS = EDGE["firewall"]
POSTGRES = EDGE["tcpPorts"][0]


@pytest.mark.parametrize(
    ("port", "owner"),
    [
        (22, "SSH, which is never open to the outside; use a session of AWS Systems Manager"),
        (80, "the router's own; declare a route"),
        (443, "the router's own; declare a route"),
        (2379, "etcd's"),
        (2380, "etcd's"),
        (4240, "Cilium's"),
        (6443, "the Kubernetes API's in other set-ups, and the API is not reached through the edge"),
        (8080, "the router's, on its machines"),
        (8081, "the router's, on its machines"),
        (8443, "the router's, on its machines"),
        (9100, "the node exporter's"),
        (9101, "the router's metrics"),
        (10250, "the kubelet's"),
        (10256, "kube-proxy's"),
        (20001, "where the router answers for port 1"),
        (21023, "where the router answers for port 1023"),
        (30000, "in the range of node ports, which the API server gives out"),
        (32767, "in the range of node ports, which the API server gives out"),
    ],
)
def test_a_port_that_something_else_has(port: int, owner: str) -> None:
    assert report(edge_mapping(tcpPorts=[{**POSTGRES, "port": port}])) == [
        f"edge.tcpPorts[0].port: {port} is {owner}. Fix: choose another port."
    ]


@pytest.mark.parametrize("port", [20000, 21024, 29999, 32768])
def test_a_port_beside_a_range_that_something_else_has(port: int) -> None:
    assert report(edge_mapping(tcpPorts=[{**POSTGRES, "port": port}])) == []


def test_a_name_of_a_port_where_none_is_declared() -> None:
    assert report(edge_mapping(tcpPorts=[])) == [
        "edge.firewall[2].ports[0]: 'postgres' is no port of edge.tcpPorts. Fix: declare it under edge.tcpPorts."
    ]


def open_ports(count: int) -> dict[str, Any]:
    ports = [{**POSTGRES, "name": f"tcp-{number}", "port": 5000 + number} for number in range(count)]
    rule = {"name": "tcp", "sources": ["anywhere"], "ports": [port["name"] for port in ports]}
    return edge_mapping(tcpPorts=ports, firewall=[WEB, OFFICE, rule])


def test_as_many_ports_as_a_load_balancer_has_listeners_for() -> None:
    # The rule named web opens two more.
    assert report(open_ports(48)) == []
    assert report(open_ports(49)) == [
        "edge.firewall: opens 51 ports, and a network load balancer has 50 listeners. Fix: open fewer ports."
    ]


def with_hosts(count: int) -> dict[str, Any]:
    shop = EDGE["routes"][0]
    routes = [{**shop, "name": f"shop-{number}", "hosts": [f"{number:02}.example.com"]} for number in range(count)]
    return edge_mapping(routes=routes, firewall=[{**WEB, "hosts": ["*.example.com"]}, PARTNERS])


def test_as_many_hosts_as_a_gateway_has_listeners_for() -> None:
    assert report(with_hosts(63)) == []
    assert report(with_hosts(64)) == [
        "edge.routes: have 64 hosts, and the router's Gateway has 64 listeners, one of them for port 80. Fix: use "
        "wildcards."
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"retire": True}, "edge: has no machines: no instance group has the role Edge."),
        ({"retire": "no"}, "instanceGroups[2].retire: 'no' is not true or false."),
        ({"role": "Egde"}, "instanceGroups[2].role: 'Egde' is not one of the choices."),
    ],
)
def test_machines_that_go_are_none_and_a_wrong_word_of_theirs_is_told_alone(change: dict[str, Any], told: str) -> None:
    groups = [group for group in ENVIRONMENT["instanceGroups"] if group["role"] != "Edge"]
    front = group_mapping("front", **{"role": "Edge", **change})
    lines = report({**edge_mapping(), "instanceGroups": [*groups, front]})
    assert [line.partition(" Fix:")[0] for line in lines] == [told]
