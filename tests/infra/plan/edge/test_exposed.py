"""Workloads that ask to be reached become routes, and are refused where the policy does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.edge import EdgePlan, plan_edge
from infra.plan.edge.explain import explain
from infra.spec import EnvironmentSpec, SpecError, from_mapping
from infra.spec.workloads.load import declare_workloads
from tests.infra.plan.edge.layers import of_kind
from tests.infra.plan.edge.samples import edge_mapping

APP: dict[str, Any] = {
    "image": "registry.example.com/front:1",
    "ports": [{"name": "http", "port": 8000, "servicePort": 80}],
    "from": ["edge"],
}


def exposing(folder: Path, host: str, path: str = "/", **edge: Any) -> EnvironmentSpec:
    """Return the sample environment with a workload `front` that is exposed as `host`."""
    (folder / "front.yaml").write_text(
        yaml.safe_dump({**APP, "expose": {"host": host, "path": path}}), encoding="utf-8"
    )
    written = {**edge_mapping(**edge), "pinnedImages": False, "workloads": [{"name": "front", "namespace": "shop"}]}
    return declare_workloads(from_mapping(written, "test"), folder, source="test")


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


def test_explain_knows_it(tmp_path: Path) -> None:
    plan = planned(exposing(tmp_path, "one.apps.example.com", "/shop"))
    steps = explain(plan.spec, "8.8.8.8", "one.apps.example.com", 443).steps
    assert steps[2].reason == "route app-front leads to shop/front for paths under /shop"
    # Another host of the same wildcard still goes where it went.
    assert "leads to shop/apps" in explain(plan.spec, "8.8.8.8", "two.apps.example.com", 443).steps[2].reason


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("shop.example.com", "'shop.example.com' leads to route shop already. Fix: give each host one route."),
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


def test_without_an_edge_an_exposed_workload_is_reached_by_nobody(tmp_path: Path) -> None:
    spec = exposing(tmp_path, "one.apps.example.com").model_copy(update={"edge": None})
    assert plan_edge(spec) is None
