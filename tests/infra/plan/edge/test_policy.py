"""Which routes a host leads to, where the rules of the firewall open it, and what their allow list is called."""

from __future__ import annotations

from typing import Any

import pytest

from infra.plan.edge.entries import plan_entries
from infra.plan.edge.policy import AllowList, plan_exposures, routes_for
from infra.spec.edge import EdgeSpec
from tests.infra.plan.edge.samples import EDGE, edge_spec


def edge_of(*routes: tuple[str, str, str], firewall: list[dict[str, Any]] = EDGE["firewall"]) -> EdgeSpec:
    """Return an edge with these routes, each a name, a host and a path."""
    written = [
        {"name": name, "hosts": [host], "path": path, "namespace": "shop", "service": name}
        for name, host, path in routes
    ]
    edge = edge_spec(routes=written, firewall=firewall).edge
    assert edge is not None
    return edge


APPS = (
    ("all", "*.apps.example.com", "/"),
    ("one", "one.apps.example.com", "/"),
    ("below", "*.all.apps.example.com", "/"),
)
PATHS = (("b", "shop.example.com", "/b"), ("a", "shop.example.com", "/a"), ("deep", "shop.example.com", "/a/deep"))


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("one.apps.example.com", (["one"], "one.apps.example.com")),
        ("two.apps.example.com", (["all"], "*.apps.example.com")),
        ("two.all.apps.example.com", (["below"], "*.all.apps.example.com")),
        ("shop.example.com", (["deep", "a", "b"], "shop.example.com")),
        ("apps.example.com", None),
    ],
)
def test_the_most_exact_host_leads_on_by_its_longest_path(host: str, found: tuple[list[str], str] | None) -> None:
    chosen = routes_for(edge_of(*APPS, *PATHS), host)
    assert (chosen and ([route.name for route in chosen[0]], chosen[1])) == found


def test_a_host_is_exposed_where_both_a_route_and_a_rule_have_it() -> None:
    rules: list[dict[str, Any]] = [
        {"name": "web", "sources": ["anywhere"], "ports": [80, 443], "hosts": ["shop.example.com", "idle.example.com"]},
        {"name": "office", "sources": ["10.0.0.0/8"], "ports": [443], "hosts": ["one.apps.example.com"]},
        {"name": "partners", "sources": ["10.0.0.0/8"], "ports": ["postgres"]},
    ]
    edge = edge_of(*APPS[:1], *PATHS, firewall=rules)
    assert [
        (each.entry.name, each.host, each.route_host, each.allowed.rules)
        for each in plan_exposures(edge, plan_entries(edge))
    ] == [
        ("http", "shop.example.com", "shop.example.com", ("web",)),
        ("https", "shop.example.com", "shop.example.com", ("web",)),
        ("https", "one.apps.example.com", "*.apps.example.com", ("office",)),
    ]


@pytest.mark.parametrize(
    ("rules", "name"),
    [(("a", "b"), "allow.a.b"), (("a" * 194,), f"allow.{'a' * 194}"), (("a" * 195,), "allow.6170534ce5465552")],
)
def test_names_of_allow_lists(rules: tuple[str, ...], name: str) -> None:
    assert AllowList(rules, ("10.0.0.0/8",)).name == name
