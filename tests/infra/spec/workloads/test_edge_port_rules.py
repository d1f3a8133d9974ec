"""The edge leads to the ports that a declared workload has, or says so before a request finds out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.workload_samples import EDGE, IMAGE, problems

WEB: dict[str, Any] = {
    "kind": "StatefulSet",
    "image": IMAGE,
    "ports": [
        {"name": "http", "port": 8080, "servicePort": 80},
        {"name": "admin", "port": 9000},
        {"name": "gossip", "port": 7000, "membersOnly": True},
        {"name": "dns", "port": 5353, "protocol": "UDP"},
    ],
}
ROUTE = {"name": "web", "hosts": ["shop.example.com"], "namespace": "web", "service": "web"}
TCP = {"name": "admin", "port": 9000, "namespace": "web", "service": "web"}


def told(written: dict[str, Any] = WEB, **edge: Any) -> list[str]:
    rule = {"name": "tcp", "sources": ["10.9.0.0/16"], "ports": ["admin"]}
    firewall = [*EDGE["firewall"], *([rule] if "tcpPorts" in edge else [])]
    return problems({"web": written}, edge={**EDGE, "firewall": firewall, **edge})


@pytest.mark.parametrize(
    "edge",
    [
        {"routes": [{**ROUTE, "targetPort": 8080}]},
        {"routes": [{**ROUTE, "port": 9000}]},
        {"routes": [{**ROUTE, "port": 9000, "targetPort": 9000}]},
        {"routes": [{**ROUTE, "namespace": "data", "port": 1234}]},
        {"routes": [{**ROUTE, "service": "other", "port": 1234}]},
        {"routes": [{**ROUTE, "port": 1234, "ingress": True}]},
        {"tcpPorts": [TCP]},
        {"tcpPorts": [{**TCP, "port": 5000, "servicePort": 80, "targetPort": 8080}]},
    ],
)
def test_what_fits_is_accepted(edge: dict[str, Any]) -> None:
    assert told(**edge) == []


NO_PORT = "is no port of the Service web, which a workload declares. Fix: write one of 80, 9000."


@pytest.mark.parametrize(
    ("edge", "line"),
    [
        ({"routes": [{**ROUTE, "port": 9001}]}, f"edge.routes[0].port: 9001 {NO_PORT}"),
        ({"routes": [{**ROUTE, "port": 8080}]}, f"edge.routes[0].port: 8080 {NO_PORT}"),
        ({"routes": [{**ROUTE, "port": 7000}]}, f"edge.routes[0].port: 7000 {NO_PORT}"),
        ({"routes": [{**ROUTE, "port": 5353}]}, f"edge.routes[0].port: 5353 {NO_PORT}"),
        (
            {"routes": [ROUTE]},
            "edge.routes[0].targetPort: 80 is not the port behind 80 of web: the network policy would let nothing "
            "through. Fix: write targetPort: 8080.",
        ),
        ({"tcpPorts": [{**TCP, "port": 9001}]}, f"edge.tcpPorts[0].port: 9001 {NO_PORT}"),
        ({"tcpPorts": [{**TCP, "servicePort": 8081}]}, f"edge.tcpPorts[0].servicePort: 8081 {NO_PORT}"),
    ],
)
def test_what_leads_nowhere_is_refused(edge: dict[str, Any], line: str) -> None:
    assert told(**edge) == [line]


def test_a_workload_without_ports_is_told_to_have_some() -> None:
    (line,) = told({"image": IMAGE}, routes=[ROUTE])
    assert line.endswith("Fix: give web ports in apps/web.yaml.")


def test_a_workload_that_is_wrong_itself_is_not_judged_by_what_is_left_of_it() -> None:
    (line,) = told({**WEB, "ports": [{"name": "http", "port": "80"}]}, routes=[ROUTE])
    assert line.startswith("apps/web.yaml: ports[0].port")
