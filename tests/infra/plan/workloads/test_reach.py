"""The list of workloads tells of every way in, those that no ``from`` names among them."""

from __future__ import annotations

from typing import Any

import pytest

from infra.plan.workloads.policies import network_policy
from infra.plan.workloads.reach import reached_by
from tests.infra.workload_samples import EDGE, IMAGE, environment, problems

PORTS = [{"name": "http", "port": 8080}]
CIDR = "10.20.0.0/16"


def reached(*backends: dict[str, Any], **change: Any) -> tuple[str, ...]:
    ports = [{"name": "http", "port": 8080}]
    written = [{"name": f"b{i}", "namespace": "web", "ports": ports, **each} for i, each in enumerate(backends)]
    spec = environment({"web": {"image": IMAGE, "ports": PORTS, **change}}, backends=written)
    assert spec.network.cidr == CIDR
    return reached_by(spec, spec.declared_workloads[0])


@pytest.mark.parametrize(
    ("change", "who"),
    [
        ({}, ()),
        ({"from": ["edge", "monitoring"]}, ("edge (no route names it)", "monitoring")),
        ({"from": ["monitoring", "edge"], "expose": {"host": "api.example.com", "path": "/api"}},
         ("https://api.example.com/api", "monitoring")),
        ({"from": ["edge"], "expose": {"host": "api.example.com", "furtherHosts": ["api2.example.com"]}},
         ("https://api.example.com/", "https://api2.example.com/")),
        ({"service": {"type": "nodePort"}, "from": ["monitoring"]}, (f"{CIDR} at a port of every node", "monitoring")),
        ({"service": {"type": "loadBalancer"}}, (f"{CIDR} at a load balancer (internal)",)),
        ({"service": {"type": "loadBalancer", "loadBalancer": {"scheme": "internet-facing",
                                                               "sourceRanges": ["0.0.0.0/0"]}}},
         ("0.0.0.0/0 at a load balancer (internet-facing)",)),
    ],
)  # fmt: skip
def test_who_reaches_a_workload(change: dict[str, Any], who: tuple[str, ...]) -> None:
    assert reached(**change) == who


def test_routes_and_ports_of_the_edge_lead_in_as_well() -> None:
    edge = {
        **EDGE,
        "firewall": [*EDGE["firewall"], {"name": "tcp", "sources": ["10.9.0.0/16"], "ports": ["admin"]}],
        "routes": [{"name": "r", "hosts": ["shop.example.com"], "namespace": "web", "service": "web", "port": 8080}],
        "tcpPorts": [{"name": "admin", "port": 5000, "servicePort": 8080, "namespace": "web", "service": "web"}],
    }
    web = {"image": IMAGE, "ports": PORTS, "from": ["edge"], "expose": {"host": "api.example.com"}}
    spec = environment({"web": web}, edge=edge)
    assert reached_by(spec, spec.declared_workloads[0]) == (
        "https://api.example.com/", "https://shop.example.com/", "TCP port 5000 of the edge",
    )  # fmt: skip


def test_backends_lead_in_as_well() -> None:
    answered = {"workload": "web"}
    nodes, balancer = {**answered, "type": "nodePort"}, {**answered, "type": "loadBalancer"}
    assert reached(nodes, balancer, {**answered, "type": "clusterIP"}) == (
        f"{CIDR} at a port of every node",
        f"{CIDR} at a load balancer (internal)",
    )


def test_a_caller_of_other_environments_is_none_here() -> None:
    files: dict[str, dict[str, Any]] = {
        "web": {"image": IMAGE, "ports": PORTS, "from": ["nightly", "monitoring"]},
        "nightly": {"image": IMAGE},
    }
    spec = environment(files, uses=[{"name": "web", "namespace": "web"}])
    assert reached_by(spec, spec.declared_workloads[0]) == ("monitoring",)
    policy = network_policy(spec, spec.declared_workloads[0])
    (rule,) = policy.body["spec"]["ingress"]
    assert len(rule["from"]) == 1
    assert problems({**files, "web": {**files["web"], "from": ["nightyl"]}}) == [
        "apps/web.yaml: from[0]: 'nightyl' is neither a workload of the environment nor edge or monitoring. Fix: write "
        "nightly."
    ]
