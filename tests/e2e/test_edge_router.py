"""The router's own program with every object of the edge, before Services that answer: what gets through."""

from __future__ import annotations

import base64
import contextlib
import http.client
import ssl
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from rich.console import Console

from infra.plan.addons.objects import AddonObject
from infra.plan.edge import EdgePlan, plan_edge
from infra.plan.edge.explain import explain
from infra.plan.edge.gateway import tls_secret
from infra.plan.edge.policy import routes_for
from rehearsal.controlplane import ControlPlane
from rehearsal.providers.kubernetes.api import ApiError
from rehearsal.providers.kubernetes.provider import Provider
from rehearsal.toolchain import resolve
from tests.e2e import promql
from tests.e2e.cluster import plane, tools
from tests.e2e.edge_router import (
    BALANCER,
    STRANGER,
    Answer,
    Backend,
    GrpcBackend,
    Router,
    free_port,
    own_address,
    self_signed,
    service,
)
from tests.e2e.test_addons import apply, told
from tests.e2e.test_edge import ZONE, served
from tests.infra.plan.edge.samples import NAMESPACES, edge_spec
from tests.infra.plan.edge.test_ingress import ingress

__all__ = ["plane", "tools"]  # fixtures

pytestmark = pytest.mark.e2e

FIREWALL = [
    {"name": "web", "sources": ["anywhere"], "ports": [80, 443],
     "hosts": ["shop.example.com", "one.apps.example.com", "rates.example.com"]},
    {"name": "office", "sources": ["198.51.100.0/24", "10.8.0.0/16"], "ports": [80, 443],
     "hosts": ["admin.example.com", "desk.example.com", "*.apps.example.com"]},
    {"name": "partners", "sources": ["203.0.113.7/32"], "ports": ["postgres"]},
]  # fmt: skip
ROUTES: list[dict[str, Any]] = [
    {"name": "shop", "hosts": ["shop.example.com"], "namespace": "shop", "service": "web"},
    {"name": "desk", "hosts": ["desk.example.com"], "namespace": "shop", "service": "web", "path": "/desk"},
    {"name": "old", "hosts": ["admin.example.com", "*.apps.example.com"], "namespace": "back", "service": "admin",
     "ingress": True, "furtherServices": [{"service": "api", "targetPort": 9000}]},
    {"name": "rates", "hosts": ["rates.example.com"], "namespace": "shop", "service": "rates", "port": 9090},
    {"name": "till", "hosts": ["shop.example.com"], "namespace": "shop", "service": "till", "path": "/till"},
]  # fmt: skip
ROUTED = {
    "acm": edge_spec(firewall=FIREWALL, routes=ROUTES),
    "router": edge_spec(
        firewall=FIREWALL, routes=ROUTES, tls={"minVersion": "1.3", "acme": {"solver": "dns01"}}, dns=ZONE
    ),
}
SERVICES = (("shop", "web", 80), ("shop", "till", 80), ("back", "admin", 80), ("back", "api", 80), ("back", "db", 5432))
CLIENTS = ("8.8.8.8", "198.51.100.9", "10.8.200.1", "203.0.113.7")
ASKED = ("shop.example.com", "one.apps.example.com", "a.b.apps.example.com", "admin.example.com", "desk.example.com",
         "apps.example.com", "nowhere.test")  # fmt: skip
GIVEN = ingress("back", "admin.example.com", "one.apps.example.com", "a.b.apps.example.com")


HOSTS = tuple(dict.fromkeys(host for route in ROUTES for host in route["hosts"]))


def issued(host: str) -> dict[str, Any]:
    """Return what cert-manager would make for a host."""
    key, certificate = self_signed(host, [host])
    made = {"tls.key": base64.b64encode(key).decode(), "tls.crt": base64.b64encode(certificate).decode()}
    metadata = {"name": tls_secret(host), "namespace": "slipway-edge"}
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": made}


@pytest.fixture(scope="module")
def backends() -> Iterator[dict[str, Backend]]:
    address = own_address()
    made = {name: Backend(name, address) for _, name, _ in SERVICES}
    yield made
    for each in made.values():
        each.stop()


@pytest.fixture(scope="module")
def rates() -> Iterator[GrpcBackend]:
    made = GrpcBackend(own_address())
    yield made
    made.stop()


@pytest.fixture(scope="module")
def cluster(plane: ControlPlane) -> Provider:
    made = Provider(warn=lambda _urn, _text: None, environment={"KUBECONFIG": str(plane.kubeconfig)})
    made.configure({})
    for namespace in NAMESPACES:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": namespace}
        apply(made, AddonObject("test", body), body, dry=False)
    return made


