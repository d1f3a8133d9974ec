"""``python -m benchmarks.rolling``: rolling simulated nodes on a real API server.

Auto Scaling and EC2 are moto, in this process; nodes and pods are objects on a real etcd and API server with the real
scheduler and controllers; machines are stand-ins that become nodes after ``--boot`` seconds. The roll is the real one.
Its wall time is split into waiting, the time in which the API server and the AWS stand-in answer, and what is left: our
own. The stand-in answers from this very process and shares its processor, so its share is no property of AWS.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from moto import mock_aws
from rich.console import Console

from infra.ops.aws import session_for
from infra.ops.clock import SystemClock
from infra.ops.kube import Kube, connect
from infra.ops.roll.drain import DrainOptions
from infra.ops.roll.live import Live
from infra.ops.roll.order import groups_to_roll
from infra.ops.roll.progress import Event
from infra.ops.roll.run import Limits, roll
from infra.plan.naming import group_resource_name
from infra.plan.tags import group_tags
from infra.spec import EnvironmentSpec, from_mapping
from rehearsal import controlplane
from rehearsal.moto.gate import gated_mocks
from rehearsal.moto.scaling import complete_groups
from rehearsal.standin_nodes import Runner, StandInMachines
from rehearsal.toolchain import resolve

CLUSTER = "rolling.slipway.test"
ALLOWANCES: tuple[tuple[str, int | str, int | str], ...] = (
    ("surge 1 (kops's default)", 1, 0),
    ("surge 10%", "10%", 0),
    ("surge 10%, unavailable 10%", "10%", "10%"),
)
console = Console(stderr=True, soft_wrap=True)


def environment(surge: int | str, unavailable: int | str) -> EnvironmentSpec:
    """Return an environment with one group of workers that rolls as told."""
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    groups = [
        {"name": "control-plane-a", "role": "ControlPlane", "zones": ["eu-central-1a"]},
        {"name": "nodes", "role": "Node", "minSize": 0, "maxSize": 500, "rollingUpdate": rolling},
    ]
    raw: Mapping[str, Any] = {
        "accountId": "123456789012",
        "region": "eu-central-1",
        "state": {"bucket": "slipway-rolling"},
        "network": {"cidr": "10.20.0.0/16", "zones": ["eu-central-1a"]},
        "cluster": {"name": CLUSTER, "kubernetesVersion": "1.37.2"},
        "instanceGroups": groups,
    }
    return from_mapping(raw, "rolling")


@dataclass
class Timed:
    """Calls and the seconds spent in them."""

    calls: int = 0
    seconds: float = 0.0
    _began: float = field(default=0.0, repr=False)

    def begin(self, **_: Any) -> None:
        """Note that a call begins."""
        self.calls += 1
        self._began = time.perf_counter()

    def end(self, **_: Any) -> None:
        """Note that it has ended."""
        self.seconds += time.perf_counter() - self._began


class TimedKube(Kube):
    """A connection whose calls are timed."""

    def __init__(self, kube: Kube, timed: Timed) -> None:
        super().__init__(kube._client)
        self._timed = timed

    def raw(self, *arguments: Any, **keywords: Any) -> tuple[int, str]:
        """Make a request."""
        self._timed.begin()
        try:
            return super().raw(*arguments, **keywords)
        finally:
            self._timed.end()


@dataclass(frozen=True)
class Result:
    """What one roll cost."""

    name: str
    nodes: int
    wall: float
    waited: float
    api: Timed
    aws: Timed
    least: int
    most: int

    @property
    def own(self) -> float:
        """Seconds that were neither waited nor spent in calls."""
        return self.wall - self.waited - self.api.seconds - self.aws.seconds

    def row(self) -> str:
        """Return it as a row of the table."""
        ours = self.own + self.api.seconds
        share = 100 * ours / self.wall
        return (
            f"| {self.name} | {self.nodes} | {self.wall:.1f} | {self.waited:.1f} | {self.api.seconds:.1f} | "
            f"{self.own:.1f} | {self.aws.seconds:.1f} | {share:.1f} % | {1000 * ours / self.nodes:.0f} ms | "
            f"{self.api.calls / self.nodes:.1f} | {self.aws.calls / self.nodes:.1f} | {self.least} to {self.most} |"
        )


HEADER = (
    "| allowance | nodes | wall, s | waiting, s | API server, s | own code, s | AWS stand-in, s | own and API server | "
    "the same a node | API calls a node | AWS calls a node | nodes available |\n" + "|---|" + "--:|" * 11
)


@contextmanager
def cluster() -> Iterator[None]:
    """Run a control plane and point KUBECONFIG at it."""
    tools = resolve(controlplane.TOOLS, console)
    with tempfile.TemporaryDirectory(prefix="slipway-rolling-") as folder:
        try:
            plane = controlplane.start(Path(folder), tools, CLUSTER, Console(file=io.StringIO()))
            os.environ["KUBECONFIG"] = str(plane.kubeconfig)
            yield
        finally:
            controlplane.stop(Path(folder))


def create(spec: EnvironmentSpec, session: Any, nodes: int) -> Callable[[], None]:
    """Make the groups; return what gives the workers' launch template a new version."""
    ec2, scaling, s3 = session.client("ec2"), session.client("autoscaling"), session.client("s3")
    s3.create_bucket(Bucket=spec.state.bucket, CreateBucketConfiguration={"LocationConstraint": spec.region})
    image = ec2.describe_images()["Images"][0]["ImageId"]
    data = {"ImageId": image, "InstanceType": "m7i.large"}
    for group, size in zip(spec.instance_groups, (1, nodes), strict=True):
        name = group_resource_name(spec, group)
        template = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)["LaunchTemplate"]
        tags = [
            {"Key": key, "Value": value, "PropagateAtLaunch": True, "ResourceId": name}
            for key, value in group_tags(spec, group).items()
        ]
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "$Latest"},
            MinSize=0,
            MaxSize=500,
            DesiredCapacity=size,
            AvailabilityZones=[f"{spec.region}a"],
            Tags=tags,
        )

    def new_version() -> None:
        name = group_resource_name(spec, spec.instance_groups[1])
        ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData=data)
        ec2.modify_launch_template(LaunchTemplateName=name, DefaultVersion="2")

    return new_version


