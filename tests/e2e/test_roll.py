"""Rolling updates on a real API server with real controllers: killed everywhere, two at once, and the bad days."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto import mock_aws
from moto.autoscaling.models import FakeAutoScalingGroup
from rich.console import Console

from infra import cli
from infra.ops.aws import session_for
from infra.ops.kube import connect
from infra.ops.roll.journal import Lock, LockedError
from infra.ops.roll.order import groups_to_roll
from infra.ops.roll.run import Limits, PausedError, roll
from infra.ops.validate.run import Report, Validation, wait_until_valid
from infra.spec import CONFIG_KEY
from rehearsal import controlplane
from rehearsal.controlplane import ControlPlane
from rehearsal.moto.gate import gated_mocks
from rehearsal.moto.scaling import complete_groups
from rehearsal.standin_nodes import Runner, StandInMachines
from tests.e2e.cluster import plane, tools  # noqa: F401 (fixtures)
from tests.e2e.rolling import World
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec

pytestmark = pytest.mark.e2e
SIZE = 3
CHANGES = ("mark", "detach", "terminate", "complete", "cordon", "taint", "evict", "forget")


class Killed(BaseException):
    """The process was killed."""


class Faulty:
    """A cloud or a cluster that is the last thing a process sees, and a judge of what it did."""

    def __init__(self, real: Any, judge: Judge) -> None:
        self._real, self._judge = real, judge

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._real, name)

        def called(*arguments: Any, **keywords: Any) -> Any:
            if self._judge.dead:
                raise Killed
            answer = method(*arguments, **keywords)
            if name in CHANGES:
                self._judge.changed(name)
            return answer

        return called


class Judge:
    """Counts changes, kills after one of them, and keeps the least number of machines that were available."""

    def __init__(self, world: World, kill_at: int = 0, then: Callable[[int], None] = lambda _: None) -> None:
        self.world, self.kill_at, self.then = world, kill_at, then
        self.made: list[str] = []
        self.dead = False
        self.least, self.most = SIZE, SIZE

    def changed(self, name: str) -> None:
        self.made.append(name)
        available, alive = counts(self.world)
        self.least, self.most = min(self.least, available), max(self.most, alive)
        self.then(len(self.made))
        if len(self.made) == self.kill_at:
            self.dead = True
            raise Killed


def counts(world: World) -> tuple[int, int]:
    """Return how many machines of the group are available, and how many there are."""
    alive = running(world)
    nodes = {n.instance_id: n for n in world.cluster.nodes(["nodes"]) if n.ready and not n.cordoned}
    return sum(identity in nodes for identity in alive), len(alive)


def running(world: World) -> set[str]:
    filters = [
        {"Name": "instance-state-name", "Values": ["running", "pending"]},
        {"Name": "tag:slipway/instance-group", "Values": ["nodes"]},
    ]
    found = world.ec2.describe_instances(Filters=filters)["Reservations"]
    return {each["InstanceId"] for reservation in found for each in reservation["Instances"]}


class MortalLock(Lock):
    """A lock that a killed process does not give back."""

    dead: Callable[[], bool] = staticmethod(lambda: False)

    def release(self) -> None:
        if not self.dead():
            super().release()


def attempt(world: World, judge: Judge, *, take: bool = False) -> None:
    """Run the roll of the group once, as a process that the judge may kill."""
    means, _ = world.means()
    lock = MortalLock(world.s3, world.spec.state.bucket, f"{world.spec.cluster.name}/locks/roll.json", world.clock)
    lock.dead = lambda: judge.dead
    cloud: Any = Faulty(world.cloud, judge)
    cluster: Any = Faulty(world.cluster, judge)
    changed = type(means)(cloud, cluster, means.gate, means.clock, means.tell, means.limits, means.drain, lock.renew)
    roll(world.spec, groups_to_roll(world.spec, ["nodes"]), changed, lock=lock, take=take, force=False)


def until(what: Callable[[], bool], seconds: float = 120) -> None:
    """Wait for it. After an API server that was killed, controllers may take half a minute to find their way back."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)


