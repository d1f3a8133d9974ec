"""A simulated group, its nodes and a clock that only waiting moves; every change is counted and judged."""

# ruff: noqa: ARG002, ARG005 (arguments are those of the protocols)
from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.ops.errors import RefusedError
from infra.ops.kube import ClusterUnreachableError
from infra.ops.roll.cluster import Blocker, Pod
from infra.ops.roll.drain import DrainOptions
from infra.ops.roll.pace import Pace
from infra.ops.roll.progress import Event
from infra.ops.roll.run import GroupRoll, Limits, Means
from infra.ops.roll.view import Group, Instance, Mark, Node
from infra.spec import EnvironmentSpec, InstanceGroupSpec

START = datetime(2026, 1, 1, tzinfo=UTC)
LAUNCH, BOOT, GRACE, HEARTBEAT = 10.0, 60.0, 20.0, 300.0


class Killed(BaseException):
    """The process was killed: nothing it would have done afterwards happens."""


class FakeClock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.time = 0.0
        self.on_wait: Callable[[], None] = lambda: None

    def seconds(self) -> float:
        return self.time

    def now(self) -> datetime:
        return START + timedelta(seconds=self.time)

    def wait(self, seconds: float) -> None:
        assert seconds > 0
        self.time += seconds
        self.on_wait()


@dataclass
class Machine:
    """One simulated machine and its node."""

    id: str
    version: int
    ready_at: float
    attached: bool = True
    mark: Mark = ""
    ending: float | None = None
    """When its termination was asked for; it waits at the hook, if it is attached."""
    completed: bool = False
    draining: bool = False
    tainted: bool = False
    needs_update: bool = False
    broken: bool = False
    group: str = "nodes"
    pods: list[Pod] = field(default_factory=list)
    pods_end: dict[str, float] = field(default_factory=dict)

    @property
    def node(self) -> str:
        return f"node-{self.id}"


def pod(name: str, **change: Any) -> Pod:
    made = Pod(
        "web", name, f"uid-{name}", "ReplicaSet", "web-1", mirror=False, finished=False, leaving=False, empty_dir=False
    )
    return replace(made, **change)


