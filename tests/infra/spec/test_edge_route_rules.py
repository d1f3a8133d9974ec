"""Routes beside each other: paths of a host that they share, wildcards over another's names, and Ingress objects."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.plan.edge.samples import edge_mapping
from tests.infra.spec.reports import paths, report

SHOP, APPS, ONE, TWO = "shop.example.com", "*.apps.example.com", "one.apps.example.com", "two.apps.example.com"
API = {"service": "api", "targetPort": 9000, "podLabels": {"app": "api"}}


def route(name: str, *hosts: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "hosts": list(hosts), "namespace": "shop", "service": name, **more}


def written(*routes: dict[str, Any]) -> dict[str, Any]:
    return edge_mapping(routes=list(routes))


@pytest.mark.parametrize(
    "routes",
    [
        [route("a", SHOP), route("b", SHOP, path="/b"), route("c", SHOP, path="/b/c")],
        [route("all", APPS), route("one", ONE), route("two", TWO, path="/two")],
        [route("all", APPS, path="/api"), route("one", ONE), route("api", ONE, path="/api/")],
        [route("all", APPS, ONE, ingress=True), route("shop", SHOP)],
        [route("all", APPS, path="/api"), route("web", APPS)],
        [route("all", APPS, ingress=True, furtherServices=[API])],
    ],
)
def test_what_may_stand_beside_each_other(routes: list[dict[str, Any]]) -> None:
    assert report(written(*routes)) == []


ZONE = {"zone": "example.com", "zoneId": "Z0123456789ABCDEFGHIJ"}
PUBLIC = {"access": "public", "allowedCidrs": ["203.0.113.0/24"]}


@pytest.mark.parametrize(
    ("api", "dns", "refused"),
    [
        ({"hostedZone": ZONE["zoneId"]}, ZONE, ["api.internal.test.example.com"]),
        (PUBLIC | {"hostedZone": ZONE["zoneId"]}, ZONE, ["api.test.example.com", "api.internal.test.example.com"]),
        (PUBLIC, ZONE, []),
        (PUBLIC | {"hostedZone": ZONE["zoneId"]}, None, []),
        (PUBLIC | {"hostedZone": "Z0000000000ABCDEFGHIJ"}, ZONE, []),
    ],
)
def test_names_of_the_api_are_no_hosts_in_its_zone(
    api: dict[str, Any], dns: dict[str, Any] | None, refused: list[str]
) -> None:
    hosts = ["api.test.example.com", "api.internal.test.example.com", "api.example.com", "*.test.example.com"]
    everybody = {"name": "web", "sources": ["anywhere"], "ports": [443], "hosts": ["*.example.com"]}
    mapping = edge_mapping(routes=[route("api", *hosts)], firewall=[everybody], tcpPorts=[])
    mapping["cluster"]["api"] = api
    mapping["edge"] |= {"dns": dns} if dns else {}
    assert report(mapping) == [
        f"edge.routes[0].hosts[{hosts.index(host)}]: '{host}' is the name of the Kubernetes API, which has its record "
        "in the same zone. Fix: use another host."
        for host in refused
    ]


SAME = "for the same paths. Fix: give one of them another path, or another host."
ALONE = "and Ingress objects have a host to themselves. Fix: give each of the two a host of its own."
MIXED = (
    "and between Ingress objects and other routes the router does not take the more exact name. Fix: name single hosts "
    "in place of the wildcard."
)
LED = (
    "whose requests for paths under /api would be led here: the router looks at paths before names. Fix: let both have "
    "the same path, or name single hosts in place of *.apps.example.com."
)


@pytest.mark.parametrize(
    ("routes", "lines"),
    [
        ([route("a", SHOP), route("b", SHOP), route("c", SHOP)],
         [f"[1].hosts[0]: '{SHOP}' leads to route a already, {SAME}",
          f"[2].hosts[0]: '{SHOP}' leads to route a already, {SAME}"]),
        ([route("a", SHOP, path="/a"), route("b", SHOP), route("c", SHOP, path="/a/")],
         [f"[2].hosts[0]: '{SHOP}' leads to route a already, {SAME}"]),
        ([route("a", SHOP, ONE), route("b", TWO, SHOP)],
         [f"[1].hosts[1]: '{SHOP}' leads to route a already, {SAME}"]),
        ([route("a", SHOP, ONE, SHOP)], [f"[0].hosts[2]: '{SHOP}' is listed twice. Fix: remove one."]),
        ([route(f"r{at}", SHOP, path=f"/{at}") for at in range(17)],
         [f"[16].hosts[0]: '{SHOP}' has 16 routes already, which is how many paths the router takes for one name. Fix: "
          "use another host."]),
        ([route("a", SHOP, ingress=True), route("b", SHOP)],
         [f"[1].hosts[0]: '{SHOP}' leads to route a already, {ALONE}"]),
        ([route("a", SHOP, path="/a"), route("b", SHOP, ingress=True)],
         [f"[1].hosts[0]: '{SHOP}' leads to route a already, {ALONE}"]),
        ([route("all", APPS, ingress=True), route("one", ONE)],
         [f"[0].hosts[0]: '{APPS}' covers {ONE} of route one, {MIXED}"]),
        ([route("one", ONE, ingress=True), route("all", SHOP, APPS, path="/api")],
         [f"[1].hosts[1]: '{APPS}' covers {ONE} of route one, {MIXED}"]),
        ([route("one", ONE), route("all", APPS, path="/api")],
         [f"[1].hosts[0]: '{APPS}' covers {ONE} of route one, {LED}"]),
        ([route("all", APPS, path="/api"), route("both", ONE, TWO)],
         [f"[0].hosts[0]: '{APPS}' covers {ONE} of route both, {LED}"]),
        ([route("all", APPS, path="/api"), route("both", ONE, TWO), route("api", ONE, path="/api")],
         [f"[0].hosts[0]: '{APPS}' covers {TWO} of route both, {LED}"]),
        ([route("a", SHOP, furtherServices=[API])],
         ["[0].furtherServices: are for Ingress objects, and this route leads to service alone. Fix: set ingress: "
          "true, or remove them."]),
        ([route("a", SHOP, ingress=True, path="/old")],
         ["[0].path: '/old' is for the namespace's Ingress objects to say. Fix: remove it."]),
        ([route("a", SHOP, ingress=True, furtherServices=[{**API, "service": "a"}, API, API])],
         ["[0].furtherServices[0].service: 'a' is listed already. Fix: remove it.",
          "[0].furtherServices[2].service: 'api' is listed already. Fix: remove it."]),
    ],
)  # fmt: skip
def test_what_may_not(routes: list[dict[str, Any]], lines: list[str]) -> None:
    assert report(written(*routes)) == [f"edge.routes{line}" for line in lines]


@pytest.mark.parametrize(
    ("routes", "wrong"),
    [
        ([route("a", SHOP), route("b", SHOP, path="b")], "edge.routes[1].path"),
        ([route("a", SHOP, path="a"), route("b", SHOP)], "edge.routes[0].path"),
        ([route("a", SHOP), route("b", SHOP, ingress="yes")], "edge.routes[1].ingress"),
        ([route("all", APPS, ingress=True), route("one", ONE, path="a")], "edge.routes[1].path"),
        ([route("all", APPS, path="/a"), route("one", ONE, path="a")], "edge.routes[1].path"),
        ([route("all", APPS, path="/a", port="80"), route("one", ONE)], "edge.routes[0].port"),
        ([route("a", SHOP, furtherServices=[API], ingress="yes")], "edge.routes[0].ingress"),
    ],
)
def test_what_rests_on_a_wrong_value_is_not_told(routes: list[dict[str, Any]], wrong: str) -> None:
    assert paths(written(*routes)) == [wrong]


@pytest.mark.parametrize(
    "routes", [[route("a", SHOP), route("b", SHOP)], [route("one", ONE), route("all", APPS, path="/api")]]
)
def test_a_third_route_that_is_wrong_hides_nothing(routes: list[dict[str, Any]]) -> None:
    assert paths(written(*routes, route("c", TWO, path="c"))) == ["edge.routes[1].hosts[0]", "edge.routes[2].path"]
