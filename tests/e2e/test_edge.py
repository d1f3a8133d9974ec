"""Every object of the edge, put to a real API server: what it would refuse shows here."""

from __future__ import annotations

import time
from typing import Any

import pytest

from infra.plan.addons.objects import AddonObject
from infra.plan.edge import plan_edge
from infra.spec import EnvironmentSpec
from rehearsal.controlplane import ControlPlane
from rehearsal.providers.kubernetes.api import ApiError
from rehearsal.providers.kubernetes.discovery import UnknownKindError
from rehearsal.providers.kubernetes.provider import Provider
from rehearsal.providers.kubernetes.tokens import parse_token
from tests.e2e.cluster import plane, provider, tools, warnings
from tests.e2e.test_addons import apply, told
from tests.infra.plan.edge.samples import EDGE, NAMESPACES, edge_spec
from tests.infra.plan.edge.test_ingress import given_to_ingress, ingress

__all__ = ["plane", "provider", "tools", "warnings"]  # fixtures

pytestmark = pytest.mark.e2e

ZONE = {"zone": "example.com", "zoneId": "Z0123456789ABCDEFGHIJ"}
SPECS = {
    "acm": edge_spec(),
    "http01": edge_spec(tls={}, routes=EDGE["routes"][:1]),
    "ingress": given_to_ingress(),
    "dns01": edge_spec(tls={"acme": {"solver": "dns01", "email": "pki@example.com"}}, dns=ZONE),
}
FIRST = ("Namespace", "CustomResourceDefinition")
ADMISSION = ("IngressClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")


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


@pytest.fixture(scope="module")
def admission(plane: ControlPlane) -> Provider:
    """Have the API server judge Ingress objects as the edge's policy has it, and wait until it does."""
    made = Provider(warn=lambda _urn, _text: None, environment={"KUBECONFIG": str(plane.kubeconfig)})
    made.configure({})
    put(made, SPECS["ingress"])
    for each in objects(SPECS["ingress"]):
        if each.kind in ADMISSION:
            apply(made, each, told(each.body), dry=False)
    for _ in range(150):
        try:
            tried(made, ingress("shop", "not.given.test"))
        except ApiError:
            return made
        time.sleep(0.2)
    raise AssertionError("the policy refuses nothing")


def tried(provider: Provider, body: dict[str, Any]) -> dict[str, Any]:
    return apply(provider, AddonObject("test", body), body)


def changed(change: Any, *hosts: str, namespace: str = "back", service: str = "admin") -> dict[str, Any]:
    body = ingress(namespace, *hosts, service=service)
    change(body)
    return body


@pytest.mark.parametrize("hosts", [["admin.example.com"], ["x.apps.example.com", "a.b.apps.example.com"]])
@pytest.mark.parametrize("service", ["admin", "api"])
def test_an_ingress_for_hosts_of_its_namespace_gets_the_class(
    admission: Provider, hosts: list[str], service: str
) -> None:
    assert tried(admission, ingress("back", *hosts, service=service))["spec"]["ingressClassName"] == "edge-router"


def test_an_ingress_of_another_class_is_not_judged(admission: Provider) -> None:
    body = changed(lambda body: body["spec"].update(ingressClassName="other"), "not.given.test", namespace="shop")
    assert tried(admission, body)["spec"]["ingressClassName"] == "other"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (ingress("back", "admin.example.com", "shop.example.com"),
         "host 'shop.example.com' is not given to Ingress objects of namespace back. Fix: write one of "
         "admin.example.com, *.apps.example.com, or add a route with this host"),
        (ingress("shop", "admin.example.com"),
         "host 'admin.example.com' is not given to Ingress objects of namespace shop. Fix: add a route with this host"),
        (ingress("back", "*.apps.example.com"), "host '*.apps.example.com' is not given"),
        (ingress("back", "apps.example.com"), "host 'apps.example.com' is not given"),
        (ingress("back", "evilapps.example.com"), "host 'evilapps.example.com' is not given"),
        (ingress("back", "admin.example.com", service="db"),
         "host 'admin.example.com' leads to a Service that the edge does not reach. Fix: lead it to one of admin, "
         "api, or add"),
        (changed(lambda body: body["spec"]["rules"][0].pop("host"), "admin.example.com"), "host '' is not given"),
        (changed(lambda body: body["spec"].update(defaultBackend={"resource": {"kind": "Any", "name": "any"}}),
                 "admin.example.com"), "spec.defaultBackend would answer for every host"),
        (changed(lambda body: body["metadata"].update(
            annotations={"traefik.ingress.kubernetes.io/router.priority": "2000000000"}), "admin.example.com"),
         "annotations of traefik.ingress.kubernetes.io/ change what the router does"),
        (changed(lambda body: body["spec"].update(tls=[{"hosts": ["admin.example.com"], "secretName": "own"}]),
                 "admin.example.com"), "secretName brings a certificate"),
        (changed(lambda body: body["metadata"].update(annotations={"kubernetes.io/ingress.class": "edge-router"}),
                 "shop.example.com"),
         "host 'shop.example.com' is not given"),
    ],
    ids=["host", "namespace", "wildcard", "parent", "suffix", "service", "no-host", "default", "annotation", "tls",
         "old-class"],
)  # fmt: skip
def test_an_ingress_that_would_go_round_the_policy_is_refused(
    admission: Provider, body: dict[str, Any], words: str
) -> None:
    with pytest.raises(ApiError) as refused:
        tried(admission, body)
    assert words in str(refused.value)