class World:
    """One group, as AWS and as the cluster see it: both protocols in one object."""

    def __init__(self, group: InstanceGroupSpec, size: int, pace: Pace) -> None:
        self.spec, self.desired, self.pace = group, size, pace
        self.clock = FakeClock()
        self.template = 1
        self.machines: dict[str, Machine] = {}
        self._numbers = itertools.count(1)
        self.mutations: list[str] = []
        self.kill_at: int | None = None
        self.dead = False
        self.ended: list[str] = []
        self.least, self.most = size, 0
        self.busiest = 0
        self.refuse: Callable[[Pod], Blocker | None] = lambda _: None
        self.can_launch = True
        self.breaks: Callable[[int], bool] = lambda version: False
        self.api_down: Callable[[float], bool] = lambda at: False
        self.problems_found: Callable[[], tuple[str, ...]] = tuple
        self.forgotten: list[str] = []
        self.reads = 0
        for _ in range(size):
            machine = self._launch(ready_at=0.0)
            machine.pods = [pod(f"{machine.id}-a"), pod(f"{machine.id}-ds", owner_kind="DaemonSet")]
        self.clock.on_wait = self.settle

    # --- what time brings ---

    def _launch(self, ready_at: float | None = None) -> Machine:
        number = next(self._numbers)
        at = self.clock.time + LAUNCH + BOOT if ready_at is None else ready_at
        machine = Machine(f"i-{number:04}", self.template, at, broken=self.breaks(self.template))
        self.machines[machine.id] = machine
        return machine

    def settle(self) -> None:
        """Let what is due happen."""
        for machine in list(self.machines.values()):
            gone = machine.ending is not None and (
                not machine.attached or machine.completed or self.clock.time - machine.ending > HEARTBEAT
            )
            if gone:
                del self.machines[machine.id]
                self.ended.append(machine.id)
                continue
            for name, at in list(machine.pods_end.items()):
                if self.clock.time >= at:
                    machine.pods = [each for each in machine.pods if each.name != name]
                    del machine.pods_end[name]
        attached = sum(m.attached and m.ending is None for m in self.machines.values())
        if self.can_launch:
            for _ in range(self.desired - attached):
                self._launch()
        self.judge()

    def available(self) -> int:
        return sum(self.is_ready(m) and not m.draining and m.ending is None for m in self.machines.values())

    def is_ready(self, machine: Machine) -> bool:
        return not machine.broken and self.clock.time >= machine.ready_at

    def judge(self) -> None:
        """Note how few machines were available, and how many there were at all."""
        self.least = min(self.least, self.available())
        on_their_way = sum(m.draining or m.ending is not None for m in self.machines.values())
        self.busiest = max(self.busiest, on_their_way)
        self.most = max(self.most, sum(m.ending is None for m in self.machines.values()))

    def _changed(self, what: str) -> None:
        self.mutations.append(what)
        self.judge()
        if self.kill_at is not None and len(self.mutations) >= self.kill_at:
            self.dead = True
            raise Killed

    def _alive(self) -> None:
        self.reads += 1
        if self.dead:
            raise Killed

    def _api(self) -> None:
        self._alive()
        if self.api_down(self.clock.time):
            raise ClusterUnreachableError("cannot GET /api/v1/nodes", "connection refused", "check the API server")

    # --- AWS ---

    def group(self, name: str) -> Group:
        self._alive()
        found = []
        for m in sorted(self.machines.values(), key=lambda m: (not m.attached, m.id)):
            lifecycle = "" if not m.attached else "InService" if m.ending is None else "Terminating:Wait"
            if m.attached or m.ending is None:
                version = str(m.version) if m.attached else ""
                found.append(Instance(m.id, "a", "m7i.large", lifecycle, "lt-1" if m.attached else "", version, m.mark))
        return Group(name, self.desired, 0, 100, "lt-1", str(self.template), (), tuple(found))

    def gone(self, ids: tuple[str, ...]) -> frozenset[str]:
        self._alive()
        return frozenset(ids) - {m.id for m in self.machines.values() if m.ending is None}

    def launch_problem(self, name: str) -> str:
        self._alive()
        return "" if self.can_launch else "InsufficientInstanceCapacity"

    def mark(self, group: str, ids: tuple[str, ...], mark: Mark) -> None:
        self._alive()
        for identity in ids:
            self.machines[identity].mark = mark
        self._changed(f"mark {mark}")

    def detach(self, group: str, instance: str) -> None:
        self._alive()
        machine = self.machines[instance]
        if not machine.attached:
            raise RefusedError("cannot detach", instance, "fix", "ValidationError")
        assert machine.mark == "detach", "detached before it was marked"
        machine.attached = False
        self._changed("detach")

    def terminate(self, instance: Instance) -> None:
        self._alive()
        machine = self.machines[instance.id]
        ours = [p for p in machine.pods if p.owner_kind != "DaemonSet" and not p.mirror]
        assert not (ours and self.is_ready(machine)), f"{machine.id} ended with pods: {ours}"
        machine.ending = self.clock.time
        self._changed("terminate")

    def serve(self, target_groups: tuple[str, ...], instance: str) -> None:
        self._alive()

    def leave(self, target_groups: tuple[str, ...], instance: str) -> bool:
        self._alive()
        return True

    def complete(self, group: str, hook: str, instance: str) -> None:
        self._alive()
        assert hook == f"{self.spec.name}-drain"
        self.machines[instance].completed = True
        self._changed("complete")

    # --- the cluster ---

    def nodes(self, groups: Collection[str] = ()) -> tuple[Node, ...]:
        self._api()
        now = self.clock.time
        return tuple(
            Node(
                m.node,
                m.id,
                self.is_ready(m),
                m.draining,
                m.draining,
                m.needs_update,
                m.tainted,
                "v1.37.2",
                group=m.group,
            )
            for m in self.machines.values()
            if now >= m.ready_at - 5 and not m.broken and (not groups or m.group in groups)
        )

    def cordon(self, node: str, since: str) -> None:
        self._api()
        self._of(node).draining = True
        self._changed("cordon")

    def taint(self, node: Node, *, on: bool) -> None:
        self._api()
        self._of(node.name).tainted = on
        self._changed("taint")

    def pods(self, node: str) -> tuple[Pod, ...]:
        self._api()
        machine = self._of(node)
        return tuple(replace(each, leaving=each.name in machine.pods_end) for each in machine.pods)

    def evict(self, pod: Pod) -> Blocker | None:
        self._api()
        refused = self.refuse(pod)
        if refused is not None:
            return refused
        machine = next(m for m in self.machines.values() if any(p.name == pod.name for p in m.pods))
        machine.pods_end[pod.name] = self.clock.time + GRACE
        self._changed("evict")
        return None

    def owner(self, pod: Pod) -> str:
        return "Deployment web"

    def forget(self, node: str) -> None:
        self._api()
        self.forgotten.append(node)
        self._changed("forget")

    def _of(self, node: str) -> Machine:
        return next(m for m in self.machines.values() if m.node == node)

    # --- the gate ---

    def problems(self, group: InstanceGroupSpec, losing: Sequence[Node]) -> tuple[str, ...]:
        self._api()
        return self.problems_found()


LIMITS = Limits(poll=5, node=900, valid=900, validations=1)


def rolled(
    spec: EnvironmentSpec,
    world: World,
    *,
    force: bool = False,
    limits: Limits = LIMITS,
    drain: DrainOptions | None = None,
) -> list[Event]:
    """Run the roll of the world's group once; return what it told."""
    events: list[Event] = []
    world.dead = False
    means = Means(world, world, world, world.clock, events.append, limits, drain or DrainOptions(), renew=lambda: None)
    GroupRoll(spec, world.spec, means).run(force=force)
    return events
