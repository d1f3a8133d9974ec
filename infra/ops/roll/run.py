"""The rolling update itself: look, decide, act, wait, and look again until nothing needs replacing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from infra.ops.clock import Clock
from infra.ops.errors import OpsError, RefusedError, UnreachableError
from infra.ops.kube import ClusterUnreachableError
from infra.ops.roll.cloud import PASSING, Cloud
from infra.ops.roll.cluster import Cluster
from infra.ops.roll.drain import DrainOptions
from infra.ops.roll.journal import Lock
from infra.ops.roll.need import members_of
from infra.ops.roll.pace import pace_of
from infra.ops.roll.progress import Event, Kind, Tell
from infra.ops.roll.replace import Replacer
from infra.ops.roll.step import Decision, decide
from infra.ops.roll.view import Group, Member, Node
from infra.plan.naming import group_resource_name
from infra.plan.scaling import plan_hook
from infra.spec import EnvironmentSpec, InstanceGroupSpec
from infra.spec.scalars import duration_seconds


@dataclass(frozen=True)
class Limits:
    """How long a roll waits, in seconds. A flag that is named is of kops's ``rolling-update cluster``: its default."""

    poll: float = 5.0
    """Between two looks."""
    node: float = 900.0
    """For a machine to be started and become a ready node, or the API server to answer (``--validation-timeout``)."""
    valid: float = 900.0
    """For the cluster to be valid (``--validation-timeout``)."""
    validations: int = 2
    """Looks in a row that must find it so (``--validate-count``)."""


class PausedError(OpsError):
    """The roll stopped between two steps, with nothing lost: run again, it goes on from there."""


class Gate(Protocol):
    """Judges whether the cluster is sound enough to replace another machine."""

    def problems(self, group: InstanceGroupSpec, losing: Sequence[Node]) -> tuple[str, ...]:
        """Return what is wrong, for the group alone and the control plane.

        ``losing`` are the nodes about to go; without any, the group is about to be called done.
        """


@dataclass(frozen=True)
class Means:
    """What a roll works with."""

    cloud: Cloud
    cluster: Cluster
    gate: Gate
    clock: Clock
    tell: Tell
    limits: Limits
    drain: DrainOptions
    renew: Callable[[], None]
    """Keeps the lock; raises where it was lost."""


def roll(
    spec: EnvironmentSpec, groups: Sequence[InstanceGroupSpec], means: Means, *, lock: Lock, take: bool, force: bool
) -> None:
    """Roll groups one after the other, holding the lock.

    Raises:
        LockedError: another roll is at work.
        PausedError: something did not happen in time; the text says what, and how to go on.
        OpsError: AWS or the cluster refused something.
    """
    lock.take(by_force=take)
    try:
        for group in groups:
            GroupRoll(spec, group, means).run(force=force)
        means.tell(Event("finished", "", f"of the newest launch template: {', '.join(group.name for group in groups)}"))
    except OpsError as error:
        means.tell(Event("paused", "", str(error)))
        raise
    except KeyboardInterrupt:
        means.tell(Event("paused", "", f"interrupted: {_again(spec)}"))
        raise
    finally:
        lock.release()


