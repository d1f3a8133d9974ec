"""The validation between the steps of a roll: the control plane and the group being rolled, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from infra.ops.kube import Kube
from infra.ops.roll.cloud import Cloud
from infra.ops.roll.cluster import Cluster
from infra.ops.roll.etcd import EtcdHealth, problem
from infra.ops.roll.view import Node
from infra.ops.validate.control_plane import check_control_plane
from infra.ops.validate.edge import check_targets
from infra.ops.validate.pods import check_critical_pods
from infra.plan.naming import group_resource_name
from infra.spec import EnvironmentSpec, InstanceGroupSpec


class ClusterGate:
    """The gate of a live cluster."""

    def __init__(
        self, spec: EnvironmentSpec, cloud: Cloud, elb: Any, kube: Kube, cluster: Cluster, etcd: EtcdHealth
    ) -> None:
        self._spec, self._cloud, self._elb = spec, cloud, elb
        self._kube, self._cluster, self._etcd = kube, cluster, etcd
        self._planes = [group for group in spec.instance_groups if group.role == "ControlPlane"]

    def problems(self, group: InstanceGroupSpec, losing: Sequence[Node]) -> tuple[str, ...]:
        """Return what is wrong with the control plane and with the group's critical pods."""
        return tuple(self._problems(group, losing))

    def _problems(self, group: InstanceGroupSpec, losing: Sequence[Node]) -> Iterator[str]:
        # A member that is to be replaced may be why the control plane is not whole.
        lost = [node.name for node in losing] if group.role == "ControlPlane" else []
        yield from map(str, check_control_plane(self._kube, len(self._planes), lost))
        if group.role == "ControlPlane":
            report = self._etcd.report()
            for lose in [node.name for node in losing] or [""]:
                wrong = problem(report, len(self._planes), lose=lose)
                if wrong:
                    yield wrong
        if group.role == "Edge":
            yield from self._balancers(group)
        planes = {name for plane in self._planes for name in (plane.name, plane.renamed_from) if name}
        own = {group.name, group.renamed_from or group.name} | {node.group for node in losing}
        nodes = self._cluster.nodes(own | planes)
        watched = {node.name for node in nodes}
        going = {n.name for n in nodes if n.group in own and (n.draining or not n.ready)} | {n.name for n in losing}
        # Of a large cluster's pods, looked at before each step, those of one namespace are enough.
        yield from map(str, check_critical_pods(self._kube, watched, going, "kube-system"))

    def _balancers(self, group: InstanceGroupSpec) -> Iterator[str]:
        state = self._cloud.group(group_resource_name(self._spec, group))
        targets = state.target_groups if state.desired else ()
        yield from map(str, check_targets(self._elb, group.name, targets, settled=True))
