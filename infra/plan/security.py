"""Security groups: one for each role, and every rule between them in one table.

kops opens all ports among nodes, all ports from control plane to nodes, and all but etcd's from nodes to the control
plane. Here a port is open where something named listens on it, and the rule says what. Nothing is open from outside
the cluster, to SSH, or for node ports: load balancers and the edge router bring rules of their own.

The port of the API server is kops's, 443. Reading guide for what is *not* here:

- scheduler and controller-manager (10259, 10257) are asked by the machine they run on;
- the kubelet's 10250, the exporter's 9100 and etcd's 2381 answer the control plane alone, so what scrapes them runs
  there: metrics-server, which the API server asks on 10250 too, and the collector of metrics;
- with ``cilium``, Service addresses, DNS and admission webhooks all travel inside the overlay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec
from infra.spec.cluster import Cni
from infra.spec.instance_group import Role

API_PORT = 443
"""Port of kube-apiserver on control-plane machines, as in kops."""

KUBELET_PORT = 10250
ETCD_PORTS = (2379, 2380)
"""Client and peer port (etcd operations guide)."""
ETCD_METRICS_PORT = 2381
"""Metrics and health of etcd by plain HTTP, as kubeadm sets it up: neither tells of what is stored."""
EXPORTER_PORT = 9100
"""Of node-exporter, on the machines' network."""
VXLAN_PORT = 8472
"""Linux's port for VXLAN, which Cilium uses (Cilium system requirements, "Firewall Rules")."""
CILIUM_HEALTH_PORT = 4240
WIREGUARD_PORT = 51871
"""Cilium's port for WireGuard (same source)."""
DNS_PORT = 53
ALL_PORTS = (0, 65535)
ANYWHERE = "0.0.0.0/0"

ROLES: tuple[Role, ...] = get_args(Role)
ROLE_WORDS: dict[Role, str] = {"ControlPlane": "control-plane", "Node": "nodes", "Edge": "edge"}
"""Role -> what its security group and rules are called."""

Protocol = Literal["tcp", "udp", "icmp", "-1"]


@dataclass(frozen=True)
class SecurityRule:
    """One rule of one role's security group. Exactly one of ``peer`` and ``peer_cidr`` is set."""

    name: str
    """Logical name, unique among all rules."""
    role: Role
    """Whose security group the rule belongs to."""
    direction: Literal["ingress", "egress"]
    peer: Role | None
    """The role at the other end."""
    peer_cidr: str | None
    """The addresses at the other end."""
    protocol: Protocol
    """``-1`` is every protocol."""
    ports: tuple[int, int] | None
    """First and last port; for ICMP type and code; None with ``-1``."""
    why: str
    """What listens there. Becomes the rule's description: EC2 takes at most 255 characters of a limited set."""
    tags: Mapping[str, str]


@dataclass(frozen=True)
class SecurityGroupPlan:
    """The security group of one role."""

    role: Role
    key: str
    """Logical name."""
    name: str
    description: str
    tags: Mapping[str, str]
    protect: bool
    """Whether the engine refuses to delete it or to make it anew.

    That of control planes is in an existing VPC: nothing else that is protected shows the VPC's ID, and with another
    one in the file an update would move the groups, and be refused by AWS in the middle.
    """


@dataclass(frozen=True)
class SecurityPlan:
    """All security groups and rules of a cluster."""

    groups: tuple[SecurityGroupPlan, ...]
    rules: tuple[SecurityRule, ...]


@dataclass(frozen=True)
class _Opening:
    what: str
    sources: tuple[Role, ...]
    targets: tuple[Role, ...]
    protocol: Protocol
    ports: tuple[int, int] | None
    why: str


_CP: tuple[Role, ...] = ("ControlPlane",)
_WORKERS: tuple[Role, ...] = ("Node", "Edge")

_EVERY_CNI = (
    _Opening("api", ROLES, _CP, "tcp", (API_PORT, API_PORT), "Kubernetes API"),
    _Opening("kubelet", _CP, ROLES, "tcp", (KUBELET_PORT, KUBELET_PORT), "kubelet API: logs, exec, metrics"),
    _Opening("etcd", _CP, _CP, "tcp", ETCD_PORTS, "etcd clients and peers"),
)

_MONITORED = (
    _Opening("exporter", _CP, ROLES, "tcp", (EXPORTER_PORT, EXPORTER_PORT), "node-exporter: metrics of machines"),
    _Opening("etcd-metrics", _CP, _CP, "tcp", (ETCD_METRICS_PORT, ETCD_METRICS_PORT), "etcd: metrics"),
)
"""Where Slipway monitors the cluster."""

_ENCRYPTED = _Opening("wireguard", ROLES, ROLES, "udp", (WIREGUARD_PORT, WIREGUARD_PORT), "Cilium WireGuard: pods")
"""Besides VXLAN, which then travels inside it: a machine that has not got the setting yet still sends it plain."""