def workload(kube: Kube, replicas: int) -> None:
    """Run a Deployment with a pod a node, a tenth of which may be away."""
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    kube.request(
        "POST", "/apis/apps/v1/namespaces/default/deployments", body={"metadata": {"name": "web"}, "spec": spec}
    )
    budget = {"maxUnavailable": "10%", "selector": {"matchLabels": labels}}
    path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
    kube.request("POST", path, body={"metadata": {"name": "web"}, "spec": budget})


def until(what: Callable[[], bool]) -> None:
    """Wait for something, two minutes at most."""
    end = time.monotonic() + 120
    while not what():
        if time.monotonic() > end:
            raise TimeoutError("the cluster to be rolled did not come up")
        time.sleep(0.2)


def measure(name: str, surge: int | str, unavailable: int | str, nodes: int, boot: float, poll: float) -> Result:
    """Roll ``nodes`` nodes once and return what it cost."""
    spec = environment(surge, unavailable)
    with cluster(), mock_aws(), gated_mocks():
        plain = session_for(spec)
        new_version = create(spec, plain, nodes)
        machines = StandInMachines(plain.client("ec2"), connect(spec), "1.37.2", boot_seconds=boot, end_seconds=0.1)
        watcher = connect(spec)
        with Runner(machines, every=0.1):
            until(lambda: len(watcher.items("/api/v1/nodes")) == nodes + 1)
            workload(watcher, nodes)
            until(lambda: _running_pods(watcher) == nodes)
            new_version()
            timed_api, timed_aws, clock = Timed(), Timed(), SystemClock()
            session = session_for(spec)
            session.events.register("before-call", timed_aws.begin)
            session.events.register("after-call", timed_aws.end)
            live = Live(spec, session, TimedKube(connect(spec), timed_api), clock)
            seen: list[int] = []

            looking = Timed()

            def tell(event: Event) -> None:
                looking.begin()
                if event.kind in ("cordon", "terminate", "detach"):
                    ready = [n for n in watcher.items("/api/v1/nodes") if not n["spec"].get("unschedulable")]
                    seen.append(len(ready) - 1)
                looking.end()

            lock = live.lock()
            means = live.means(tell, Limits(poll=poll, validations=1), DrainOptions(), lock.renew)
            began = time.perf_counter()
            roll(spec, groups_to_roll(spec, ["nodes"]), means, lock=lock, take=False, force=False)
            wall = time.perf_counter() - began - looking.seconds
    return Result(name, nodes, wall, clock.waited, timed_api, timed_aws, min(seen), max(seen))


def _running_pods(kube: Kube) -> int:
    return len(kube.items("/api/v1/namespaces/default/pods", fieldSelector="status.phase=Running"))


def main(
    nodes: Annotated[int, typer.Option(help="Nodes to roll.")] = 100,
    boot: Annotated[float, typer.Option(help="Seconds from a machine's launch to its ready node.")] = 2.0,
    poll: Annotated[float, typer.Option(help="Seconds between two looks of the roll.")] = 0.25,
    only: Annotated[str, typer.Option(help="Only the allowance of this name.")] = "",
) -> None:
    """Measure and print the report as Markdown."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    complete_groups()
    print(HEADER)
    for name, surge, unavailable in ALLOWANCES:
        if only and only != name:
            continue
        print(measure(name, surge, unavailable, nodes, boot, poll).row(), flush=True)


if __name__ == "__main__":
    typer.run(main)
