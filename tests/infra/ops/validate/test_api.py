"""Whether the API server answers, and what its load balancers find of the members where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.kube import ClusterUnreachableError
from infra.ops.validate.api import blindness
from infra.ops.validate.dns import addresses
from tests.infra.ops.cloud import client_error


class Api:
    server = "https://api.test.example.com"

    def __init__(self, *answer: Any) -> None:
        self.answer, self.asked = answer, list[Any]()

    def raw(self, *asked: Any, **query: Any) -> Any:
        self.asked.append((*asked, query))
        if not self.answer:
            raise ClusterUnreachableError("cannot GET /readyz", "no connection within 5 s", "check the API server")
        return self.answer


class Balancers:
    """Health of targets by target group; a word in its place is an error of AWS."""

    def __init__(self, **groups: dict[str, str] | str) -> None:
        self.groups = groups

    def describe_target_health(self, TargetGroupArn: str) -> Any:  # noqa: N803
        found = self.groups[TargetGroupArn]
        if isinstance(found, str):
            raise client_error(found)
        described = [{"Target": {"Id": name}, "TargetHealth": {"State": state}} for name, state in found.items()]
        return {"TargetHealthDescriptions": described}


def look(api: Api, balancers: Balancers) -> Any:
    kube: Any = api
    return blindness(kube, balancers, lambda: sorted(balancers.groups))


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({"inside": {"a": "healthy", "b": "healthy"}}, "; its load balancer finds 2 of 2 members healthy"),
        # Of a member behind two load balancers, whichever comes first, each must find it healthy.
        (
            {"inside": {"a": "unhealthy", "b": "healthy"}, "public": {"a": "healthy", "b": "initial"}},
            "; its load balancer finds 0 of 2 members healthy",
        ),
        ({"inside": {"a": "healthy"}, "public": "AccessDenied"}, ""),
        ({}, ""),
    ],
)
def test_what_load_balancers_find(groups: dict[str, Any], said: str) -> None:
    api = Api()
    found = look(api, Balancers(**groups))
    assert (found.severity, found.problem) == ("invalid", f"does not answer: no connection within 5 s{said}")
    assert api.asked == [("GET", "/readyz", {"query": {"verbose": "true"}})]


@pytest.mark.parametrize(
    ("status", "text", "found"),
    [
        (200, "[+]etcd ok", None),
        (401, "", ("API server", "unknown", "renew the kubeconfig")),
        (403, "", None),
        (500, "[-]informer-sync failed", None),
        (500, "[-]etcd failed", ("etcd", "invalid", "bring members back, or see docs/restore-etcd.md")),
    ],
)
def test_an_api_server_that_answers(status: int, text: str, found: tuple[str, str, str] | None) -> None:
    finding = look(Api(status, text), Balancers())
    assert (finding and (finding.check, finding.severity, finding.fix)) == found


def test_addresses_are_each_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolver(name: str, port: None, *, type: int) -> list[Any]:
        assert name == "api.test.example.com"
        return [(2, type, 6, "", (address, 0)) for address in ("10.0.0.2", "10.0.0.1", "10.0.0.2")]

    monkeypatch.setattr("socket.getaddrinfo", resolver)
    assert addresses("api.test.example.com") == ["10.0.0.1", "10.0.0.2"]
