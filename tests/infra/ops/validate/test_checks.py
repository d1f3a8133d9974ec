"""Each check of a validation, on both sides of its judgement."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from infra.ops.errors import OpsError
from infra.ops.roll.etcd import EtcdReport
from infra.ops.roll.view import Group, Instance, Node
from infra.ops.validate.certificates import check_authorities, judge
from infra.ops.validate.control_plane import check_control_plane
from infra.ops.validate.dns import check_api_name
from infra.ops.validate.edge import check_targets
from infra.ops.validate.etcd import check_backup, check_members
from infra.ops.validate.findings import Finding, guarded
from infra.ops.validate.nodes import check_nodes
from infra.ops.validate.pods import check_critical_pods
from infra.ops.validate.run import Report, wait_until_valid
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.roll.simulation import FakeClock

NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
INSTANCE = Instance("i-1", "a", "m7i.large", "InService", "lt-1", "2")
NODE = Node("n-1", "i-1", True, False, False, False, False, "v1.37.2")
GROUP = Group("nodes.x", 1, 0, 9, "lt-1", "2", (), (INSTANCE,))


def told(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(each.severity, f"{each.subject}: {each.problem}") for each in findings]


@pytest.mark.parametrize(
    ("group", "nodes", "found"),
    [
        (GROUP, [NODE], []),
        (replace(GROUP, desired=3), [NODE], [("invalid", "instance group nodes: 2 of 3 machines are missing")]),
        (GROUP, [], [("invalid", "instance i-1 of nodes: has not become a node")]),
        (GROUP, [replace(NODE, ready=False)], [("invalid", "node n-1 of nodes: is not ready")]),
        (GROUP, [replace(NODE, ready=False, version="v1.20.0")], [("invalid", "node n-1 of nodes: is not ready")]),
        (
            GROUP,
            [NODE, replace(NODE, name="n-9", instance_id="i-9")],
            [("warning", "node n-9 of nodes: belongs to no machine of the group")],
        ),
        (
            replace(GROUP, template_version="3"),
            [NODE],
            [("warning", "instance group nodes: 1 of 1 machines differ from the launch template")],
        ),
        (
            replace(GROUP, instances=(INSTANCE, replace(INSTANCE, id="i-2", lifecycle="", mark="detach"))),
            [NODE, replace(NODE, name="n-2", instance_id="i-2")],
            [
                (
                    "warning",
                    "instance group nodes: i-2 were taken out of the group by a rolling update that has not ended",
                )
            ],
        ),
        (replace(GROUP, instances=(replace(INSTANCE, lifecycle="Terminating:Wait"),), desired=0), [NODE], []),
    ],
)
def test_nodes_against_their_group(group: Group, nodes: list[Node], found: list[tuple[str, str]]) -> None:
    assert told(check_nodes("nodes", group, nodes, "1.37.2")) == found


@pytest.mark.parametrize(
    ("version", "severity"),
    [
        ("v1.37.2", None),
        ("v1.37.2-eks-1", None),
        ("v1.37.1", "warning"),
        ("v1.37.3", "warning"),
        ("v1.34.9", "warning"),
        ("v1.33.9", "invalid"),
        ("v1.38.0", "invalid"),
        ("v2.0.0", "invalid"),
        ("", "invalid"),
        ("v1.x.0", "invalid"),
    ],
)
def test_the_version_of_a_node(version: str, severity: str | None) -> None:
    found = list(check_nodes("nodes", GROUP, [replace(NODE, version=version)], "1.37.2"))
    assert [each.severity for each in found] == ([severity] if severity else [])


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
            return self.pods
        assert query["labelSelector"].startswith("tier=control-plane,component in (kube-apiserver,")
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
        (Api(503, "no"), (), ["the API server: is not ready: HTTP 503"]),
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
    assert [text for _, text in told(check_control_plane(api, 2, ignored))] == found


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


def test_etcd_is_whole_or_not() -> None:
    class Health:
        def __init__(self, *healthy: str) -> None:
            self.healthy = healthy

        def report(self) -> EtcdReport:
            return EtcdReport(True, frozenset(self.healthy), frozenset(), True)

    assert list(check_members(Health("a", "b", "c"), 3)) == []
    assert told(check_members(Health("a", "b"), 3)) == [("invalid", "etcd: 2 of 3 etcd members are healthy")]


class Listing:
    """A bucket with these keys and ages in hours."""

    def __init__(self, **ages: float) -> None:
        self.contents = [
            {"Key": f"c/backups/etcd/{key.replace('__', '/')}", "LastModified": NOW - datetime.timedelta(hours=age)}
            for key, age in ages.items()
        ]

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"Contents": self.contents[:1]}, {"Contents": self.contents[1:]}, {}]


@pytest.mark.parametrize(
    ("ages", "found"),
    [
        ({"a": 100, "b": 24.9}, []),
        ({"a": 26, "b": 100}, ["the newest backup is 26 h old, and one should be made each day"]),
        ({}, ["holds no backup"]),
        ({"members__a": 1}, ["holds no backup"]),
        ({"members__a": 1, "b": 49.6}, ["the newest backup is 50 h old, and one should be made each day"]),
    ],
)
def test_the_newest_backup(ages: dict[str, float], found: list[str]) -> None:
    findings = list(check_backup(Listing(**ages), "b", "c/backups/etcd/", NOW))
    assert [each.problem for each in findings] == found


def certificate(start: float, end: float) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW + datetime.timedelta(days=start))
        .not_valid_after(NOW + datetime.timedelta(days=end))
        .sign(key, hashes.SHA256())
    )


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (-1, 30.1, []),
        (-1, 29.9, [("warning", "x: has 29 days left")]),
        (-1, 7.1, [("warning", "x: has 7 days left")]),
        (-1, 6.9, [("invalid", "x: has 6 days left")]),
        (-2, -1, [("invalid", "x: ended on 2026-05-31")]),
        (1, 99, [("invalid", "x: is valid only from 2026-06-02")]),
    ],
)
def test_days_left(start: float, end: float, found: list[tuple[str, str]]) -> None:
    assert told(judge("x", certificate(start, end), NOW, "")) == found


@pytest.mark.usefixtures("cloud")
def test_authorities_in_the_bucket() -> None:
    s3 = boto3.client("s3", region_name="eu-central-1")
    s3.create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert list(check_authorities(s3, "bkt", "c/pki/", NOW)) == []
    pem = serialization.Encoding.PEM
    trusted = certificate(-1, 3000).public_bytes(pem) + certificate(-400, -1).public_bytes(pem)
    s3.put_object(Bucket="bkt", Key="c/pki/ca.crt", Body=trusted)
    s3.put_object(Bucket="bkt", Key="c/pki/ca.key", Body=b"secret")
    s3.put_object(Bucket="bkt", Key="c/pki/etcd/ca.crt", Body=b"nonsense")
    found = told(check_authorities(s3, "bkt", "c/pki/", NOW))
    assert found[0] == ("invalid", "s3://bkt/c/pki/ca.crt: ended on 2026-05-31")
    assert found[1][1].startswith("s3://bkt/c/pki/etcd/ca.crt: is no certificate: ")
    assert len(found) == 2


def test_the_name_of_the_api() -> None:
    def never(_: str) -> list[str]:
        raise AssertionError("an address is not resolved")

    def fails(_: str) -> list[str]:
        raise OSError("no such name")

    assert list(check_api_name("https://127.0.0.1:6443", never)) == []
    assert list(check_api_name("https://[::1]:6443", never)) == []
    asked: list[str] = []

    def leads(name: str) -> list[str]:
        asked.append(name)
        return ["10.0.0.1"]

    assert list(check_api_name("https://api.test.example.com", leads)) == []
    assert asked == ["api.test.example.com"]
    assert told(check_api_name("https://api.x:443", fails)) == [("invalid", "api.x: cannot be resolved: no such name")]
    placeholder = told(check_api_name("https://api.x", lambda _: ["203.0.113.123"]))
    assert placeholder == [("invalid", "api.x: leads to the placeholder 203.0.113.123")]


@pytest.mark.parametrize(
    ("states", "settled", "found"),
    [
        (["healthy", "healthy"], True, []),
        (["healthy", "initial", "draining"], False, []),
        (["healthy", "initial", "draining"], True, ["i-1 in target group web of edge: is initial: said ELB"]),
        (["healthy", "unhealthy"], False, ["i-1 in target group web of edge: is unhealthy: said ELB"]),
        (["unhealthy", "unhealthy"], False, ["target group web of edge: has no healthy target (2 unhealthy)"]),
        ([], False, ["target group web of edge: has no healthy target (none registered)"]),
    ],
)
def test_targets_of_the_edge(states: list[str], settled: bool, found: list[str]) -> None:
    class Elb:
        def describe_target_health(self, **_: str) -> dict[str, Any]:
            described = [
                {"Target": {"Id": f"i-{n}"}, "TargetHealth": {"State": state, "Description": "said ELB"}}
                for n, state in enumerate(states)
            ]
            return {"TargetHealthDescriptions": described}

    arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web/0123"
    assert [text for _, text in told(check_targets(Elb(), "edge", [arn], settled=settled))] == found
    assert list(check_targets(Elb(), "edge", [], settled=settled)) == []


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
