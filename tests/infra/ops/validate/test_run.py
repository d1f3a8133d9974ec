"""A whole validation on bad days: the API server is down, etcd is, a member is, another group is in trouble."""

from __future__ import annotations

import dataclasses
import json
import socket
from typing import Any

import pytest

from infra.commands import validate as command
from infra.commands.recorded import Seen
from infra.ops.kube import Proxy
from tests.infra.ops.validate.cluster import (
    PLANES,
    READY,
    SERVER,
    Account,
    Cluster,
    environment,
    look,
    node,
    pod,
    said,
    without_certificate,
)
from tests.infra.workload_samples import IMAGE
from tests.infra.workload_samples import environment as applications


@pytest.fixture(autouse=True)
def no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is shown by an API server that is down; the certificates' own tests look at one."""

    def refused(*_: Any) -> Any:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refused)


def test_a_cluster_that_is_well() -> None:
    report = look(Cluster())
    assert without_certificate(said(report)) == []
    assert report.skipped == ()
    assert report.checks == (
        "DNS", "API server", "control plane", "etcd", "nodes", "critical pods", "disruption budgets", "edge",
        "certificates", "etcd backup",
    )  # fmt: skip


def test_a_budget_that_lets_no_pod_go_is_told_and_keeps_nothing_from_being_valid() -> None:
    cluster = Cluster()
    cluster.budgets = [
        {"metadata": {"namespace": "tools", "name": "redis"}, "status": {"expectedPods": 1, "desiredHealthy": 1}}
    ]
    report = look(cluster)
    told = "PodDisruptionBudget tools/redis: wants 1 of 1 pod ready, and so lets none go: a roll pauses at their nodes"
    assert without_certificate(said(report)) == [("disruption budgets", "warning", told)]
    assert not any(each.check == "disruption budgets" for each in report.between)
    assert "disruption budgets" not in look(cluster, None, "nodes").checks


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
    assert report.skipped == ("control plane", "etcd", "nodes", "critical pods", "disruption budgets")
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
    assert report.skipped == ("control plane", "etcd", "nodes", "critical pods", "disruption budgets")


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
    assert document["skipped"] == ["control plane", "etcd", "nodes", "critical pods", "disruption budgets"]
    assert document["findings"] == [dataclasses.asdict(each) for each in report.findings]
    command._tell(Seen(environment()), report, command.Format.TEXT)
    last = " ".join(capsys.readouterr().out.split())
    assert last.endswith(
        "test.example.com is not valid. Checked: DNS, API server, machines, edge, certificates, etcd backup. "
        "Nothing can be seen of: control plane, etcd, nodes, critical pods, disruption budgets."
    )
