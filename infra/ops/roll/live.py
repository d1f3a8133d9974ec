"""A rolling update's means in a live environment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import boto3

from infra.ops.aws import require_account, session_for
from infra.ops.clock import Clock, SystemClock
from infra.ops.kube import Kube, connect
from infra.ops.roll.cloud import AwsCloud
from infra.ops.roll.cluster import KubeCluster
from infra.ops.roll.drain import DrainOptions
from infra.ops.roll.estimate import Estimate, estimate
from infra.ops.roll.etcd import ApiServerEtcdHealth
from infra.ops.roll.gate import ClusterGate
from infra.ops.roll.journal import Lock
from infra.ops.roll.need import members_of
from infra.ops.roll.pace import pace_of
from infra.ops.roll.progress import Tell
from infra.ops.roll.run import Limits, Means
from infra.ops.roll.view import Group
from infra.ops.validate.budgets import check_budgets
from infra.plan.naming import group_resource_name
from infra.plan.state_layout import roll_lock_key
from infra.spec import EnvironmentSpec, InstanceGroupSpec


class Live:
    """The connections with an environment's account and cluster."""

    def __init__(self, spec: EnvironmentSpec, session: boto3.Session, kube: Kube, clock: Clock) -> None:
        self._spec, self._kube, self._clock = spec, kube, clock
        self._s3, self._elb, self._cloud = session.client("s3"), session.client("elbv2"), AwsCloud(session)
        self._cluster = KubeCluster(kube)

    def lock(self) -> Lock:
        """Return the lock of the environment's rolls, not taken yet."""
        return Lock(self._s3, self._spec.state.bucket, roll_lock_key(self._spec), self._clock)

    def means(self, tell: Tell, limits: Limits, drain: DrainOptions, renew: Callable[[], None]) -> Means:
        """Return what a roll works with."""
        gate = ClusterGate(
            self._spec, self._cloud, self._elb, self._kube, self._cluster, ApiServerEtcdHealth(self._kube)
        )
        return Means(self._cloud, self._cluster, gate, self._clock, tell, limits, drain, renew)

    def estimates(self, groups: Sequence[InstanceGroupSpec], *, force: bool) -> list[Estimate]:
        """Return what a roll of the groups would do; nothing is changed."""
        return [self._estimate(group, force=force) for group in groups]

    def budgets(self) -> list[str]:
        """Return the disruption budgets that a drain would wait for in vain."""
        return [str(each) for each in check_budgets(self._kube)]

    def _estimate(self, group: InstanceGroupSpec, *, force: bool) -> Estimate:
        state = self._cloud.with_launch_times(self._cloud.group(group_resource_name(self._spec, group)))
        if force and not any(each.mark for each in state.instances):
            state = _all_due(state)
        planes = sum(each.role == "ControlPlane" for each in self._spec.instance_groups)
        return estimate(
            state,
            members_of(state, self._cluster.nodes()),
            pace_of(group, state.desired),
            name=group.name,
            role=group.role,
            blink=group.role == "ControlPlane" and planes == 1,
        )


def live(spec: EnvironmentSpec) -> Live:
    """Connect with the environment.

    Raises:
        CredentialsError: they are of another account, or there are none.
        OpsError: there is no kubeconfig with a context named as the cluster.
    """
    session = session_for(spec)
    require_account(spec, session)
    return Live(spec, session, connect(spec), SystemClock())


def _all_due(state: Group) -> Group:
    return replace(state, instances=tuple(replace(each, mark="due") for each in state.instances))
