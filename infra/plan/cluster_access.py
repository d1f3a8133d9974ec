"""The bindings by which machines get their identities, and administrators their rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from infra.plan.join import BOOTSTRAPPERS
from infra.spec import EnvironmentSpec

ADMINISTRATORS = "slipway:administrators"
"""Group that ``slipway kubeconfig`` writes into its short-lived certificates. Unlike ``system:masters``, which the API
server lets do anything whatever RBAC says, it can lose its rights."""

API_SERVER = "kube-apiserver-kubelet-client"
"""The user as whom API servers speak to kubelets: the common name that kubeadm gives to their client certificate."""

LABELS = {"app.kubernetes.io/managed-by": "slipway"}


@dataclass(frozen=True)
class BindingPlan:
    """Groups, or users, bound to a cluster role that Kubernetes itself brings."""

    name: str
    role: str
    subjects: tuple[str, ...]
    why: str
    labels: Mapping[str, str]
    kind: Literal["Group", "User"] = "Group"


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
    (
        "slipway:api-server-to-kubelets",
        "system:kubelet-api-admin",
        API_SERVER,
        "The API server asks kubelets for logs, and to run commands, on behalf of whoever may",
    ),
    ("slipway:administrators", "cluster-admin", ADMINISTRATORS, "What slipway kubeconfig signs may do"),
)
"""Name, role, subject and reason. All but the last are what kubeadm and the Kubernetes documentation ("TLS
bootstrapping") bind; the controllers grant only requests whose subject is a node's."""


def plan_cluster_access(spec: EnvironmentSpec) -> ClusterAccessPlan:
    """Return who is let into the cluster."""
    labels = {**LABELS, "slipway/environment": spec.name}
    return ClusterAccessPlan(
        bindings=(
            *(
                BindingPlan(name, role, (subject,), why, labels, "User" if subject == API_SERVER else "Group")
                for name, role, subject, why in _BINDINGS
            ),
            *_logged_in(spec, labels),
        ),
        bootstrappers=BOOTSTRAPPERS,
        labels=labels,
    )


def _logged_in(spec: EnvironmentSpec, labels: Mapping[str, str]) -> Iterator[BindingPlan]:
    """Yield a binding for each role that groups of the issuer have: which role one binds cannot be changed later."""
    oidc = spec.cluster.api.oidc
    if oidc is None:
        return
    why = f"What groups of {oidc.issuer_url} may do"
    for role in sorted(set(oidc.groups.values())):
        groups = tuple(f"{oidc.prefix}{group}" for group, of in sorted(oidc.groups.items()) if of == role)
        yield BindingPlan(f"slipway:login-{role}", role, groups, why, labels)
