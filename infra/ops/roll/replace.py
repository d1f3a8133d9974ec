"""Doing what was decided about a group: one place for every change that a rolling update makes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from infra.ops.clock import Clock
from infra.ops.roll.cloud import Cloud
from infra.ops.roll.cluster import Blocker, Cluster
from infra.ops.roll.drain import DrainOptions, advance
from infra.ops.roll.progress import Event, Kind, Tell
from infra.ops.roll.step import Decision
from infra.ops.roll.view import Group, Member, Node


class Replacer:
    """Carries decisions out for one group.

    Each change can be made again without harm, and shows in AWS or in the cluster before the next that rests on it is
    made: the mark before the detachment, the cordon before the evictions, both before the termination.
    """

    def __init__(
        self, group: str, hook: str, cloud: Cloud, cluster: Cluster, clock: Clock, options: DrainOptions, tell: Tell
    ) -> None:
        self._name, self._hook = group, hook
        self._cloud, self._cluster, self._clock = cloud, cluster, clock
        self._options, self._tell = options, tell
        self.blockers: dict[str, tuple[Blocker, ...]] = {}
        """By node that is being drained: what would not go when it was asked last."""

    def settle(self, group: Group, decision: Decision) -> None:
        """Do what disturbs nobody, or was begun before."""
        for member in decision.complete:
            # A scale-in may have caught a machine in the middle of its drain.
            if member.node is not None and not advance(self._cluster, member.node, self._options).done:
                continue
            self._cloud.complete(group.name, self._hook, member.instance.id)
            self._say("complete", "drained, Auto Scaling may end it", member)
        for instance in decision.warm:
            self._cloud.terminate(instance)
            self._tell(Event("warm", self._name, "ended in the warm pool", instance.id))
        for member in (*decision.taint, *decision.untaint):
            if member.node is not None:
                self._cluster.taint(member.node, on=member in decision.taint)
        for member in decision.finish_detach:
            self._detach(group, member)
        for member in decision.outside if group.target_groups else ():
            self._cloud.serve(group.target_groups, member.instance.id)
        for member in decision.drain:
            self._drain(group, member)

    def disrupt(self, group: Group, decision: Decision) -> None:
        """Begin to replace machines."""
        for member in decision.detach:
            self._cloud.mark(group.name, (member.instance.id,), "detach")
            self._detach(group, member)
        for member in decision.begin:
            if member.node is None:
                self._terminate(group, member, "has no node")
                continue
            self._cluster.cordon(member.node.name, self._clock.now().isoformat(timespec="seconds"))
            self._say("cordon", f"cordoned to be drained: {'; '.join(member.reasons)}", member)
            self._drain(group, member)

    def forget(self, group: Group, nodes: Iterable[Node]) -> None:
        """Delete the Node objects of machines that are gone, which otherwise stay as not ready."""
        known = {instance.id for instance in group.instances}
        strange = [node for node in nodes if node.instance_id and node.instance_id not in known]
        if not strange:
            return
        gone = self._cloud.gone(tuple(node.instance_id for node in strange))
        for node in strange:
            if node.instance_id in gone:
                self._cluster.forget(node.name)
                self._tell(
                    Event("forget", self._name, "Node object of an ended machine deleted", node.instance_id, node.name)
                )

    def _detach(self, group: Group, member: Member) -> None:
        self._cloud.detach(group.name, member.instance.id)
        self._say(
            "detach", "taken out of its group, which starts another; it goes on serving until that is ready", member
        )

    def _drain(self, group: Group, member: Member) -> None:
        if member.node is None:
            return
        drained = advance(self._cluster, member.node, self._options)
        if drained.evicted:
            self._say("evict", f"{drained.evicted} pods evicted", member)
        if drained.blockers and drained.blockers != self.blockers.get(member.node.name):
            self._say("blocked", f"held by {'; '.join(map(str, drained.blockers))}", member)
        self.blockers[member.node.name] = drained.blockers
        left = member.instance.attached or self._cloud.leave(group.target_groups, member.instance.id)
        if drained.done and left:
            self._terminate(group, member, "drained")

    def _terminate(self, group: Group, member: Member, why: str) -> None:
        self._cloud.terminate(member.instance)
        if member.node is not None:
            self.blockers.pop(member.node.name, None)
        how = f"through {group.name}" if member.instance.attached else "outside its group"
        self._say("terminate", f"{why}, ended {how}", member)

    def owned(self, blockers: Iterable[Blocker]) -> tuple[Blocker, ...]:
        """Return blockers with what their pods belong to."""
        return tuple(replace(each, owner=self._cluster.owner(each.pod)) for each in blockers)

    def _say(self, kind: Kind, text: str, member: Member) -> None:
        node = member.node.name if member.node is not None else ""
        self._tell(Event(kind, self._name, text, member.instance.id, node))
