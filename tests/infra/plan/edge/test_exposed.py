"""Workloads that ask to be reached become routes, and are refused where the policy does not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.edge import EdgePlan, plan_edge
from infra.plan.edge.explain import explain
from infra.spec import EnvironmentSpec, SpecError, from_mapping
from infra.spec.edge import EdgeRouteSpec
from infra.spec.workloads.data import ExposeSpec
from infra.spec.workloads.exposed import check_exposed
from tests.infra.plan.edge.layers import of_kind
from tests.infra.plan.edge.samples import edge_mapping
from tests.infra.workload_samples import declare_workloads

APP: dict[str, Any] = {
    "image": "registry.example.com/front:1",
    "ports": [{"name": "http", "port": 8000, "servicePort": 80}],
    "from": ["edge"],
}


def exposing(folder: Path, host: str, path: str = "/", *, edge: bool = True, **change: Any) -> EnvironmentSpec:
    """Return the sample environment, with its edge or without, and a workload `front` that is exposed as `host`."""
    app = {**APP, "expose": {"host": host, "path": path}, **change}
    (folder / "front.yaml").write_text(yaml.safe_dump(app), encoding="utf-8")
    written = {**edge_mapping(), "pinnedImages": False, "workloads": [{"name": "front", "namespace": "shop"}]}
    if not edge:
        del written["edge"]
    return declare_workloads(from_mapping(written, "test"), folder)


def planned(spec: EnvironmentSpec) -> EdgePlan:
    plan = plan_edge(spec)
    assert plan is not None
    return plan


def test_an_exposed_workload_is_a_route_to_its_service(tmp_path: Path) -> None:
    plan = planned(exposing(tmp_path, "one.apps.example.com", "/shop"))
    (route,) = (
        r for r in of_kind(plan.objects, "HTTPRoute") if r["metadata"]["name"] == "https-host.one.apps.example.com"
    )
    (rule,) = route["spec"]["rules"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/shop"}}]
    assert rule["backendRefs"] == [{"name": "front", "namespace": "shop", "port": 80}]
    (policy,) = (
        p for p in of_kind(plan.objects, "NetworkPolicy") if p["metadata"]["name"] == "allow-edge-route-app-front"
    )
    assert policy["spec"]["podSelector"] == {
        "matchLabels": {"app.kubernetes.io/name": "front", "app.kubernetes.io/instance": "front-test"}
    }
    assert policy["spec"]["ingress"][0]["ports"] == [{"port": 8000, "protocol": "TCP"}]


FURTHER = ("two.apps.example.com", "three.apps.example.com")


def with_further(spec: EnvironmentSpec, *hosts: str) -> EnvironmentSpec:
    """Return the environment with `front` behind further hosts."""
    (front,) = spec.declared_workloads
    assert front.expose is not None
    expose = front.expose.model_copy(update={"further_hosts": hosts})
    return spec.with_declared((front.model_copy(update={"expose": expose}),))


def test_every_host_leads_to_it_and_one_policy_lets_the_router_in(tmp_path: Path) -> None:
    spec = with_further(exposing(tmp_path, "one.apps.example.com", "/shop"), *FURTHER)
    assert check_exposed(spec) == []
    plan = planned(spec)
    routes = {each["metadata"]["name"]: each["spec"] for each in of_kind(plan.objects, "HTTPRoute")}
    led = [routes[f"https-host.{host}"]["rules"] for host in ("one.apps.example.com", *FURTHER)]
    assert led[0][0]["backendRefs"] == [{"name": "front", "namespace": "shop", "port": 80}]
    assert led == [led[0]] * 3
    policies = [each["metadata"]["name"] for each in of_kind(plan.objects, "NetworkPolicy")]
    assert [name for name in policies if "app-front" in name] == ["allow-edge-route-app-front"]


@pytest.mark.parametrize(
    ("hosts", "problem"),
    [
        (
            (FURTHER[0], "shop.example.com"),
            "[1]: 'shop.example.com' is answered by edge.routes[0] (shop) already. Fix: choose another host, or a path "
            "of its own.",
        ),
        (
            ("closed.example.com",),
            "[0]: 'closed.example.com' can be reached by nobody: no rule of the firewall allows it on 443.",
        ),
        (("one.apps.example.com",), "[0]: 'one.apps.example.com' is listed twice. Fix: remove one."),
        ((FURTHER[0], FURTHER[0]), "[1]: 'two.apps.example.com' is listed twice. Fix: remove one."),
    ],
)
def test_a_further_host_that_cannot_be_had(tmp_path: Path, hosts: tuple[str, ...], problem: str) -> None:
    found = check_exposed(with_further(exposing(tmp_path, "one.apps.example.com"), *hosts))
    assert len(found) == 1
    assert str(found[0]).startswith(f"apps/front.yaml: expose.furtherHosts{problem}")


def test_a_further_host_that_another_workload_has(tmp_path: Path) -> None:
    spec = with_further(exposing(tmp_path, "one.apps.example.com"), *FURTHER)
    (front,) = spec.declared_workloads
    assert front.expose is not None
    expose = front.expose.model_copy(update={"host": FURTHER[1], "further_hosts": ()})
    back = front.model_copy(update={"name": "back", "expose": expose})
    assert [str(each) for each in check_exposed(spec.with_declared((front, back)))] == [
        "apps/back.yaml: expose.host: 'three.apps.example.com' is answered by apps/front.yaml already. Fix: choose "
        "another host, or a path of its own."
    ]


def test_a_port_that_is_not_tcp_is_none_for_the_router(tmp_path: Path) -> None:
    ports = [{"name": "dns", "port": 5353, "protocol": "UDP"}, *APP["ports"]]
    plan = planned(exposing(tmp_path, "one.apps.example.com", ports=ports))
    routes = [r for r in of_kind(plan.objects, "HTTPRoute") if "https-host.one.apps" in r["metadata"]["name"]]
    assert [r["spec"]["rules"][0]["backendRefs"][0]["port"] for r in routes] == [80]


def test_explain_knows_it(tmp_path: Path) -> None:
    plan = planned(exposing(tmp_path, "one.apps.example.com", "/shop"))
    steps = explain(plan.spec, "8.8.8.8", "one.apps.example.com", 443).steps
    assert steps[2].reason == "route app-front leads to shop/front for paths under /shop"
    # Another host of the same wildcard still goes where it went.
    assert "leads to shop/apps" in explain(plan.spec, "8.8.8.8", "two.apps.example.com", 443).steps[2].reason


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        (
            "shop.example.com",
            "'shop.example.com' is answered by edge.routes[0] (shop) already. Fix: choose another host, or a path of "
            "its own.",
        ),
        (
            "closed.example.com",
            "'closed.example.com' can be reached by nobody: no rule of the firewall allows it on 443.",
        ),
    ],
)
def test_a_workload_that_does_not_fit_the_policy(tmp_path: Path, host: str, problem: str) -> None:
    with pytest.raises(SpecError) as refused:
        plan_edge(exposing(tmp_path, host))
    assert len(refused.value.problems) == 1
    assert str(refused.value.problems[0]).startswith(f"apps/front.yaml: expose.host: {problem}")


def test_workloads_share_a_host_by_paths(tmp_path: Path) -> None:
    spec = exposing(tmp_path, "one.apps.example.com")
    (front,) = spec.declared_workloads
    api = front.model_copy(update={"name": "api", "expose": ExposeSpec(host="one.apps.example.com", path="/api")})
    spec = spec.with_declared((front, api))
    assert check_exposed(spec) == []
    plan = planned(spec)
    (route,) = (
        r for r in of_kind(plan.objects, "HTTPRoute") if r["metadata"]["name"] == "https-host.one.apps.example.com"
    )
    found = [(r["matches"][0]["path"]["value"], r["backendRefs"][0]["name"]) for r in route["spec"]["rules"]]
    assert found == [("/api", "api"), ("/", "front")]
    (gateway,) = of_kind(plan.objects, "Gateway")
    assert [each.get("hostname") for each in gateway["spec"]["listeners"]].count("one.apps.example.com") == 1
    again = api.model_copy(update={"name": "again", "expose": ExposeSpec(host="one.apps.example.com", path="/api/")})
    assert [str(each) for each in check_exposed(spec.with_declared((front, api, again)))] == [
        "apps/again.yaml: expose.host: 'one.apps.example.com' is answered by apps/api.yaml already, for paths under "
        "/api/. Fix: choose another host, or a path of its own."
    ]


def test_a_host_of_ingress_objects_is_theirs_alone(tmp_path: Path) -> None:
    spec = exposing(tmp_path, "one.apps.example.com", "/shop")
    assert spec.edge is not None
    given = {"name": "given", "hosts": ["one.apps.example.com"], "namespace": "shop", "service": "a", "ingress": True}
    edge = spec.edge.model_copy(update={"routes": (EdgeRouteSpec.model_validate_json(json.dumps(given)),)})
    assert [str(each) for each in check_exposed(spec.model_copy(update={"edge": edge}))] == [
        "apps/front.yaml: expose.host: 'one.apps.example.com' is given to Ingress objects by edge.routes[0] (given) "
        "already. Fix: choose another host."
    ]


def test_a_host_that_another_workload_has(tmp_path: Path) -> None:
    spec = exposing(tmp_path, "one.apps.example.com")
    (front,) = spec.declared_workloads
    spec = spec.with_declared((front, front.model_copy(update={"name": "back"})))
    assert [str(each) for each in check_exposed(spec)] == [
        "apps/back.yaml: expose.host: 'one.apps.example.com' is answered by apps/front.yaml already. Fix: choose "
        "another host, or a path of its own."
    ]


def test_what_is_wrong_with_the_host_is_told_with_the_rest(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as refused:
        exposing(tmp_path, "nobody.example.com", update={"maxSurge": "0"})
    found = [str(each) for each in refused.value.problems]
    assert len(found) == 2
    assert found[0].startswith("apps/front.yaml: update.maxSurge: '0' is nothing")
    assert found[1].startswith("apps/front.yaml: expose.host: 'nobody.example.com' can be reached by nobody")


def test_long_names_that_begin_alike_are_two_routes(tmp_path: Path) -> None:
    spec = exposing(tmp_path, "one.apps.example.com")
    (front,) = spec.declared_workloads
    expose = front.expose
    assert expose is not None
    names = [f"{'long-' * 9}{end}" for end in ("one", "two")]
    both = tuple(
        front.model_copy(update={"name": name, "expose": expose.model_copy(update={"host": host})})
        for name, host in zip(names, ("one.apps.example.com", "two.apps.example.com"), strict=True)
    )
    routes = [route.name for route in planned(spec.with_declared(both)).spec.routes if route.name.startswith("app-")]
    assert len(set(routes)) == 2
    assert all(len(name) <= 40 for name in routes)


def test_without_an_edge_a_workload_cannot_be_exposed(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as refused:
        exposing(tmp_path, "one.apps.example.com", edge=False)
    assert str(refused.value.problems[0]) == (
        "apps/front.yaml: expose: is for the edge router, and this environment has none. Fix: declare edge in the "
        "stack file, or write expose: null under overrides there."
    )
