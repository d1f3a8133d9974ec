"""A whole validation on bad days: the API server is down, etcd is, a member is, another group is in trouble."""

from __future__ import annotations

import dataclasses
import json
import socket
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pytest

from infra.commands import validate as command
from infra.commands.recorded import Seen
from infra.ops.kube import ClusterUnreachableError, Proxy
from infra.ops.validate.run import Report, Validation
from infra.plan.node.registration import GROUP_LABEL
from infra.spec import EnvironmentSpec
from infra.spec.workloads.workload import WorkloadSpec
from tests.infra.ops.roll.simulation import FakeClock
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec
from tests.infra.workload_samples import IMAGE
from tests.infra.workload_samples import environment as applications

SERVER = "https://127.0.0.1:1"
READY = "[+]ping ok\n[+]etcd ok\n[+]etcd-readiness ok\n"
PLANES = ("control-plane-a", "control-plane-b", "control-plane-c")
COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")


def environment() -> EnvironmentSpec:
    one = {"role": "ControlPlane", "minSize": 1, "maxSize": 1}
    planes = [group_mapping(name, zones=[f"eu-central-1{name[-1]}"], **one) for name in PLANES]
    others = [group_mapping("nodes"), group_mapping("batch"), group_mapping("edge", role="Edge")]
    network = {**ENVIRONMENT["network"], "zones": [f"eu-central-1{zone}" for zone in "abc"]}
    return sample_spec(network=network, instanceGroups=[*planes, *others])


class Account:
    """An AWS account in which each group has one machine, ``i-<group>``."""

    def __init__(self, **targets: str) -> None:
        self.targets = targets
        """Health of each plane's target; without any, the API has no load balancer."""
        self.machines = dict.fromkeys((*PLANES, "nodes", "batch", "edge"), 1)
        self.backups: list[datetime] = [FakeClock().now()]

    def client(self, _: str) -> Any:
        return self

    def describe_auto_scaling_groups(self, AutoScalingGroupNames: list[str]) -> dict[str, Any]:  # noqa: N803
        (full,) = AutoScalingGroupNames
        name = full.partition(".")[0]
        template = {"LaunchTemplateId": "lt-1", "Version": "1"}
        machine = {"InstanceId": f"i-{name}", "AvailabilityZone": "a", "LifecycleState": "InService"}
        described = {
            "DesiredCapacity": 1, "MinSize": 1, "MaxSize": 1, "LaunchTemplate": template,
            "Instances": [{**machine, "LaunchTemplate": template}] * self.machines[name],
            "TargetGroupARNs": ["arn:x:targetgroup/api/1"] if name in PLANES and self.targets else [],
        }  # fmt: skip
        return {"AutoScalingGroups": [described]}

    def describe_target_health(self, **_: str) -> dict[str, Any]:
        found = [{"Target": {"Id": name}, "TargetHealth": {"State": state}} for name, state in self.targets.items()]
        return {"TargetHealthDescriptions": found}

    def get_paginator(self, name: str) -> Any:
        pages: dict[str, dict[str, Any]] = {
            "describe_instances": {"Reservations": []},
            "list_objects_v2": {"Contents": []},
        }
        folder = "test.example.com/backups/etcd/"
        contents = [
            {"Key": f"{folder}{time:%Y%m%dT%H%M%SZ}-a.{ending}", "LastModified": time, "Size": 1}
            for time in self.backups
            for ending in ("db", "json")
        ]
        return Pages(pages[name], contents)


class Pages:
    def __init__(self, page: dict[str, Any], backups: list[dict[str, Any]]) -> None:
        self.page, self.backups = page, backups

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        return [{"Contents": self.backups}] if asked.get("Prefix", "").endswith("/etcd/") else [self.page]


class Cluster:
    """An API server with a node for each machine, and the control plane's pods."""

    server = SERVER
    proxy: Proxy | None = None

    def __init__(self, status: int = 200, text: str = READY, fails: str = "") -> None:
        self.status, self.text, self.fails = status, text, fails
        self.nodes = [node(name) for name in (*PLANES, "nodes", "batch", "edge")]
        self.pods = [pod(f"{part}-{plane}", plane, component=part) for plane in PLANES for part in COMPONENTS]
        self.asked = 0

    def raw(self, *_: Any, **__: Any) -> tuple[int, str]:
        self.asked += 1
        if self.fails:
            raise ClusterUnreachableError("cannot GET /readyz", self.fails, "check the API server and the way to it")
        return self.status, self.text

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        self.asked += 1
        if path == "/api/v1/nodes":
            return self.nodes
        if "/namespaces/web/" in path:
            return []
        wanted = query.get("labelSelector", "")
        return [
            each for each in self.pods if not wanted or each["metadata"]["labels"].get("component", "other") in wanted
        ]


def node(name: str, *, ready: bool = True) -> dict[str, Any]:
    return {
        "metadata": {"name": f"n-{name}", "labels": {GROUP_LABEL: name}, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"providerID": f"aws:///a/i-{name}"},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}], "nodeInfo": {"kubeletVersion": "v1.37.2"}},
    }


