"""Ingress objects: what is made for them, and that the firewall policy holds whatever they say."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from infra.plan.edge import EdgePlan, plan_edge
from infra.plan.edge.explain import explain
from infra.plan.edge.ingress import GUARD_PRIORITY
from infra.plan.edge.policy import routes_for
from infra.spec import EnvironmentSpec
from infra.spec.edge import EdgeSpec
from tests.infra.plan.edge.layers import ingress_answers, machine_port, of_kind
from tests.infra.plan.edge.samples import ADDRESSES, NAMES, edge_spec, edges

RULES = [
    {"name": "web", "sources": ["anywhere"], "ports": [80, 443], "hosts": ["shop.example.com", "one.apps.example.com"]},
    {"name": "office", "sources": ["198.51.100.0/24", "10.8.0.0/16"], "ports": [443],
     "hosts": ["admin.example.com", "*.apps.example.com"]},
]  # fmt: skip
ROUTES = [
    {"name": "shop", "hosts": ["shop.example.com"], "namespace": "shop", "service": "web", "targetPort": 8080},
    {"name": "old", "hosts": ["admin.example.com", "*.apps.example.com"], "namespace": "back", "service": "admin",
     "targetPort": 8000, "ingress": True,
     "furtherServices": [{"service": "api", "targetPort": 9000, "podLabels": {"app": "api"}}]},
]  # fmt: skip


def given_to_ingress(**change: Any) -> EnvironmentSpec:
    return edge_spec(**{"firewall": RULES, "routes": ROUTES, "tcpPorts": [], **change})


def planned(spec: EnvironmentSpec) -> EdgePlan:
    plan = plan_edge(spec)
    assert plan is not None
    return plan


def named(plan: EdgePlan, kind: str, name: str) -> Any:
    (found,) = (each for each in of_kind(plan.objects, kind) if each["metadata"]["name"] == name)
    return found


def ingress(namespace: str, *hosts: str, service: str = "admin") -> dict[str, Any]:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "any", "namespace": namespace},
        "spec": {"rules": [{"host": host, "http": {"paths": paths}} for host in hosts]},
    }


def test_nothing_is_made_where_no_route_is_given_to_ingress_objects() -> None:
    plan = planned(edge_spec())
    kinds = {"IngressClass", "IngressRoute", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    assert kinds.isdisjoint(each["kind"] for each in plan.objects)
    assert "kubernetesIngress" not in named(plan, "ConfigMap", "edge-router")["data"]["traefik.yaml"]


def test_the_guards() -> None:
    guard = named(planned(given_to_ingress()), "IngressRoute", "ingress-guard")
    assert guard["spec"]["entryPoints"] == ["https"]
    assert [(each["match"], each["middlewares"]) for each in guard["spec"]["routes"]] == [
        ("!(HostRegexp(`^[a-z0-9-.]+\\.apps\\.example\\.com$`) || Host(`admin.example.com`) || "
         "Host(`shop.example.com`) || Host(`one.apps.example.com`))",
         [{"name": "ingress-guard"}]),
        ("HostRegexp(`^[a-z0-9-.]+\\.apps\\.example\\.com$`) && !Host(`one.apps.example.com`) && "
         "!(ClientIP(`10.8.0.0/16`) || ClientIP(`198.51.100.0/24`))",
         [{"name": "allow.office"}]),
        ("Host(`admin.example.com`) && !(ClientIP(`10.8.0.0/16`) || ClientIP(`198.51.100.0/24`))",
         [{"name": "allow.office"}]),
    ]  # fmt: skip
    assert {each["priority"] for each in guard["spec"]["routes"]} == {GUARD_PRIORITY}
    assert {each["services"][0]["name"] for each in guard["spec"]["routes"]} == {"noop@internal"}


@pytest.mark.parametrize(
    ("tls", "http"),
    [
        ({}, {"middlewares": ["slipway-edge-came-by-tls@kubernetescrd"], "tls": {}}),
        (None, {"middlewares": ["slipway-edge-came-by-tls@kubernetescrd"]}),
    ],
    ids=["router", "acm"],
)
def test_the_configuration_of_the_router(tls: dict[str, Any] | None, http: dict[str, Any]) -> None:
    # http01 serves no wildcard, and no host that is not open to all.
    rules = [{"name": "web", "sources": ["anywhere"], "ports": [80, 443], "hosts": ["admin.example.com"]}]
    routes = [{**ROUTES[1], "hosts": ["admin.example.com"]}]
    change = {} if tls is None else {"tls": tls}
    plan = planned(given_to_ingress(firewall=rules, routes=routes, **change))
    config = yaml.safe_load(named(plan, "ConfigMap", "edge-router")["data"]["traefik.yaml"])
    assert config["providers"]["kubernetesIngress"] == {
        "namespaces": ["back"],
        "ingressClass": "edge-router",
        "strictPrefixMatching": True,
        "crossProviderNamespaces": ["slipway-edge"],
    }
    assert config["entryPoints"]["https"]["http"] == http
    assert "http" not in config["entryPoints"]["http"]
    made = [each["metadata"]["name"] for each in of_kind(plan.objects, "Middleware")]
    assert made == ["came-by-tls", "ingress-guard"]


def test_of_a_host_of_ingress_objects_the_router_routes_the_redirect_alone() -> None:
    hosts = ["shop.example.com", "admin.example.com", "*.apps.example.com"]
    plan = planned(given_to_ingress(firewall=[{**RULES[0], "hosts": hosts}]))
    assert {each["metadata"]["name"] for each in of_kind(plan.objects, "HTTPRoute")} == {
        "http-host.shop.example.com",
        "https-host.shop.example.com",
        "http-host.admin.example.com",
        "http-below.apps.example.com",
    }


def test_it_reads_ingress_objects_of_the_namespaces_that_have_hosts_and_writes_nothing() -> None:
    roles = {
        role["metadata"]["namespace"]: [rule for rule in role["rules"] if "ingresses" in rule["resources"]]
        for role in of_kind(planned(given_to_ingress()).objects, "Role")
        if role["metadata"]["name"] == "edge-router"
    }
    read = {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["get", "list", "watch"]}
    assert roles == {"slipway-edge": [], "shop": [], "back": [read]}


def test_policies_lead_to_each_service_and_no_grant_does() -> None:
    plan = planned(given_to_ingress())
    policies = {
        each["metadata"]["name"]: (each["spec"]["podSelector"], each["spec"]["ingress"][0]["ports"][0]["port"])
        for each in of_kind(plan.objects, "NetworkPolicy")
        if each["metadata"]["namespace"] == "back"
    }
    assert policies == {
        "allow-edge-route-old": ({"matchLabels": {"app.kubernetes.io/name": "admin"}}, 8000),
        "allow-edge-route-old-api": ({"matchLabels": {"app": "api"}}, 9000),
    }
    assert [each["metadata"]["namespace"] for each in of_kind(plan.objects, "ReferenceGrant")] == ["shop"]
    ports = [
        rule["ports"][0]["port"]
        for rule in named(plan, "NetworkPolicy", "edge-router")["spec"]["egress"]
        if "to" in rule
    ]
    assert ports == [53, 8000, 9000, 8080]


def test_what_explain_says_of_it() -> None:
    edge = planned(given_to_ingress()).spec
    allowed, denied = (explain(edge, source, "x.apps.example.com", 443) for source in ("10.8.8.8", "8.8.8.8"))
    assert [step.reason for step in allowed.steps[-2:]] == [
        "route old leaves the way to Ingress objects of back, which may lead to admin, api, by the allow-list "
        "allow.office",
        "back/allow-edge-route-old admits the pods of edge-router on port 8000; back/allow-edge-route-old-api admits "
        "the pods of edge-router on port 9000",
    ]
    assert (denied.allowed, denied.rules, denied.steps[-1].layer) == (False, ("office",), "router")


@settings(max_examples=25)
@given(spec=edges())
def test_no_ingress_goes_round_the_policy(spec: EnvironmentSpec) -> None:
    """An Ingress for every name there is, which no admission has seen, gets at most what the policy gives its hosts."""
    assert spec.edge is not None
    routes = tuple(
        route.model_copy(update={"ingress": True}) if route.namespace == "back" else route
        for route in spec.edge.routes
        # What is given to Ingress objects has a host to itself.
        if route.path == "/"
    )
    given_edge: EdgeSpec = spec.edge.model_copy(update={"routes": routes})
    plan = planned(spec.model_copy(update={"edge": given_edge}))
    for entry in plan.entries:
        port = machine_port(plan, entry.port)
        assert port is not None
        if entry.kind != "https" or not any(route.ingress for route in routes):
            continue
        for source, host in product(ADDRESSES, NAMES):
            answer = explain(plan.spec, source, host, entry.port)
            let_in = ingress_answers(plan, source, port, ingress("back", host), host) is not None
            found = routes_for(plan.spec, host)
            if not answer.allowed and answer.steps[-1].layer == "router":
                assert not let_in, (source, host)
            elif answer.allowed and found is not None and any(route.ingress for route in found[0]):
                assert let_in, (source, host)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_oldest_tls_holds_where_the_router_ends_it(version: str) -> None:
    routes = [ROUTES[0]]
    plan = planned(given_to_ingress(tls={"minVersion": version}, routes=routes))
    assert named(plan, "TLSOption", "default")["spec"] == {"minVersion": f"VersionTLS{version.replace('.', '')}"}
    assert of_kind(planned(given_to_ingress()).objects, "TLSOption") == []
