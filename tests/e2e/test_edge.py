"""Every object of the edge, put to a real API server: what it would refuse shows here."""

from __future__ import annotations

import time
from typing import Any

import pytest

from infra.plan.addons.objects import AddonObject
from infra.plan.edge import plan_edge
from infra.spec import EnvironmentSpec
from rehearsal.providers.kubernetes.api import ApiError
from rehearsal.providers.kubernetes.discovery import UnknownKindError
from rehearsal.providers.kubernetes.provider import Provider
from rehearsal.providers.kubernetes.tokens import parse_token
from tests.e2e.cluster import plane, provider, tools, warnings
from tests.e2e.test_addons import apply, told
from tests.infra.plan.edge.samples import EDGE, NAMESPACES, edge_spec

__all__ = ["plane", "provider", "tools", "warnings"]  # fixtures

pytestmark = pytest.mark.e2e

ZONE = {"zone": "example.com", "zoneId": "Z0123456789ABCDEFGHIJ"}
SPECS = {
    "acm": edge_spec(),
    "http01": edge_spec(tls={}, routes=EDGE["routes"][:1]),
    "dns01": edge_spec(tls={"acme": {"solver": "dns01", "email": "pki@example.com"}}, dns=ZONE),
}
FIRST = ("Namespace", "CustomResourceDefinition")


def objects(spec: EnvironmentSpec) -> list[AddonObject]:
    plan = plan_edge(spec)
    assert plan is not None
    return [each for part in plan.in_cluster for each in part.objects]


def served(provider: Provider, made: AddonObject) -> None:
    """Wait until the API server serves a kind that was defined a moment ago."""
    assert provider.connection.operations is not None
    discovery = provider.connection.operations.cluster.discovery
    for _ in range(100):
        try:
            discovery.resolve(parse_token(made.token))
        except UnknownKindError:
            time.sleep(0.1)
        else:
            return


def put(provider: Provider, spec: EnvironmentSpec) -> None:
    """Apply the kinds and the namespaces for good, and try everything else."""
    for namespace in NAMESPACES:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": namespace}
        apply(provider, AddonObject("test", body), body, dry=False)
    for each in objects(spec):
        served(provider, each)
        taken = apply(provider, each, told(each.body), dry=each.kind not in FIRST)
        assert taken["metadata"]["name"] == each.name


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_api_server_takes_every_object_as_it_is(
    provider: Provider, warnings: list[str], spec: EnvironmentSpec
) -> None:
    put(provider, spec)
    assert warnings == []


@pytest.mark.parametrize(
    ("kind", "break_it", "words"),
    [
        ("HTTPRoute", lambda spec: spec["rules"][0].update(backends=[]), "backends: field not declared in schema"),
        ("Gateway", lambda spec: spec["listeners"].append(spec["listeners"][0]), "duplicate entries for key"),
        ("Certificate", lambda spec: spec.pop("issuerRef"), "spec.issuerRef"),
    ],
)
def test_it_refuses_what_is_wrong(provider: Provider, kind: str, break_it: Any, words: str) -> None:
    put(provider, SPECS["dns01"])
    made = next(each for each in objects(SPECS["dns01"]) if each.kind == kind)
    body = told(made.body)
    break_it(body["spec"])
    with pytest.raises(ApiError, match=words):
        apply(provider, made, body)
