"""Tags by which the Kubernetes cluster-autoscaler finds a group, and knows what a node of an empty group would be."""

from __future__ import annotations

from infra.plan.node.registration import node_labels, node_taints
from infra.spec import EnvironmentSpec, InstanceGroupSpec
from infra.spec.labels import AUTOSCALER_HINTS, Taint

PREFIX = "k8s.io/cluster-autoscaler"
"""Prefix of the autoscaler's tags (cluster-autoscaler, cloud provider AWS, "Auto-Discovery Setup")."""

LABEL_PREFIX = f"{PREFIX}/node-template/label/"
TAINT_PREFIX = f"{PREFIX}/node-template/taint/"


def autoscaler_tags(spec: EnvironmentSpec, group: InstanceGroupSpec) -> dict[str, str]:
    """Return the autoscaler's tags for the Auto Scaling group itself; machines do not need them.

    None for a group that it does not size. A change of labels or taints changes these tags with the launch template:
    the one change of a machine's properties that shows on the Auto Scaling group too.
    """
    if not group.autoscaled:
        return {}
    return {
        f"{PREFIX}/enabled": "1",
        f"{PREFIX}/{spec.cluster.name}": "1",
        **{f"{LABEL_PREFIX}{key}": value for key, value in node_labels(group).items()},
        **{f"{TAINT_PREFIX}{key}": f"{taint.value}:{taint.effect}" for key, taint in _taints(group).items()},
        **{key: value for key, value in group.cloud_labels.items() if key.startswith(AUTOSCALER_HINTS)},
    }


def _taints(group: InstanceGroupSpec) -> dict[str, Taint]:
    """Return one taint for each key: a tag holds one, and of several effects the strictest says what can run there."""
    by_key: dict[str, Taint] = {}
    for taint in node_taints(group):
        known = by_key.get(taint.key)
        # A preference keeps nothing away, and NoExecute does all that NoSchedule does and more.
        if known is None or _strictness(taint) > _strictness(known):
            by_key[taint.key] = taint
    return by_key


def _strictness(taint: Taint) -> int:
    return ("PreferNoSchedule", "NoSchedule", "NoExecute").index(taint.effect)
