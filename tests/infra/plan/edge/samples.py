"""Edges to test with: one by hand, and random ones that the spec accepts."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from infra.spec import EnvironmentSpec, from_mapping
from infra.spec.edge import EdgeSpec
from tests.infra.samples import sample_mapping

ACM = "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"

EDGE: dict[str, Any] = {
    "firewall": [
        {"name": "web", "sources": ["anywhere"], "ports": [80, 443],
         "hosts": ["shop.example.com", "*.apps.example.com"]},
        {"name": "office", "sources": ["198.51.100.0/24"], "ports": [443], "hosts": ["admin.example.com"]},
        {"name": "partners", "sources": ["10.8.0.0/16", "203.0.113.7/32"], "ports": ["postgres"]},
    ],
    "routes": [
        {"name": "shop", "hosts": ["shop.example.com"], "namespace": "shop", "service": "web", "targetPort": 8080},
        {"name": "apps", "hosts": ["*.apps.example.com"], "namespace": "shop", "service": "apps"},
        {"name": "admin", "hosts": ["admin.example.com"], "namespace": "back", "service": "admin", "port": 8000,
         "podLabels": {"app": "admin"}},
    ],
    "tcpPorts": [{"name": "postgres", "port": 5432, "namespace": "back", "service": "db"}],
    "tls": {"acm": ACM},
}  # fmt: skip

NAMESPACES = [{"name": "shop"}, {"name": "back"}]


def edge_mapping(**change: Any) -> dict[str, Any]:
    """Return the sample environment with an edge, whose keys are replaced by keyword."""
    return sample_mapping(cluster={"namespaces": NAMESPACES}, edge={**EDGE, **change})


def edge_spec(**change: Any) -> EnvironmentSpec:
    """Return the sample environment with an edge, whose keys are replaced by keyword."""
    return from_mapping(edge_mapping(**change), "test")


HOSTS = (
    "example.com", "shop.example.com", "*.example.com", "*.apps.example.com", "one.apps.example.com",
    "*.one.apps.example.com", "deep.one.apps.example.com", "other.test", "*.other.test",
)  # fmt: skip
BLOCKS = ("anywhere", "10.0.0.0/8", "10.8.0.0/16", "10.8.8.0/24", "198.51.100.0/24", "198.51.100.128/25",
          "203.0.113.7/32", "192.0.0.0/3")  # fmt: skip
ADDRESSES = ("10.8.8.8", "10.8.9.1", "10.200.0.1", "198.51.100.1", "198.51.100.200", "203.0.113.7", "203.0.113.8",
             "8.8.8.8")  # fmt: skip
NAMES = (*(host for host in HOSTS if "*" not in host), "two.apps.example.com", "x1.example.com", "a.b.other.test",
         "unknown.invalid", "apps.example.com", "notexample.com")  # fmt: skip
TCP = (("postgres", 5432), ("ldap", 389))


def _distinct(values: Any, most: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


@st.composite
def edges(draw: st.DrawFn) -> EnvironmentSpec:
    """Draw an environment with a random edge.

    Its rules may overlap: of a written policy that is refused, and what the layers make of it must be right even so.
    """
    rules = []
    for number in range(draw(st.integers(1, 4))):
        rule = {"name": f"rule-{number}", "sources": draw(_distinct(BLOCKS, 3))}
        if draw(st.integers(0, 3)) == 0:
            rules.append({**rule, "ports": draw(_distinct([name for name, _ in TCP], 2))})
        else:
            rules.append(
                {**rule, "ports": draw(st.sampled_from(([443], [80, 443]))), "hosts": draw(_distinct(HOSTS, 3))}
            )
    hosts = draw(st.permutations(HOSTS))
    routes = [
        {"name": f"route-{number}", "hosts": [host], "namespace": draw(st.sampled_from(("shop", "back"))),
         "service": f"service-{number}", "targetPort": 8000 + number}
        for number, host in enumerate(hosts[: draw(st.integers(0, 4))])
    ]  # fmt: skip
    shared = hosts[: draw(st.integers(0, len(routes)))]
    routes += [
        {"name": f"below-{number}", "hosts": [host], "namespace": draw(st.sampled_from(("shop", "back"))),
         "service": f"below-{number}", "path": "/below", "targetPort": 8100 + number}
        for number, host in enumerate(shared)
    ]  # fmt: skip
    tcp_ports = [{"name": name, "port": port, "namespace": "back", "service": name} for name, port in TCP]
    written = {"firewall": rules, "routes": routes, "tcpPorts": tcp_ports, "tls": {"acm": ACM}}
    return edge_spec().model_copy(update={"edge": EdgeSpec.model_validate_json(json.dumps(written))})
