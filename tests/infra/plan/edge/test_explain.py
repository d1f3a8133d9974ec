"""The answers of explain, and that the rendered layers do what it says."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings

from infra.plan.edge import EdgePlan, plan_edge
from infra.plan.edge.explain import explain
from infra.spec import EnvironmentSpec
from infra.spec.edge import EdgeRouteSpec, EdgeTcpPortSpec
from tests.infra.plan.edge.layers import ROUTER_POD, balancer_admits, machine_port, policies_admit, router_answers
from tests.infra.plan.edge.samples import ADDRESSES, EDGE, NAMES, edge_spec, edges

BALANCER = "load balancer's security group"
MACHINES = "machines' security group"
PORTS = (80, 443, 5432, 389, 22)


@pytest.mark.parametrize(
    ("source", "host", "port", "allowed", "rules", "layer", "reason"),
    [
        ("8.8.8.8", "shop.example.com", 443, True, ("web",), "network policy",
         "shop/allow-edge-route-shop admits the pods of edge-router on port 8080"),
        ("8.8.8.8", "shop.example.com", 80, True, ("web",), "router",
         "redirects to https://shop.example.com; see port 443"),
        ("8.8.8.8", "a.b.apps.example.com", 443, True, ("web",), "network policy",
         "shop/allow-edge-route-apps admits the pods of edge-router on port 80"),
        ("198.51.100.9", "admin.example.com", 443, True, ("office",), "network policy",
         "back/allow-edge-route-admin admits the pods of edge-router on port 8000"),
        ("8.8.8.8", "admin.example.com", 443, False, ("office",), "router",
         "admin.example.com is open to the sources of office, and 8.8.8.8 is none of them"),
        ("198.51.100.9", "admin.example.com", 80, False, (), "router", "no rule names admin.example.com on port 80"),
        ("8.8.8.8", "apps.example.com", 443, False, (), "router", "no route leads to apps.example.com"),
        ("8.8.8.8", "shop.example.com", 22, False, (), BALANCER, "no rule opens port 22; open are 80, 443, 5432"),
        ("203.0.113.7", "any", 5432, True, ("partners",), "network policy",
         "back/allow-edge-tcp-postgres admits the pods of edge-router on port 5432"),
        ("203.0.113.8", "any", 5432, False, (), BALANCER,
         "no rule lets 203.0.113.8 to port 5432; it is open to the sources of partners"),
    ],
)  # fmt: skip
def test_answers(
    source: str, host: str, port: int, allowed: bool, rules: tuple[str, ...], layer: str, reason: str
) -> None:
    edge = edge_spec().edge
    assert edge is not None
    answer = explain(edge, source, host, port)
    assert (answer.allowed, answer.rules, answer.steps[-1].layer) == (allowed, rules, layer)
    assert answer.steps[-1].reason == reason
    assert [step.allowed for step in answer.steps] == [True] * (len(answer.steps) - 1) + [allowed]


def rendered(
    spec: EnvironmentSpec, plan: EdgePlan, source: str, host: str, port: int, path: str = "/"
) -> list[tuple[str, bool]]:
    """Layer after layer as the rendered objects decide, up to the first that denies."""
    if not balancer_admits(plan, source, port):
        return [(BALANCER, False)]
    steps = [(BALANCER, True)]
    inner = machine_port(plan, port)
    if inner is None:
        return [*steps, (MACHINES, False)]
    steps.append((MACHINES, True))
    answer = router_answers(plan, source, inner, host, path)
    if answer is None or answer == "redirect":
        return [*steps, ("router", answer is not None)]
    steps.append(("router", True))
    assert spec.edge is not None
    namespace, service, _ = answer
    pod = (namespace, {"app.kubernetes.io/name": service})
    targets: list[EdgeRouteSpec | EdgeTcpPortSpec] = [*spec.edge.routes, *spec.edge.tcp_ports]
    (target,) = (each for each in targets if (each.namespace, each.service) == (namespace, service))
    port_of_pod = target.target_port or target.port
    # The router's pods and nobody else's, on that port and no other.
    assert not policies_admit(plan.objects, (namespace, {"app.kubernetes.io/name": "other"}), pod, port_of_pod)
    assert not policies_admit(plan.objects, ROUTER_POD, pod, 9999)
    return [*steps, ("network policy", policies_admit(plan.objects, ROUTER_POD, pod, port_of_pod))]


@settings(max_examples=60)
@given(spec=edges())
def test_the_rendered_layers_do_what_explain_says(spec: EnvironmentSpec) -> None:
    plan = plan_edge(spec)
    assert plan is not None
    for source, host, port in product(ADDRESSES, NAMES, PORTS):
        answer = explain(plan.spec, source, host, port)
        said = [(step.layer, step.allowed) for step in answer.steps]
        for path in ("/", "/below/1", "/belowed"):
            assert said == rendered(spec, plan, source, host, port, path), (source, host, port, path)


def test_routes_that_share_a_host_are_told_longest_path_first() -> None:
    till = {"name": "till", "hosts": ["shop.example.com"], "namespace": "back", "service": "till", "path": "/till"}
    edge = edge_spec(routes=[*EDGE["routes"], till]).edge
    assert edge is not None
    answer = explain(edge, "8.8.8.8", "shop.example.com", 443)
    assert [step.reason for step in answer.steps[2:]] == [
        "route till leads to back/till for paths under /till, route shop leads to shop/web",
        "back/allow-edge-route-till admits the pods of edge-router on port 80; shop/allow-edge-route-shop admits the "
        "pods of edge-router on port 8080",
    ]


def test_every_layer_denies_somewhere_and_all_allow_somewhere() -> None:
    """The property above would hold of layers that always deny, too."""
    edge = edge_spec().edge
    assert edge is not None
    answers = [explain(edge, *each) for each in product(ADDRESSES, ("shop.example.com", "admin.example.com"), PORTS)]
    assert {answer.steps[-1].layer for answer in answers if not answer.allowed} == {BALANCER, "router"}
    assert {answer.steps[-1].layer for answer in answers if answer.allowed} == {"router", "network policy"}