class GroupRoll:
    """The roll of one group."""

    def __init__(self, spec: EnvironmentSpec, group: InstanceGroupSpec, means: Means) -> None:
        self._spec, self._group, self._means = spec, group, means
        self._asg = group_resource_name(spec, group)
        self._replacer = Replacer(
            group.name, plan_hook(group).name, means.cloud, means.cluster, means.clock, means.drain, means.tell
        )
        self._since: dict[str, float] = {}
        self._valid = 0
        self._due: set[str] = set()
        self._left = 0
        self._names: set[str] = set()

    def run(self, *, force: bool) -> None:
        """Replace what must be; with ``force``, everything the group has now."""
        if force:
            self._mark_all()
        while not self._step():
            self._means.clock.wait(self._means.limits.poll)

    def _mark_all(self) -> None:
        state = self._means.cloud.group(self._asg)
        # Marks left over are those of a forced roll that was ended: it is gone on with, not begun anew.
        if any(instance.mark for instance in state.instances):
            return
        ids = tuple(instance.id for instance in state.instances if not instance.leaving)
        for start in range(0, len(ids), 500):
            self._means.cloud.mark(self._asg, ids[start : start + 500], "due")

    def _step(self) -> bool:
        try:
            self._means.renew()
            done = self._look_and_act()
        except (ClusterUnreachableError, UnreachableError, RefusedError) as error:
            if isinstance(error, RefusedError) and error.code not in PASSING:
                raise
            # One member's replacement stops the API of a cluster of one; a load balancer may need its time, too.
            self._valid = 0
            if "reach" not in self._since:
                self._say("wait" if isinstance(error, RefusedError) else "unreachable", str(error))
            self._pause_after("reach", self._means.limits.node, error.what, error.value, error.fix)
            return False
        self._since.pop("reach", None)
        return done

    def _look_and_act(self) -> bool:
        means = self._means
        state = means.cloud.group(self._asg)
        nodes = means.cluster.nodes(self._names or self._learn_names(state))
        self._replacer.forget(state, nodes)
        members = members_of(state, nodes)
        decision = decide(state, members, pace_of(self._group, state.desired))
        self._begin_with(members)
        if decision.done and not decision.acts:
            return self._finish()
        self._replacer.settle(state, decision)
        self._pause_if_held(decision)
        if decision.disrupts and self._is_valid([m.node for m in decision.begin if m.node is not None]):
            self._replacer.disrupt(state, decision)
            self._valid = 0
        self._pause_if_stuck(state, members, decision)
        return False

    def _learn_names(self, state: Group) -> set[str]:
        """Return the names under which the group's nodes registered: renamed groups have nodes of former names."""
        ids = {instance.id for instance in state.instances}
        former = {node.group for node in self._means.cluster.nodes() if node.instance_id in ids and node.group}
        self._names = {self._group.name, *former}
        return self._names

    def _begin_with(self, members: Sequence[Member]) -> None:
        outdated = [m for m in members if m.outdated]
        self._left = len(outdated)
        # Where the template has changed again meanwhile, those that this roll started are among them.
        found = [m for m in outdated if m.instance.id not in self._due]
        self._due.update(m.instance.id for m in found)
        if found:
            reasons = sorted({reason for m in found for reason in m.reasons})
            self._say("begin", f"{_machines(len(found))} to replace: {'; '.join(reasons)}")

    def _finish(self) -> bool:
        if not self._due:
            self._say("skip", "nothing to replace")
            return True
        if not self._is_valid([]):
            return False
        self._say("done", f"{_machines(len(self._due))} replaced")
        return True

    def _is_valid(self, losing: Sequence[Node]) -> bool:
        found = self._means.gate.problems(self._group, losing)
        if found:
            self._valid = 0
            if "valid" not in self._since:
                self._say("invalid", "; ".join(found))
            self._pause_after(
                "valid", self._means.limits.valid, "the cluster is not valid", "; ".join(found), "mend it"
            )
            return False
        self._since.pop("valid", None)
        self._valid += 1
        return self._valid >= self._means.limits.validations

    def _pause_if_held(self, decision: Decision) -> None:
        limit = duration_seconds(self._group.rolling_update.drain_timeout)
        draining = {m.node.name: m for m in decision.drain if m.node is not None}
        for name in [key for key in self._since if key.startswith("drain ") and key[6:] not in draining]:
            del self._since[name]
        for name in draining:
            blockers = self._replacer.blockers.get(name, ())
            held = self._passed(f"drain {name}") > limit
            if held:
                words = "; ".join(map(str, self._replacer.owned(blockers))) or "its pods are being ended but do not go"
                self._pause(f"node {name} could not be drained in {limit} s", words, "let the pods named go")

    def _pause_if_stuck(self, state: Group, members: Sequence[Member], decision: Decision) -> None:
        if decision.waits_for:
            words, fix = decision.waits_for, "see why the machine does not become a ready node"
        elif decision.acts:
            self._forget_waits()
            return
        else:
            available = sum(m.available for m in members)
            words = f"{available} of {state.desired} machines are available, too few to replace another"
            fix = "bring the group's nodes back"
        key = f"wait {words}"
        if key not in self._since:
            self._forget_waits()
            self._say("wait", f"waiting for {words}" if decision.waits_for else words)
        if self._passed(key) > self._means.limits.node:
            problem = self._means.cloud.launch_problem(state.name)
            also = f" (Auto Scaling: {problem})" if problem else ""
            self._pause(f"waited {self._means.limits.node:.0f} s in vain", f"{words}{also}", fix)

    def _forget_waits(self) -> None:
        self._since = {key: since for key, since in self._since.items() if not key.startswith("wait ")}

    def _passed(self, key: str) -> float:
        now = self._means.clock.seconds()
        return now - self._since.setdefault(key, now)

    def _pause_after(self, key: str, limit: float, what: str, value: str, fix: str) -> None:
        if self._passed(key) > limit:
            self._pause(what, value, fix)

    def _pause(self, what: str, value: str, fix: str) -> None:
        raise PausedError(f"the roll of {self._group.name} paused: {what}", value, f"{fix}, then {_again(self._spec)}")

    def _say(self, kind: Kind, text: str) -> None:
        total = len(self._due)
        self._means.tell(Event(kind, self._group.name, text, replaced=total - self._left if total else 0, total=total))


def _again(spec: EnvironmentSpec) -> str:
    # A group's name alone would leave out the groups that come after it, and what the roll was told of pods.
    return f"run slipway roll {spec.name} again, with the same groups and options: it goes on from here"


def _machines(number: int) -> str:
    return "1 machine" if number == 1 else f"{number} machines"