def pod(name: str, on: str, *, ready: bool = True, component: str = "") -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "kube-system", "labels": {"component": component} if component else {}},
        "spec": {"nodeName": f"n-{on}", "priorityClassName": "system-node-critical"},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def look(
    cluster: Cluster,
    account: Account | None = None,
    *groups: str,
    spec: EnvironmentSpec | None = None,
    workloads: Sequence[WorkloadSpec] = (),
) -> Report:
    spec = spec or environment()
    made: Any = account or Account()
    kube: Any = cluster
    chosen = [group for group in spec.instance_groups if group.name in groups]
    return Validation(spec, made, kube, FakeClock()).report(chosen, workloads)


def said(report: Report) -> list[tuple[str, str, str]]:
    return [(each.check, each.severity, f"{each.subject}: {each.problem}") for each in report.findings]


@pytest.fixture(autouse=True)
def no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is shown by an API server that is down; the certificates' own tests look at one."""

    def refused(*_: Any) -> Any:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refused)


def without_certificate(found: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [each for each in found if each[0] != "certificates"]


def test_a_cluster_that_is_well() -> None:
    report = look(Cluster())
    assert without_certificate(said(report)) == []
    assert report.skipped == ()
    assert report.checks == (
        "DNS", "API server", "control plane", "etcd", "nodes", "critical pods", "edge", "certificates", "etcd backup",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("targets", "words", "fix"),
    [
        ({}, "", "see the control plane's machines, and the way from here to them"),
        (
            {"a": "healthy", "b": "healthy", "c": "unhealthy"},
            "; its load balancer finds 2 of 3 members healthy",
            "look at the way from here: VPN, proxy, cluster.api.allowedCidrs, DNS record",
        ),
        (
            {"a": "unhealthy", "b": "unhealthy", "c": "unhealthy"},
            "; its load balancer finds 0 of 3 members healthy",
            "the control plane is down: see the system logs of its machines, and docs/restore-etcd.md",
        ),
    ],
)
def test_an_api_server_that_is_down_is_one_finding(targets: dict[str, str], words: str, fix: str) -> None:
    cluster = Cluster(fails="[Errno 111] Connection refused")
    report = look(cluster, Account(**targets))
    assert said(report) == [
        ("API server", "invalid", f"{SERVER}: does not answer: [Errno 111] Connection refused{words}")
    ]
    assert report.findings[0].fix == fix
    assert report.verdict == "invalid"
    assert command.EXIT[report.verdict] == 4
    assert cluster.asked == 1, "it is asked once: each more may take as long as its time limit"
    assert report.skipped == ("control plane", "etcd", "nodes", "critical pods")
    assert report.checks == ("DNS", "API server", "machines", "edge", "certificates", "etcd backup")


def test_what_aws_knows_is_told_while_the_api_server_is_down() -> None:
    account = Account()
    account.machines["control-plane-b"] = 0
    account.backups = []
    report = look(Cluster(fails="no connection within 5 s"), account)
    assert [each[0] for each in said(report)] == ["API server", "machines", "etcd backup"]
    assert said(report)[1][2] == "instance group control-plane-b: 1 of 1 machines are missing"


def test_a_name_that_cannot_be_resolved_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise OSError("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    cluster = Cluster(fails="its name cannot be resolved")
    cluster.server = "https://api.test.example.com"
    assert said(look(cluster)) == [
        ("DNS", "invalid", "api.test.example.com: cannot be resolved: Name or service not known")
    ]


def test_a_proxy_resolves_the_name_and_leads_to_the_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def refused(where: tuple[str, int], *_: Any) -> Any:
        asked.append(where)
        raise ConnectionRefusedError(111, "Connection refused")

    def unknown(*_: Any, **__: Any) -> Any:
        raise OSError("Name or service not known")

    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    cluster = Cluster()
    cluster.server, cluster.proxy = "https://api.inside.example.com", Proxy("proxy.example.com", 3128)
    report = look(cluster)
    assert without_certificate(said(report)) == []
    assert asked == [("proxy.example.com", 3128)]
    assert report.checks[0] == "API server"


def test_an_etcd_without_quorum_is_one_finding() -> None:
    report = look(Cluster(500, "[+]ping ok\n[-]etcd failed: reason withheld\n[-]etcd-readiness failed: x\n"))
    words = "the API server answers, and its etcd does not (etcd, etcd-readiness): it has no quorum of members"
    assert said(report) == [("etcd", "invalid", f"etcd: {words}")]
    assert report.skipped == ("control plane", "etcd", "nodes", "critical pods")


def test_an_api_server_that_is_not_ready_is_asked_further() -> None:
    found = without_certificate(said(look(Cluster(500, READY + "[-]informer-sync failed: x\n"))))
    assert found == [("control plane", "invalid", "the API server: is not ready: informer-sync")]


def test_credentials_that_ended_cannot_tell() -> None:
    report = look(Cluster(401, "Unauthorized"))
    assert said(report) == [("API server", "unknown", f"{SERVER}: does not accept the credentials")]
    assert report.verdict == "unknown"
    assert command.EXIT[report.verdict] == 1


def test_credentials_that_may_not_look_at_its_health() -> None:
    found = without_certificate(said(look(Cluster(403, "Forbidden"))))
    assert ("control plane", "unknown", "cannot look at the API server's health: HTTP 403") in found
    assert not [each for each in found if each[0] == "control plane" and each[1] == "invalid"]


def test_an_etcd_member_that_is_down() -> None:
    cluster = Cluster()
    cluster.pods = [
        pod("etcd-control-plane-b", "control-plane-b", ready=False, component="etcd")
        if each["metadata"]["name"] == "etcd-control-plane-b"
        else each
        for each in cluster.pods
    ]
    for groups in ((), ("nodes",)):
        report = look(cluster, None, *groups)
        assert without_certificate(said(report)) == [
            ("etcd", "invalid", "etcd: 2 of 3 etcd members are healthy (not: n-control-plane-b)"),
            (
                "critical pods",
                "invalid",
                "pod kube-system/etcd-control-plane-b: on n-control-plane-b is not ready (Running)",
            ),
        ]
        assert report.verdict == "invalid"


def test_an_unrelated_group_in_trouble_does_not_block() -> None:
    cluster, account = Cluster(), Account()
    account.machines["edge"] = 0
    cluster.nodes = [node(n, ready=n != "batch") for n in (*PLANES, "nodes", "batch")]
    cluster.pods.append(pod("agent-1", "batch", ready=False))
    # A DaemonSet's pod that waits for a node of the other group.
    waits = pod("agent-2", "batch", ready=False)
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n-batch"]}]}
    del waits["spec"]["nodeName"]
    waits["spec"]["affinity"] = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    }
    waits["status"] = {"phase": "Pending"}
    cluster.pods.append(waits)
    assert without_certificate(said(look(cluster, account, "nodes"))) == []
    assert without_certificate(said(look(cluster, account))) == [
        ("nodes", "invalid", "node n-batch of batch: is not ready"),
        ("nodes", "invalid", "instance group edge: 1 of 1 machines are missing"),
        ("critical pods", "invalid", "pod kube-system/agent-1: on n-batch is not ready (Running)"),
        ("critical pods", "invalid", "pod kube-system/agent-2: is not ready (Pending)"),
    ]
    # One that waits for whatever node comes may wait for these, too.
    del waits["spec"]["affinity"]
    assert without_certificate(said(look(cluster, account, "nodes"))) == [
        ("critical pods", "invalid", "pod kube-system/agent-2: is not ready (Pending)")
    ]


def test_trouble_of_the_control_plane_concerns_every_group() -> None:
    cluster = Cluster()
    cluster.nodes = [node(n, ready=n != "control-plane-c") for n in (*PLANES, "nodes", "batch", "edge")]
    assert without_certificate(said(look(cluster, None, "nodes"))) == [
        ("nodes", "invalid", "node n-control-plane-c of control-plane-c: is not ready")
    ]


def test_declared_workloads_are_looked_at_with_the_whole_or_alone() -> None:
    declared = applications({"web": {"image": IMAGE}, "api": {"image": IMAGE}}).declared_workloads
    spec = environment().with_declared(declared)
    cluster = Cluster()
    whole = look(cluster, spec=spec)
    missing = [("workloads", "invalid", f"Deployment web/{name}: is not there") for name in ("web", "api")]
    assert without_certificate(said(whole)) == missing
    assert "workloads" in whole.checks
    # A group is not held up by an application, whatever it runs on.
    assert without_certificate(said(look(cluster, None, "nodes", spec=spec))) == []
    alone = look(cluster, spec=spec, workloads=declared[:1])
    assert said(alone) == missing[:1]
    assert alone.checks == ("DNS", "API server", "workloads")
    both = look(cluster, None, "nodes", spec=spec, workloads=declared[1:])
    assert without_certificate(said(both)) == missing[1:]


def test_workloads_cannot_be_seen_while_the_api_server_is_down() -> None:
    declared = applications({"web": {"image": IMAGE}}).declared_workloads
    report = look(Cluster(fails="no connection"), spec=environment().with_declared(declared), workloads=declared)
    assert [each[0] for each in said(report)] == ["API server"]
    assert (report.checks, report.skipped) == (("DNS", "API server"), ("workloads",))


def test_what_is_said_of_what_nothing_was_seen_of(capsys: pytest.CaptureFixture[str]) -> None:
    report = look(Cluster(fails="no connection within 5 s"))
    command._tell(Seen(environment()), report, command.Format.JSON)
    document = json.loads(capsys.readouterr().out)
    assert document["skipped"] == ["control plane", "etcd", "nodes", "critical pods"]
    assert document["findings"] == [dataclasses.asdict(each) for each in report.findings]
    command._tell(Seen(environment()), report, command.Format.TEXT)
    last = " ".join(capsys.readouterr().out.split())
    assert last.endswith(
        "test.example.com is not valid. Checked: DNS, API server, machines, edge, certificates, etcd backup. "
        "Nothing can be seen of: control plane, etcd, nodes, critical pods."
    )