@pytest.fixture(scope="module", params=ROUTED)
def routed(
    request: pytest.FixtureRequest,
    plane: ControlPlane,
    cluster: Provider,
    backends: dict[str, Backend],
    rates: GrpcBackend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[EdgePlan, Router]]:
    """The router with every object of the edge, as its own ServiceAccount, and Services that answer."""
    program = resolve(["traefik"], Console(stderr=True))["traefik"]
    plan = plan_edge(ROUTED[request.param])
    assert plan is not None
    ports = {port: free_port() for port in (8080, 8443, 5432, 8081, 9101)}
    for each in plan.router.objects:
        body = told(each.body)
        for listener in body["spec"]["listeners"] if each.kind == "Gateway" else ():
            listener["port"] = ports[listener["port"]]
        served(cluster, each)
        apply(cluster, each, body, dry=False)
    further = [
        part for ns, name, port in SERVICES for part in service(ns, name, port, backends[name].port, own_address())
    ]
    further += service("shop", "rates", 9090, rates.port, own_address(), appProtocol="kubernetes.io/h2c")
    for body in (*further, *map(issued, HOSTS), GIVEN):
        apply(cluster, AddonObject("test", body), body, dry=False)
    folder = tmp_path_factory.mktemp("router")
    router = Router(program, plan, ports, as_service_account(cluster, plane.kubeconfig, folder), folder)
    try:
        eventually(lambda: asked(plan, router, "10.8.200.1", "shop.example.com").status == 200, router)
        eventually(lambda: asked(plan, router, "10.8.200.1", "admin.example.com").status == 200, router)
        router.settled = len(router.lines())
        yield plan, router
    finally:
        router.stop()


def as_service_account(provider: Provider, administrator: Path, folder: Path) -> Path:
    """Return a kubeconfig of the router's ServiceAccount: it may read what its Roles say, and no more."""
    assert provider.connection.operations is not None
    client = provider.connection.operations.cluster.client
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    made = client.request("POST", "/api/v1/namespaces/slipway-edge/serviceaccounts/edge-router/token", body=body)
    config = yaml.safe_load(administrator.read_text(encoding="utf-8"))
    config["users"][0]["user"] = {"token": made["status"]["token"]}
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    return file


def eventually(holds: Callable[[], bool], router: Router) -> None:
    for _ in range(150):
        with contextlib.suppress(OSError):
            if holds():
                return
        time.sleep(0.2)
    raise AssertionError("\n".join(str(line) for line in router.lines()[-20:]))


def asked(
    plan: EdgePlan,
    router: Router,
    client: str,
    host: str,
    port: int = 443,
    path: str = "/",
    by: str = BALANCER,
    **headers: str,
) -> Answer:
    tls = ssl.TLSVersion.TLSv1_3 if port == 443 and plan.spec.tls.acm is None else None
    return router.ask(client, host, port, path, tls=tls, by=by, **headers)


def test_the_router_does_what_explain_says(routed: tuple[EdgePlan, Router]) -> None:
    plan, router = routed
    seen = Counter[int]()
    for client, host, port in product(CLIENTS, ASKED, (443, 80)):
        said = explain(plan.spec, client, host, port)
        path = "/desk/1" if host == "desk.example.com" else "/1"
        answer = asked(plan, router, client, host, port, path)
        last = said.steps[-1]
        if not said.allowed:
            assert last.layer == "router"
            assert answer.status == (403 if last.rules else 404), (client, host, port)
        elif port == 80:
            assert (answer.status, answer.headers["Location"]) == (301, f"https://{host}{path}")
        else:
            found = routes_for(plan.spec, host)
            assert found is not None
            assert (answer.status, answer.told["service"]) == (200, found[0][-1].service)
            assert answer.told["headers"]["X-Forwarded-For"] == client
            assert answer.told["headers"]["X-Forwarded-Proto"] == "https"
        seen[answer.status] += 1
    # 4 clients, 7 hosts and 2 ports; two hosts are open to all, three to two clients, two lead nowhere.
    assert seen == {200: 14, 301: 14, 403: 12, 404: 16}


def test_paths_outside_a_routes_are_not_found(routed: tuple[EdgePlan, Router]) -> None:
    plan, router = routed
    assert asked(plan, router, "10.8.200.1", "desk.example.com", path="/other").status == 404


@pytest.mark.parametrize(
    ("path", "name"),
    [("/", "web"), ("/1", "web"), ("/till", "till"), ("/till/1", "till"), ("/tills", "web"), ("/1/till", "web")],
)
def test_routes_share_a_host_by_their_paths(routed: tuple[EdgePlan, Router], path: str, name: str) -> None:
    plan, router = routed
    answer = asked(plan, router, "8.8.8.8", "shop.example.com", path=path)
    assert (answer.status, answer.told["service"]) == (200, name)


@pytest.mark.parametrize("routed", ["acm"], indirect=True)
def test_grpc_reaches_a_service_that_speaks_http_2_alone(routed: tuple[EdgePlan, Router]) -> None:
    _, router = routed
    assert router.call("rates.example.com", b"EUR") == b"EUR"


