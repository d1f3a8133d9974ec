"""Labels and taints with which a group's kubelets register their nodes."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec import InstanceGroupSpec, Problem
from infra.spec.errors import Location
from infra.spec.labels import Taint, parse_taint

OWN_PREFIX = "slipway/"
"""Prefix of the labels and taints that Slipway sets, as of its AWS tags. The NodeRestriction admission plugin leaves a
kubelet free to set any label outside ``kubernetes.io`` and ``k8s.io``, and any taint when it creates its node."""

GROUP_LABEL = "slipway/instance-group"
ROLE_LABEL = "slipway/role"
EXCLUDED_FROM_LOAD_BALANCERS = "node.kubernetes.io/exclude-from-external-load-balancers"
"""Well-known label by which cloud providers leave a node out of Services' load balancers; kubeadm sets it likewise."""

ROLE_TAINTS = {
    "ControlPlane": Taint("node-role.kubernetes.io/control-plane", "", "NoSchedule"),
    "Edge": Taint(ROLE_LABEL, "Edge", "NoSchedule"),
}


def node_labels(group: InstanceGroupSpec) -> dict[str, str]:
    """Return the labels a kubelet of the group gives its own node, sorted by key.

    They say where a pod may want to run and are no proof of what a node is: a stolen kubelet identity can set them.
    """
    labels = {**group.node_labels, GROUP_LABEL: group.name, ROLE_LABEL: group.role}
    if group.role == "ControlPlane":
        labels[EXCLUDED_FROM_LOAD_BALANCERS] = ""
    return dict(sorted(labels.items()))


def node_taints(group: InstanceGroupSpec) -> tuple[Taint, ...]:
    """Return the taints of the group's nodes: its role's, then the spec's in the order of their names."""
    role = ROLE_TAINTS.get(group.role)
    stated = tuple(sorted((parse_taint(text) for text in group.taints), key=_identity))
    return ((role,) if role and _identity(role) not in map(_identity, stated) else ()) + stated


def _identity(taint: Taint) -> tuple[str, str]:
    # A node has at most one taint of a key and an effect (ValidateNode in pkg/apis/core/validation).
    return taint.key, taint.effect


def registration_problems(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    """Yield what of the spec's labels and taints clashes with what Slipway sets itself."""
    for key in group.node_labels:
        if key.startswith(OWN_PREFIX):
            yield Problem(
                (*at, "nodeLabels", key),
                f"begins with {OWN_PREFIX}, which Slipway keeps for the labels it sets on every node",
                "use a prefix of your own, as example.com/pool",
                repr(key),
            )
    for position, text in enumerate(group.taints):
        if parse_taint(text).key.startswith(OWN_PREFIX):
            yield Problem(
                (*at, "taints", position),
                f"begins with {OWN_PREFIX}, which Slipway keeps for the taints of roles",
                "use a prefix of your own, as example.com/dedicated",
                repr(text),
            )