@pytest.fixture
def world(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:  # noqa: F811
    complete_groups()
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig))
    groups = [
        ENVIRONMENT["instanceGroups"][0],
        group_mapping("nodes", rollingUpdate={"drainTimeout": "20s"}),
        ENVIRONMENT["instanceGroups"][2],
    ]
    spec = sample_spec(accountId="123456789012", cluster={"name": "standin.slipway.test"}, instanceGroups=groups)
    with mock_aws(), gated_mocks():
        made = World(spec, session_for(spec), connect(spec))
        kube = made.kube
        for node in kube.items("/api/v1/nodes"):
            kube.request("DELETE", f"/api/v1/nodes/{node['metadata']['name']}")
        made.create({"nodes": SIZE, "control-plane-a": 1})
        machines = StandInMachines(made.ec2, connect(spec), "1.37.2", boot_seconds=0.4, end_seconds=0.1)
        with Runner(machines, every=0.05):
            # The control plane takes the taint "not-ready" from a node some time after that is ready.
            until(lambda: counts(made) == (SIZE, SIZE) and not any(n.taints for n in made.cluster.nodes(["nodes"])))
            workload(made)
            yield made
        kube.request(
            "DELETE", "/apis/apps/v1/namespaces/default/deployments/web", body={"propagationPolicy": "Foreground"}
        )
        kube.request("DELETE", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web")
        until(lambda: not finish_pods(made) and not kube.items("/apis/apps/v1/namespaces/default/deployments"))


def finish_pods(world: World) -> bool:
    for pod in world.kube.items("/api/v1/namespaces/default/pods"):
        path = f"/api/v1/namespaces/default/pods/{pod['metadata']['name']}"
        world.kube.request("DELETE", path, body={"gracePeriodSeconds": 0})
    return bool(world.kube.items("/api/v1/namespaces/default/pods"))


def workload(world: World) -> None:
    """Run a Deployment of three, of which its budget lets one be away."""
    labels = {"app": "web"}
    spread = {
        "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }  # fmt: skip
    container = {"name": "web", "image": "web"}
    deployment = {
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "topologySpreadConstraints": [spread]},
            },
        },
    }
    world.kube.request("POST", "/apis/apps/v1/namespaces/default/deployments", body=deployment)
    budget = {"metadata": {"name": "web"}, "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}}}
    world.kube.request("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", body=budget)
    until(lambda: ready_pods(world) == 3)
    until(lambda: allowed(world) == 1)


def ready_pods(world: World) -> int:
    pods = world.kube.items("/api/v1/namespaces/default/pods", labelSelector="app=web")
    return sum(
        any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ()))
        and "deletionTimestamp" not in pod["metadata"]
        for pod in pods
    )


