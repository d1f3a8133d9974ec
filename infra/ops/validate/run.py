"""All checks of an environment, or those that concern some of its groups."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import boto3

from infra.ops.aws import require_account, session_for
from infra.ops.clock import Clock
from infra.ops.errors import OpsError
from infra.ops.kube import Kube, connect
from infra.ops.roll.cloud import AwsCloud
from infra.ops.roll.cluster import KubeCluster
from infra.ops.roll.etcd import ApiServerEtcdHealth
from infra.ops.roll.view import Group, Node
from infra.ops.validate import api, budgets, certificates, control_plane, dns, edge, etcd, nodes, pods, workloads
from infra.ops.validate.findings import Check, Finding, guarded
from infra.plan.naming import group_resource_name
from infra.plan.state_layout import pki_prefix
from infra.spec import EnvironmentSpec, InstanceGroupSpec
from infra.spec.workloads.workload import WorkloadSpec


@dataclass(frozen=True)
class Report:
    """What all checks found."""

    findings: tuple[Finding, ...]
    checks: tuple[str, ...]
    """The checks that were made."""
    skipped: tuple[str, ...] = ()
    """Those that nothing can be seen of, because the API server or its etcd does not answer."""

    @property
    def between(self) -> tuple[Finding, ...]:
        """What keeps the verdict from ``valid``: the findings that are more than a warning."""
        return tuple(each for each in self.findings if each.severity != "warning")

    @property
    def verdict(self) -> str:
        """Return ``valid``, ``invalid``, or ``unknown`` where something could not be looked at and the rest is good."""
        severities = {finding.severity for finding in self.findings}
        return "invalid" if "invalid" in severities else "unknown" if "unknown" in severities else "valid"


class Validation:
    """The checks of one environment."""

    def __init__(self, spec: EnvironmentSpec, session: boto3.Session, kube: Kube, clock: Clock) -> None:
        self._spec, self._kube, self._clock = spec, kube, clock
        self._s3, self._elb = session.client("s3"), session.client("elbv2")
        self._cloud, self._cluster = AwsCloud(session), KubeCluster(kube)

    def report(self, groups: Sequence[InstanceGroupSpec] = (), chosen: Sequence[WorkloadSpec] = ()) -> Report:
        """Look once. With ``groups``, only these and what they rest on: the control plane, etcd, the API's name.
        With ``chosen`` and no groups, these workloads alone.

        Where the API server does not answer, that is one finding, and what can be seen without it is looked at.
        """
        # A proxy resolves the API's name itself, and may be the only one that can.
        proxied = self._kube.proxy is not None
        named = () if proxied else guarded(dns.CHECK, lambda: tuple(dns.check_api_name(self._kube.server)))
        blind = api.blindness(self._kube, self._elb, self._api_targets)
        inside, outside = list(self._workloads(groups, chosen)), list[tuple[str, Check]]()
        if groups or not chosen:
            inside = [*self._inside(groups), *inside]
            outside = list(self._outside(groups, blind=blind is not None))
        made = outside if blind else [*inside, *outside]
        # A name that leads nowhere is why nothing answers, and is said once.
        first = named or ((blind,) if blind else ())
        findings = (*first, *(finding for name, check in made for finding in guarded(name, check)))
        checks = dict.fromkeys((*(() if proxied else (dns.CHECK,)), api.CHECK, *(name for name, _ in made)))
        return Report(findings, tuple(checks), tuple(dict.fromkeys(name for name, _ in inside)) if blind else ())

    @property
    def _planes(self) -> list[InstanceGroupSpec]:
        return [group for group in self._spec.instance_groups if group.role == "ControlPlane"]

    def _chosen(self, groups: Sequence[InstanceGroupSpec]) -> list[InstanceGroupSpec]:
        """Return the groups to look at, each once, the control plane's first."""
        every = {each.name: each for each in (*self._planes, *(groups or self._spec.instance_groups))}
        return list(every.values())

    def _state(self, group: InstanceGroupSpec) -> Group:
        return self._cloud.group(group_resource_name(self._spec, group))

    def _api_targets(self) -> set[str]:
        return {arn for plane in self._planes for arn in self._state(plane).target_groups}

    def _inside(self, groups: Sequence[InstanceGroupSpec]) -> Iterator[tuple[str, Check]]:
        """Yield the checks that ask the API server for objects."""
        members, every = len(self._planes), functools.cache(self._cluster.nodes)
        yield control_plane.CHECK, lambda: tuple(control_plane.check_control_plane(self._kube, members))
        yield etcd.CHECK, lambda: tuple(etcd.check_members(ApiServerEtcdHealth(self._kube), members))
        for group in self._chosen(groups):
            yield nodes.CHECK, functools.partial(self._nodes, group, every)
        yield pods.CHECK, lambda: tuple(self._pods([*self._planes, *groups] if groups else [], every))
        if not groups:
            yield budgets.CHECK, lambda: tuple(budgets.check_budgets(self._kube))

    def _workloads(
        self, groups: Sequence[InstanceGroupSpec], chosen: Sequence[WorkloadSpec]
    ) -> Iterator[tuple[str, Check]]:
        """Yield the check of these workloads; of all where nothing was chosen."""
        looked_at = chosen or (() if groups else self._spec.declared_workloads)
        if looked_at:
            yield workloads.CHECK, lambda: tuple(workloads.check_workloads(self._kube, self._spec, looked_at))

    def _outside(self, groups: Sequence[InstanceGroupSpec], *, blind: bool) -> Iterator[tuple[str, Check]]:
        """Yield the checks that need AWS alone, or no more of the API server than its certificate."""
        spec, s3, bucket, now = self._spec, self._s3, self._spec.state.bucket, self._clock.now()
        for group in self._chosen(groups):
            if blind:
                yield nodes.MACHINES, functools.partial(self._machines, group)
            if group.role == "Edge":
                yield edge.CHECK, functools.partial(self._edge, group)
        yield certificates.CHECK, functools.partial(self._served, blind=blind)
        if not groups:
            yield certificates.CHECK, lambda: tuple(certificates.check_authorities(s3, bucket, pki_prefix(spec), now))
            yield etcd.BACKUP_CHECK, lambda: tuple(etcd.check_backup(s3, spec, now))

    def _nodes(self, group: InstanceGroupSpec, every: Callable[[], tuple[Node, ...]]) -> tuple[Finding, ...]:
        state = self._state(group)
        found = nodes.nodes_of(group.name, state, every())
        return tuple(nodes.check_nodes(group.name, state, found, self._spec.cluster.kubernetes_version))

    def _machines(self, group: InstanceGroupSpec) -> tuple[Finding, ...]:
        return tuple(nodes.check_machines(group.name, self._state(group)))

    def _edge(self, group: InstanceGroupSpec) -> tuple[Finding, ...]:
        state = self._state(group)
        return tuple(edge.check_targets(self._elb, group.name, state.target_groups if state.desired else ()))

    def _served(self, *, blind: bool) -> tuple[Finding, ...]:
        try:
            return tuple(certificates.check_served(self._kube.server, self._clock.now(), self._kube.proxy))
        except OpsError:
            if blind:
                return ()  # that there is no answer was said
            raise

    def _pods(self, groups: Sequence[InstanceGroupSpec], every: Callable[[], tuple[Node, ...]]) -> Iterator[Finding]:
        if not groups:
            yield from pods.check_critical_pods(self._kube)
            return
        names = {name for group in groups for name in (group.name, group.renamed_from)}
        own = {node.name for node in every() if node.group in names}
        yield from pods.check_critical_pods(self._kube, own)


def wait_until_valid(
    look: Callable[[], Report],
    clock: Clock,
    *,
    wait: float,
    poll: float,
    tell: Callable[[Report, float], None] = lambda *_: None,
) -> Report:
    """Look until the verdict is ``valid`` or ``wait`` seconds have passed, and return the last report.

    ``tell`` is called with each report that is waited on, and with the seconds that are left.
    """
    until = clock.seconds() + wait
    while True:
        report = look()
        if report.verdict == "valid" or clock.seconds() + poll > until:
            return report
        tell(report, until - clock.seconds())
        clock.wait(poll)


def connected(spec: EnvironmentSpec, clock: Clock) -> Validation:
    """Return the :class:`Validation` of a live environment.

    Raises:
        OpsError: there are no credentials of the environment's account, or no kubeconfig of its cluster.
    """
    session = session_for(spec)
    require_account(spec, session)
    return Validation(spec, session, connect(spec), clock)