def test_tcp_is_passed_on_to_those_of_its_rule(routed: tuple[EdgePlan, Router]) -> None:
    _, router = routed
    assert router.ask("203.0.113.7", "any", 5432).told["service"] == "db"
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        router.ask("8.8.8.8", "any", 5432)


def test_only_the_load_balancer_is_believed(routed: tuple[EdgePlan, Router]) -> None:
    plan, router = routed
    assert asked(plan, router, "10.8.200.1", "admin.example.com", by=STRANGER).status == 403
    told_of = asked(plan, router, "8.8.8.8", "shop.example.com", X_Forwarded_For="10.8.200.1", X_Real_Ip="10.8.200.1")
    assert told_of.told["headers"]["X-Forwarded-For"] == "8.8.8.8"
    assert asked(plan, router, "8.8.8.8", "admin.example.com", X_Forwarded_For="10.8.200.1").status == 403


def test_the_access_log_names_the_client(routed: tuple[EdgePlan, Router]) -> None:
    plan, router = routed
    asked(plan, router, "8.8.4.4", "admin.example.com", path="/logged")
    eventually(lambda: any(line.get("RequestPath") == "/logged" for line in router.lines()), router)
    (line,) = (each for each in router.lines() if each.get("RequestPath") == "/logged")
    assert (line["ClientHost"], line["DownstreamStatus"]) == ("8.8.4.4", 403)


def test_the_router_complains_of_nothing(routed: tuple[EdgePlan, Router]) -> None:
    _, router = routed
    complaints = [line for line in router.lines() if line.get("level") in ("error", "fatal", "panic")]
    # Whom a list of addresses refuses on a TCP port is told as an error. Its two readers of the API begin together, and
    # a route that is read before its guard answers nothing until that is read too: an error as well, at the beginning.
    refusals = [line for line in complaints if line.get("middlewareType") == "IPAllowListerTCP"]
    early = [
        line
        for line in router.lines()[: router.settled]
        if str(line.get("error")).endswith('@kubernetescrd" does not exist')
    ]
    assert [line for line in complaints if line not in (*refusals, *early)] == []


def test_each_host_has_its_certificate_and_old_tls_is_refused(routed: tuple[EdgePlan, Router]) -> None:
    plan, router = routed
    if plan.spec.tls.acm is not None:
        assert asked(plan, router, "8.8.8.8", "shop.example.com").certificate is None
        return
    for host, name in (
        ("shop.example.com", "shop.example.com"),
        ("one.apps.example.com", "*.apps.example.com"),
        ("admin.example.com", "admin.example.com"),
    ):
        certificate = asked(plan, router, "10.8.200.1", host).certificate
        assert certificate is not None
        subject = x509.load_der_x509_certificate(certificate).subject
        assert subject.rfc4514_string() == f"CN={name}"
    with pytest.raises(ssl.SSLError):
        router.ask("8.8.8.8", "shop.example.com", tls=ssl.TLSVersion.TLSv1_2)


def test_the_alert_of_certificates_names_what_the_router_tells(routed: tuple[EdgePlan, Router]) -> None:
    plan, router = routed
    with urllib.request.urlopen(f"http://127.0.0.1:{router.ports[9101]}/metrics", timeout=10) as answer:
        found = promql.series(answer.read().decode().splitlines())
    if plan.spec.tls.acm is None:
        assert promql.judged(found, "traefik_") == set()
        names = {each["cn"] for each in found["traefik_tls_certs_not_after"]}
        assert set(HOSTS) <= names


def test_an_ingress_that_no_policy_has_seen_opens_nothing(routed: tuple[EdgePlan, Router], cluster: Provider) -> None:
    """As one that was made before the policy: it takes a host of another's route, and yet lets in nobody."""
    plan, router = routed
    binding = next(each for each in plan.router.objects if each.kind == "ValidatingAdmissionPolicyBinding")
    apply(
        cluster,
        binding,
        {**told(binding.body), "spec": {"policyName": "none", "validationActions": ["Deny"]}},
        dry=False,
    )
    body = ingress("back", "desk.example.com", "nowhere.test", service="api")
    body["metadata"] = {**body["metadata"], "name": "stray"}
    stray = AddonObject("test", body)
    eventually(lambda: bool(unjudged(cluster, stray)), router)
    try:
        eventually(lambda: service_of(asked(plan, router, "10.8.200.1", "desk.example.com")) == "api", router)
        assert asked(plan, router, "8.8.8.8", "desk.example.com").status == 403
        assert asked(plan, router, "8.8.8.8", "nowhere.test").status == 404
    finally:
        assert cluster.connection.operations is not None
        path = "/apis/networking.k8s.io/v1/namespaces/back/ingresses/stray"
        cluster.connection.operations.cluster.client.request("DELETE", path)


def unjudged(provider: Provider, made: AddonObject) -> dict[str, Any] | None:
    with contextlib.suppress(ApiError):
        return apply(provider, made, told(made.body), dry=False)
    return None


def service_of(answer: Answer) -> str | None:
    return answer.told["service"] if answer.status == 200 else None
