"""Names, and paths of them, that the edge begins or ceases to answer, or leads elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.ops.preview.made import UNKNOWN_VALUE, report_of, step

GATEWAY_API = "kubernetes:gateway.networking.k8s.io/v1"
HTTP_ROUTE = f"{GATEWAY_API}:HTTPRoute"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"


def told(*events: dict[str, Any]) -> list[str]:
    return [each for each in report_of(*events).sentences if "at the edge" in each]


def named(*hosts: str) -> dict[str, Any]:
    return {"spec": {"hostnames": list(hosts)}}


def under(*paths: str | None, done: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the inputs of a route of shop.example.com; None is a rule without a path."""
    rules = [
        {"filters": [{"type": each} for each in done], **({"matches": [{"path": {"value": path}}]} if path else {})}
        for path in paths
    ]
    return {"spec": {"hostnames": ["shop.example.com"], "rules": rules}}


HEADER = ("RequestHeaderModifier",)
REDIRECT = under("/", done=(*HEADER, "RequestRedirect"))


def test_several_routes_may_answer_one_name() -> None:
    shop, web = named("shop.example.com", "blog.example.com"), named("web.example.com")
    new = named("two.example.com", "one.example.com")
    assert told(
        step("delete", HTTP_ROUTE, "http-shop", shop, None),
        step("delete", HTTP_ROUTE, "https-shop", shop, None),
        step("delete", HTTP_ROUTE, "http-web", web, None),
        step("same", HTTP_ROUTE, "https-web", web, web),
        step("create", HTTP_ROUTE, "https-new", None, new),
    ) == [
        "Answered at the edge no more: blog.example.com, shop.example.com.",
        "Answered at the edge from now on: one.example.com, two.example.com.",
    ]


@pytest.mark.parametrize(
    ("kind", "inputs", "told_of"),
    [
        (f"{GATEWAY_API}:TLSRoute", named("a.example.com"), True),
        (f"{GATEWAY_API}:GRPCRoute", named("a.example.com"), True),
        (INGRESS, {"spec": {"rules": [{"host": "a.example.com"}, {"http": {}}]}}, True),
        (INGRESS, {"spec": {"defaultBackend": {}}}, False),
        (HTTP_ROUTE, {"spec": UNKNOWN_VALUE}, False),
        ("kubernetes:example.com/v1:Zone", named("a.example.com"), False),
    ],
)
def test_what_answers_names(kind: str, inputs: dict[str, Any], told_of: bool) -> None:
    assert (
        told(step("create", kind, "a", None, inputs)) == ["Answered at the edge from now on: a.example.com."] * told_of
    )


LED = "Led to another workload at the edge, since paths of one host are shared: shop.example.com"


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        (["/old", "/"], ["/till", "/"], [f"{LED}/old, shop.example.com/till."]),
        (["/api", "/"], ["/"], [f"{LED}/api."]),
        (["/"], ["/api/v2", "/"], [f"{LED}/api/v2."]),
        (["/api"], ["/api", "/api/v2"], [f"{LED}/api/v2."]),
        (["/api", "/apis"], ["/api"], ["Answered at the edge no more: shop.example.com/apis."]),
        (["/api"], ["/api", "/b"], ["Answered at the edge from now on: shop.example.com/b."]),
        (["/b", "/api", "/"], ["/b", "/api"], ["Answered at the edge no more: shop.example.com (beside /api, /b)."]),
        (["/api"], [None, "/api"], ["Answered at the edge from now on: shop.example.com (beside /api)."]),
        (["/api/"], ["/api"], []),
    ],
)  # fmt: skip
def test_paths_of_a_host(old: list[str], new: list[str | None], sentences: list[str]) -> None:
    assert (
        told(
            step("same", HTTP_ROUTE, "http", REDIRECT, REDIRECT),
            step("update", HTTP_ROUTE, "https", under(*old), under(*new, done=HEADER)),
        )
        == sentences
    )


def led(space: str | None, service: str, host: str = "www.example.com") -> dict[str, Any]:
    backend = {"name": service, "port": 8080} | ({"namespace": space} if space else {})
    return {
        "metadata": {"namespace": "shop", "name": host},
        "spec": {"hostnames": [host], "rules": [{"backendRefs": [backend]}]},
    }


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (led("shop", "web"), led("desk", "admin"), "www.example.com (shop/web → desk/admin)"),
        (led(None, "web"), led("desk", "web"), "www.example.com (shop/web → desk/web)"),
        (led(None, "web"), led("shop", "web"), ""),
        # What Ingress objects lead to is not known here.
        (led("shop", "web"), {"spec": {"rules": [{"host": "www.example.com"}]}}, ""),
    ],
)
def test_a_host_that_another_service_answers_is_told(old: dict[str, Any], new: dict[str, Any], place: str) -> None:
    report = report_of(step("update", HTTP_ROUTE, "https", old, new))
    expected = [f"Led to another Service at the edge: {place}."] if place else []
    assert [each for each in report.sentences if "at the edge" in each] == expected
    assert report.verdict == ("attention" if place else "fine")
