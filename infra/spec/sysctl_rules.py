"""Rules of a group's kernel parameters that rest on the rest of the environment."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.instance_group import InstanceGroupSpec

_OF_KUBE_PROXY = (
    "net.nf_conntrack_max",
    "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_tcp_timeout_established",
    "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
)
"""What kube-proxy writes when it starts, by its own defaults where no flag says otherwise (its command reference,
``--conntrack-*``)."""


def check_sysctls(spec: EnvironmentSpec, at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    """Yield the problems of the kernel parameters of the group at ``at``."""
    if spec.cluster.cni != "amazonVpc":
        return
    for key in _OF_KUBE_PROXY:
        if key in group.sysctls:
            yield Problem(
                (*at, "sysctls", key),
                "is written by kube-proxy, which runs with amazonVpc, as soon as it starts",
                "remove it",
                repr(group.sysctls[key]),
                (("cluster", "cni"),),
            )
