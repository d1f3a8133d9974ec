"""The bindings by which machines get their identities, and administrators their rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.plan.join import BOOTSTRAPPERS
from infra.spec import EnvironmentSpec

ADMINISTRATORS = "slipway:administrators"
"""Group that ``slipway kubeconfig`` writes into its short-lived certificates. Unlike ``system:masters``, which the API
server lets do anything whatever RBAC says, it can lose its rights."""

LABELS = {"app.kubernetes.io/managed-by": "slipway"}


@dataclass(frozen=True)
class BindingPlan:
    """A group bound to a cluster role that Kubernetes itself brings."""

    name: str
    role: str
    group: str
    why: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class ClusterAccessPlan:
    """Who is let in."""

    bindings: tuple[BindingPlan, ...]
    bootstrappers: str
    labels: Mapping[str, str]


_BINDINGS = (
    (
        "slipway:node-bootstrap",
        "system:node-bootstrapper",
        BOOTSTRAPPERS,
        "Whoever shows the join token may ask for a node's client certificate, and for nothing else",
    ),
    (
        "slipway:node-approve",
        "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
        BOOTSTRAPPERS,
        "Such a request is granted without a person if it is for a node",
    ),
    (
        "slipway:node-renew",
        "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
        "system:nodes",
        "A node's request to renew its own certificate is granted",
    ),
    ("slipway:administrators", "cluster-admin", ADMINISTRATORS, "What slipway kubeconfig signs may do"),
)
"""Name, role, group and reason. The first three are what kubeadm and the Kubernetes documentation ("TLS bootstrapping")
bind; the controllers grant only requests whose subject is a node's."""


def plan_cluster_access(spec: EnvironmentSpec) -> ClusterAccessPlan:
    """Return who is let into the cluster."""
    labels = {**LABELS, "slipway/environment": spec.name}
    return ClusterAccessPlan(
        bindings=tuple(BindingPlan(name, role, group, why, labels) for name, role, group, why in _BINDINGS),
        bootstrappers=BOOTSTRAPPERS,
        labels=labels,
    )