def allowed(world: World) -> int:
    budget = world.kube.request("GET", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web")
    return int(budget.get("status", {}).get("disruptionsAllowed", 0))


def assert_rolled(world: World, before: set[str], judges: list[Judge]) -> None:
    state = world.cloud.group("nodes.standin.slipway.test")
    assert not before & running(world), "an old machine was left"
    assert len(state.instances) == SIZE
    assert all(each.attached for each in state.instances), "a machine was left outside its group"
    assert {each.template_version for each in state.instances} == {state.template_version}
    assert min(judge.least for judge in judges) >= SIZE
    assert max(judge.most for judge in judges) <= SIZE + 1
    assert counts(world) == (SIZE, SIZE)
    assert not [node for node in world.cluster.nodes(["nodes"]) if node.tainted or node.cordoned]


def test_killed_after_every_change(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.new_version("nodes")
    whole, before = Judge(world), running(world)
    attempt(world, whole)
    assert_rolled(world, before, [whole])
    assert {"mark", "detach", "taint", "cordon", "evict", "terminate", "forget"} == set(whole.made)
    tried = survived = 0
    at = 1
    while True:
        until(lambda: allowed(world) == 1)
        world.new_version("nodes")
        before = running(world)
        killed = Judge(world, kill_at=at)
        try:
            attempt(world, killed)
        except Killed:
            tried += 1
        else:
            break  # the roll has fewer changes than that
        with pytest.raises(LockedError, match=rf"process {os.getpid()}, since"):
            attempt(world, Judge(world))
        again = Judge(world)
        attempt(world, again, take=True)
        assert_rolled(world, before, [killed, again])
        survived += 1
        at += 1
    assert tried == survived
    assert tried >= 15
    with capsys.disabled():
        print(
            f"\nroll killed at {tried} boundaries on the real API server: survived {survived}, lost {tried - survived}"
        )


def test_two_at_once(world: World) -> None:
    world.new_version("nodes")
    before, first = running(world), Judge(world)
    refused: list[str] = []

    def second(count: int) -> None:
        if count == 5:
            with pytest.raises(LockedError) as locked:
                attempt(world, Judge(world))
            refused.append(str(locked.value))

    first.then = second
    attempt(world, first)
    assert re.search(r"another rolling update is at work: \S+ on \S+ \(process \d+, since 20", refused[0])
    assert_rolled(world, before, [first])


def test_the_api_server_is_killed_in_the_middle(world: World, plane: ControlPlane, tools: dict[str, Path]) -> None:  # noqa: F811
    world.new_version("nodes")
    before, judge = running(world), Judge(world)
    threads: list[threading.Thread] = []
    validation = Validation(world.spec, world.session, world.kube, world.clock)
    nodes = [group for group in world.spec.instance_groups if group.name == "nodes"]
    seen: list[Report] = []

    def restart() -> None:
        time.sleep(2)
        controlplane.start(plane.env_dir, tools, "standin.slipway.test", Console(file=io.StringIO()))

    def kill(count: int) -> None:
        if count == 6:
            (server,) = [part for part in controlplane.status(plane.env_dir) if part.name == "kube-apiserver"]
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            threads.append(threading.Thread(target=restart))
            threads[0].start()
            seen.append(validation.report(nodes))

    judge.then = kill
    world.limits = Limits(poll=0.1, node=60, valid=60, validations=1)
    attempt(world, judge)
    threads[0].join()
    assert [event.kind for event in world.events].count("unreachable") >= 1
    assert_rolled(world, before, [judge])
    # A validation meanwhile says so once, and is as before when it is back.
    (down,) = seen[0].findings
    assert (down.check, down.severity, seen[0].verdict) == ("API server", "invalid", "invalid")
    # Refused, or cut off where a connection was kept open.
    assert re.fullmatch(r"does not answer: (\[Errno 111\] Connection refused|the connection broke: .+)", down.problem)
    assert seen[0].skipped == ("control plane", "etcd", "nodes", "critical pods")
    back = wait_until_valid(lambda: validation.report(nodes), world.clock, wait=20, poll=0.2)
    assert [str(each) for each in back.findings] == []


def placed(world: World) -> dict[str, str]:
    """Return by pod, told by its UID, the machine on which it is to stay."""
    pods = world.kube.items("/api/v1/namespaces/default/pods", labelSelector="app=web")
    return {
        pod["metadata"]["uid"]: pod["spec"]["nodeName"].partition(".")[0]
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
    }


def test_a_budget_that_never_allows(world: World) -> None:
    path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web"
    world.kube.request("PATCH", path, body={"spec": {"maxUnavailable": 0}})
    until(lambda: allowed(world) == 0)
    world.new_version("nodes")
    before, pods, held = running(world), placed(world), Judge(world)
    assert sorted(pods.values()) == sorted(before), "each machine that must go has one pod of the budget's"
    with pytest.raises(PausedError) as paused:
        attempt(world, held)
    found = re.fullmatch(
        r"the roll of nodes paused: node (i-\w+)\S* could not be drained in 20 s: "
        r"pod default/(web-\S+) of Deployment web: "
        r"PodDisruptionBudget default/web: The disruption budget web needs 3 healthy pods and has 3 currently\. "
        r"Fix: let the pods named go, then run slipway roll test again, with the same groups and options: it goes on "
        r"from here\.",
        str(paused.value),
    )
    assert found, str(paused.value)
    host, name = found.groups()
    pod = world.kube.request("GET", f"/api/v1/namespaces/default/pods/{name}")
    assert pods[pod["metadata"]["uid"]] == host, "the pod named is on the node named"
    assert [event.instance for event in world.events if event.kind == "cordon"] == [host]
    assert [event.instance for event in world.events if event.kind == "blocked"] == [host]
    assert not {"terminate", "forget"} & set(held.made)
    assert held.least >= SIZE
    assert held.most == SIZE + 1
    assert before < running(world), "no machine was ended, and one was added"
    assert placed(world) == pods, "what the budget guards is where it was"
    assert ready_pods(world) == 3
    world.kube.request("PATCH", path, body={"spec": {"maxUnavailable": 1}})
    until(lambda: allowed(world) == 1)
    again = Judge(world)
    attempt(world, again)
    assert_rolled(world, before, [held, again])
    until(lambda: ready_pods(world) == 3)
    assert not set(placed(world)) & set(pods)


def test_machines_that_no_budget_guards_go_beside_one_that_never_allows(world: World) -> None:
    path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web"
    world.kube.request("PATCH", "/apis/apps/v1/namespaces/default/deployments/web", body={"spec": {"replicas": 1}})
    until(lambda: len(placed(world)) == ready_pods(world) == 1)
    world.kube.request("PATCH", path, body={"spec": {"maxUnavailable": 0}})
    until(lambda: allowed(world) == 0)
    world.new_version("nodes")
    before, pods, held = running(world), placed(world), Judge(world)
    (host,) = pods.values()
    assert host in before
    with pytest.raises(PausedError, match=rf"node {host}\S* could not be drained in 20 s: pod default/web-"):
        attempt(world, held)
    assert held.least >= SIZE
    assert host in running(world)
    assert placed(world) == pods
    assert ready_pods(world) == 1


def test_a_group_that_cannot_launch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    launch = FakeAutoScalingGroup.replace_autoscaling_group_instances
    monkeypatch.setattr(FakeAutoScalingGroup, "replace_autoscaling_group_instances", lambda *_: None)
    world.new_version("nodes")
    before, judge = running(world), Judge(world)
    world.limits = Limits(poll=0.1, node=3, valid=20, validations=1)
    with pytest.raises(PausedError, match="1 of 3 machines to be started by Auto Scaling"):
        attempt(world, judge)
    assert running(world) == before, "the machine taken out goes on serving"
    assert counts(world) == (SIZE, SIZE)
    monkeypatch.setattr(FakeAutoScalingGroup, "replace_autoscaling_group_instances", launch)
    world.scaling.set_desired_capacity(AutoScalingGroupName="nodes.standin.slipway.test", DesiredCapacity=SIZE)
    world.limits = Limits(poll=0.1, node=20, valid=20, validations=1)
    again = Judge(world)
    attempt(world, again)
    assert_rolled(world, before, [judge, again])


def test_validation_sees_what_is_wrong_where_it_is(world: World) -> None:
    validation = Validation(world.spec, world.session, world.kube, world.clock)
    nodes = [group for group in world.spec.instance_groups if group.name == "nodes"]
    assert [str(each) for each in validation.report(nodes).findings] == []
    whole = validation.report()
    assert whole.verdict == "invalid"
    assert [(each.check, each.problem) for each in whole.findings] == [("etcd backup", "holds no backup that is whole")]
    for ending in ("db", "json"):
        key = f"standin.slipway.test/backups/etcd/20261124T110000Z-control-plane-a.{ending}"
        world.s3.put_object(Bucket=world.spec.state.bucket, Key=key, Body=b"x")
    assert validation.report().verdict == "valid"
    assert whole.checks == (
        "DNS", "API server", "control plane", "etcd", "nodes", "critical pods", "disruption budgets", "edge",
        "certificates", "etcd backup",
    )  # fmt: skip
    # An edge that should have machines and has none is wrong, and does not concern the nodes.
    world.scaling.set_desired_capacity(AutoScalingGroupName="edge.standin.slipway.test", DesiredCapacity=2)
    assert "has not become a node" in str(validation.report().findings)
    assert validation.report(nodes).verdict == "valid"
    body = {
        "metadata": {"name": "critical", "namespace": "kube-system"},
        "spec": {"priorityClassName": "system-node-critical", "containers": [{"name": "x", "image": "x"}],
                 "nodeSelector": {"nowhere": "true"}},
    }  # fmt: skip
    world.kube.request("POST", "/api/v1/namespaces/kube-system/pods", body=body)
    (found,) = validation.report(nodes).findings
    assert str(found) == "pod kube-system/critical: is not ready (Pending). Fix: describe the pod"
    world.kube.request("DELETE", "/api/v1/namespaces/kube-system/pods/critical", body={"gracePeriodSeconds": 0})


def test_by_the_command(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "Pulumi.test.yaml"
    written = world.spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    file.write_text(yaml.safe_dump({"config": {CONFIG_KEY: written}}), encoding="utf-8")

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["slipway", arguments[0], str(file), *arguments[1:]])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out + captured.err

    world.new_version("nodes")
    before = running(world)
    status, out = run("roll", "nodes", "--dry-run")
    assert status == 0, out
    assert "3 of 3" in out
    assert "launch template version 1 instead of 2" in out
    assert running(world) == before
    status, out = run("roll", "nodes", "--json", "--poll", "0.1", "--validate-count", "1")
    assert status == 0, out
    kinds = [json.loads(line)["kind"] for line in out.splitlines()]
    assert kinds[0] == "begin"
    assert kinds[-2:] == ["done", "finished"]
    assert kinds.count("terminate") == 3
    assert not before & running(world)
    assert run("roll", "nodes", "--poll", "0.1")[0] == 0
    status, out = run("validate", "--group", "nodes", "--wait", "20s", "--poll", "0.2")
    assert (status, out.splitlines()[-1].partition(".slipway")[0]) == (0, "standin")
