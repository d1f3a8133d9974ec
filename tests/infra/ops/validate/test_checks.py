"""The control plane, critical pods, and the verdict over all checks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from infra.ops.errors import OpsError
from infra.ops.validate.control_plane import check_control_plane
from infra.ops.validate.findings import Finding, guarded
from infra.ops.validate.pods import check_critical_pods
from infra.ops.validate.run import Report, wait_until_valid
from tests.infra.ops.roll.simulation import FakeClock
from tests.infra.ops.validate.samples import told


class Api:
    """An API server with canned answers."""

    def __init__(self, status: int = 200, text: str = "[+]etcd ok", pods: Iterable[dict[str, Any]] = ()) -> None:
        self.status, self.text, self.pods = status, text, list(pods)
        self.paths: list[str] = []

    def raw(self, method: str, path: str, query: dict[str, str]) -> tuple[int, str]:
        assert (method, path, query) == ("GET", "/readyz", {"verbose": "true"})
        return self.status, self.text

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        self.paths.append(path)
        if "labelSelector" not in query:
            assert query == {"fieldSelector": "status.phase!=Succeeded,status.phase!=Failed"}, "what ended is done"
            return self.pods
        assert query["labelSelector"] == f"tier=control-plane,component in ({','.join(PLANE)})"
        return [each for each in self.pods if each["metadata"]["labels"]["component"]]


def pod(
    name: str, *, ready: bool = True, node: str = "n-1", priority: str = "", component: str = "", **meta: Any
) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "kube-system", "labels": {"component": component}, **meta},
        "spec": {"nodeName": node, "priorityClassName": priority},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")


def member(node: str, *, ready: bool = True) -> list[dict[str, Any]]:
    return [pod(f"{each}-{node}", component=each, node=node, ready=ready) for each in PLANE]


@pytest.mark.parametrize(
    ("api", "ignored", "found"),
    [
        (Api(), (), []),
        (Api(pods=[*member("a"), *member("b")]), (), []),
        (Api(500, "[+]ping ok\n[-]etcd failed: x\n"), (), ["the API server: is not ready: etcd"]),
        (Api(500, "[-]etcd failed: x\n[-]log failed: x\n"), (), ["the API server: is not ready: etcd, log"]),
        (Api(503, "no"), (), ["the API server: is not ready: HTTP 503"]),
        (
            Api(500, "[+]etcd ok\n[-]kms-provider-0 failed: x\n"),
            (),
            ["the API server: is not ready: kms-provider-0: AWS KMS wraps no keys of Secrets for it"],
        ),
        (
            Api(500, "[-]etcd failed: x\n[-]kms-provider-0 failed: x\n"),
            (),
            ["the API server: is not ready: etcd, kms-provider-0"],
        ),
        (Api(pods=member("a")), (), [f"{each}: 1 of 2 are ready" for each in PLANE]),
        (
            Api(pods=[*member("a"), *member("b", ready=False)]),
            (),
            [
                *(f"pod kube-system/{each}-b: is not ready" for each in PLANE),
                *(f"{each}: 1 of 2 are ready" for each in PLANE),
            ],
        ),
        (Api(pods=[*member("a"), *member("b", ready=False)]), ("b",), []),
        (Api(pods=[*member("a", ready=False)]), ("b",), [
            *(f"pod kube-system/{each}-a: is not ready" for each in PLANE),
            *(f"{each}: 0 of 1 are ready" for each in PLANE),
        ]),
    ],
)  # fmt: skip
def test_the_control_plane(api: Any, ignored: tuple[str, ...], found: list[str]) -> None:
    assert told(check_control_plane(api, 2, ignored)) == [("invalid", text) for text in found]
    assert set(api.paths) <= {"/api/v1/namespaces/kube-system/pods"}


CRITICAL = "system-node-critical"


@pytest.mark.parametrize(
    ("one", "found"),
    [
        (pod("x", priority=CRITICAL), []),
        (pod("x", priority=CRITICAL, ready=False), ["pod kube-system/x: on n-1 is not ready (Running)"]),
        (
            pod("x", priority="system-cluster-critical", ready=False, node=""),
            ["pod kube-system/x: is not ready (Running)"],
        ),
        (pod("x", ready=False), []),
        (pod("x", priority="high", ready=False), []),
        (pod("x", priority=CRITICAL, ready=False, node="elsewhere"), []),
        (pod("x", priority=CRITICAL, ready=False, node="going"), []),
        (pod("x", priority=CRITICAL, ready=False, deletionTimestamp="now"), []),
    ],
)
def test_critical_pods(one: dict[str, Any], found: list[str]) -> None:
    api: Any = Api(pods=[one])
    assert [text for _, text in told(check_critical_pods(api, {"n-1", "going"}, {"going"}))] == found


def test_critical_pods_of_every_node_and_namespace() -> None:
    api: Any = Api(pods=[pod("x", priority=CRITICAL, ready=False, node="anywhere")])
    assert len(list(check_critical_pods(api))) == 1
    assert list(check_critical_pods(api, (), (), "kube-system")) == []
    assert api.paths == ["/api/v1/pods", "/api/v1/namespaces/kube-system/pods"]


def test_what_cannot_be_looked_at_is_a_finding() -> None:
    def fails() -> tuple[Finding, ...]:
        raise OpsError("cannot reach AWS", "timeout", "check the network")

    assert guarded("edge", fails) == (Finding("edge", "unknown", "cannot reach AWS", "timeout", "check the network"),)


def test_the_verdict() -> None:
    def verdict(*severities: Any) -> str:
        return Report(tuple(Finding("x", each, "a", "b") for each in severities), ("x",)).verdict

    assert verdict() == verdict("warning") == "valid"
    assert verdict("warning", "unknown") == "unknown"
    assert verdict("unknown", "invalid") == "invalid"


def test_what_keeps_it_from_valid() -> None:
    severities: tuple[Any, ...] = ("warning", "invalid", "unknown")
    found = tuple(Finding("x", each, "a", "b") for each in severities)
    assert Report(found, ("x",)).between == found[1:]


def test_waiting_ends_when_it_is_valid_or_the_time_is_over() -> None:
    clock = FakeClock()
    bad = Report((Finding("x", "invalid", "a", "b"),), ("x",))
    good = Report((), ("x",))
    answers = iter([bad, bad, good, bad])
    assert wait_until_valid(lambda: next(answers), clock, wait=60, poll=10) is good
    assert clock.time == 20
    assert wait_until_valid(lambda: bad, clock, wait=35, poll=10) is bad
    assert clock.time == 50
    assert wait_until_valid(lambda: bad, clock, wait=0, poll=10) is bad
    assert clock.time == 50


def test_each_report_that_is_waited_on_is_told() -> None:
    clock, told_of = FakeClock(), list[tuple[Report, float]]()
    bad, other = (Report((Finding("x", "unknown", each, "b"),), ("x",)) for each in ("a", "c"))
    answers = iter([bad, other, bad])
    last = wait_until_valid(
        lambda: next(answers), clock, wait=25, poll=10, tell=lambda report, left: told_of.append((report, left))
    )
    assert last is bad
    assert told_of == [(bad, 25), (other, 15)]
