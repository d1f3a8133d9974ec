"""All checks of an environment, or those that concern some of its groups."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import boto3

from infra.ops.aws import require_account, session_for
from infra.ops.clock import Clock
from infra.ops.kube import Kube, connect
from infra.ops.roll.cloud import AwsCloud
from infra.ops.roll.cluster import KubeCluster
from infra.ops.roll.etcd import ApiServerEtcdHealth
from infra.ops.roll.view import Node
from infra.ops.validate import certificates, control_plane, dns, edge, etcd, nodes, pods
from infra.ops.validate.findings import Check, Finding, guarded
from infra.plan.naming import group_resource_name
from infra.plan.state_layout import etcd_backup_prefix, pki_prefix
from infra.spec import EnvironmentSpec, InstanceGroupSpec


@dataclass(frozen=True)
class Report:
    """What all checks found."""

    findings: tuple[Finding, ...]
    checks: tuple[str, ...]
    """The checks that were made."""

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

    def report(self, groups: Sequence[InstanceGroupSpec] = ()) -> Report:
        """Look once. With ``groups``, only these and what they rest on: the control plane, etcd, the API's name."""
        checks = list(self._checks(groups))
        findings = tuple(finding for name, check in checks for finding in guarded(name, check))
        return Report(findings, tuple(dict.fromkeys(name for name, _ in checks)))

    def _checks(self, groups: Sequence[InstanceGroupSpec]) -> Iterator[tuple[str, Check]]:
        spec, s3, bucket = self._spec, self._s3, self._spec.state.bucket
        planes = [group for group in spec.instance_groups if group.role == "ControlPlane"]
        members = len(planes)
        now, server = self._clock.now(), self._kube.server
        yield dns.CHECK, lambda: tuple(dns.check_api_name(server))
        yield control_plane.CHECK, lambda: tuple(control_plane.check_control_plane(self._kube, members))
        yield etcd.CHECK, lambda: tuple(etcd.check_members(ApiServerEtcdHealth(self._kube), members))
        every = functools.cache(self._cluster.nodes)
        chosen = list(groups) or list(spec.instance_groups)
        for group in dict.fromkeys(each.name for each in (*planes, *chosen)):
            yield from self._of_group(next(each for each in spec.instance_groups if each.name == group), every)
        yield pods.CHECK, lambda: tuple(self._pods([*planes, *groups] if groups else [], every))
        yield certificates.CHECK, lambda: tuple(certificates.check_served(server, now))
        if not groups:
            backups, pki = etcd_backup_prefix(spec), pki_prefix(spec)
            yield certificates.CHECK, lambda: tuple(certificates.check_authorities(s3, bucket, pki, now))
            yield etcd.BACKUP_CHECK, lambda: tuple(etcd.check_backup(s3, bucket, backups, now))

    def _of_group(self, group: InstanceGroupSpec, every: Callable[[], tuple[Node, ...]]) -> Iterator[tuple[str, Check]]:
        def judged() -> tuple[Finding, ...]:
            state = self._cloud.group(group_resource_name(self._spec, group))
            found = nodes.nodes_of(group.name, state, every())
            return tuple(nodes.check_nodes(group.name, state, found, self._spec.cluster.kubernetes_version))

        def reached() -> tuple[Finding, ...]:
            state = self._cloud.group(group_resource_name(self._spec, group))
            return tuple(edge.check_targets(self._elb, group.name, state.target_groups if state.desired else ()))

        yield nodes.CHECK, judged
        if group.role == "Edge":
            yield edge.CHECK, reached

    def _pods(self, groups: Sequence[InstanceGroupSpec], every: Callable[[], tuple[Node, ...]]) -> Iterator[Finding]:
        if not groups:
            yield from pods.check_critical_pods(self._kube)
            return
        names = {name for group in groups for name in (group.name, group.renamed_from)}
        own = {node.name for node in every() if node.group in names}
        yield from pods.check_critical_pods(self._kube, own)


def wait_until_valid(look: Callable[[], Report], clock: Clock, *, wait: float, poll: float) -> Report:
    """Look until the verdict is ``valid`` or ``wait`` seconds have passed, and return the last report."""
    until = clock.seconds() + wait
    while True:
        report = look()
        if report.verdict == "valid" or clock.seconds() + poll > until:
            return report
        clock.wait(poll)


def connected(spec: EnvironmentSpec, clock: Clock) -> Validation:
    """Return the :class:`Validation` of a live environment.

    Raises:
        OpsError: there are no credentials of the environment's account, or no kubeconfig of its cluster.
    """
    session = session_for(spec)
    require_account(spec, session)
    return Validation(spec, session, connect(spec), clock)