_OF_CNI: dict[Cni, tuple[_Opening, ...]] = {
    # Any pod may talk to any pod, and any machine may carry pods: the tunnel and its health checks are among all.
    "cilium": (
        _Opening("vxlan", ROLES, ROLES, "udp", (VXLAN_PORT, VXLAN_PORT), "Cilium VXLAN: traffic of pods"),
        _Opening("health", ROLES, ROLES, "tcp", (CILIUM_HEALTH_PORT, CILIUM_HEALTH_PORT), "Cilium health checks"),
        _Opening("ping", ROLES, ROLES, "icmp", (8, 0), "Cilium health checks: echo request"),
    ),
    # Pods have addresses of the VPC and share their machine's security group, so what pods say to each other must be
    # open between machines. NetworkPolicies, not security groups, then tell pods apart.
    "amazonVpc": (
        _Opening("pods", ("Node",), ("Node",), "-1", None, "Pods to pods"),
        # The router on the edge sends to any port of the pods behind it.
        _Opening("pods", ("Edge",), ("Node",), "-1", None, "Edge router to the pods behind it"),
        # Pods reach the router by its Service, and collectors on nodes scrape the DaemonSet pods of the edge. Edge
        # machines have nothing to say to each other.
        _Opening("pods", ("Node",), ("Edge",), "-1", None, "Pods to the edge router and its DaemonSet pods"),
        # Admission webhooks, aggregated APIs and the API proxy listen on ports of their authors' choice; all are TCP.
        _Opening("pods", _CP, ("Node",), "tcp", ALL_PORTS, "API server to webhooks, aggregated APIs and proxied pods"),
        # CoreDNS may run on workers and, since it tolerates the taint, on the control plane. kops opens the control
        # plane's every port, etcd's included, to nodes here; besides DNS and the API nothing on it is for workers.
        _Opening("dns-udp", _CP, ("Node",), "udp", (DNS_PORT, DNS_PORT), "Cluster DNS"),
        _Opening("dns-udp", ROLES, _CP, "udp", (DNS_PORT, DNS_PORT), "Cluster DNS"),
        _Opening("dns-tcp", ROLES, _CP, "tcp", (DNS_PORT, DNS_PORT), "Cluster DNS"),
    ),
}


def plan_security(spec: EnvironmentSpec) -> SecurityPlan:
    """Return the security groups of all roles and the rules between them."""
    return SecurityPlan(
        groups=tuple(_group(spec, role) for role in ROLES),
        rules=(*_ingress(spec), *(_egress(spec, role) for role in ROLES)),
    )


def _group(spec: EnvironmentSpec, role: Role) -> SecurityGroupPlan:
    name = f"{ROLE_WORDS[role]}.{spec.cluster.name}"
    return SecurityGroupPlan(
        role=role,
        key=ROLE_WORDS[role],
        name=name,
        # Its tag kubernetes.io/cluster/<name> must stand on one group of a machine only: the AWS cloud provider
        # refuses to choose between two.
        description=f"Machines of role {role} in {spec.cluster.name}",
        tags=resource_tags(spec, name),
        protect=role == "ControlPlane" and spec.network.vpc is not None,
    )


def _ingress(spec: EnvironmentSpec) -> Iterator[SecurityRule]:
    encrypted = spec.cluster.addons.cilium.encryption == "wireguard"
    further = (*((_ENCRYPTED,) if encrypted else ()), *(_MONITORED if spec.monitoring.enabled else ()))
    for opening in (*_EVERY_CNI, *_OF_CNI[spec.cluster.cni], *further):
        for source in opening.sources:
            for target in opening.targets:
                name = f"{opening.what}-{ROLE_WORDS[source]}-to-{ROLE_WORDS[target]}"
                yield SecurityRule(
                    name=name,
                    role=target,
                    direction="ingress",
                    peer=source,
                    peer_cidr=None,
                    protocol=opening.protocol,
                    ports=opening.ports,
                    why=opening.why,
                    tags=_rule_tags(spec, name),
                )


def _egress(spec: EnvironmentSpec, role: Role) -> SecurityRule:
    """Return the rule that lets a role's machines out to every IPv4 address, as kops's does.

    Registries, package mirrors, time and the AWS API are names whose addresses change, which a security group cannot
    hold; and a narrower set of ports would stop nobody who has a server on 443. What pods may reach is for
    NetworkPolicies to say. There is no IPv6 rule, since the network has no IPv6.
    """
    name = f"egress-{ROLE_WORDS[role]}"
    return SecurityRule(
        name=name,
        role=role,
        direction="egress",
        peer=None,
        peer_cidr=ANYWHERE,
        protocol="-1",
        ports=None,
        why="Registries, package mirrors, AWS API, other machines",
        tags=_rule_tags(spec, name),
    )


def _rule_tags(spec: EnvironmentSpec, name: str) -> dict[str, str]:
    return resource_tags(spec, f"{name}.{spec.cluster.name}")
