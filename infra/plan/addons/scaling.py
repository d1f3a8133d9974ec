"""What changes the number of machines, or answers to it: cluster-autoscaler and node termination handler."""

from __future__ import annotations

import yaml

from infra.plan.addons.identity import assume_role
from infra.plan.addons.objects import AddonPlan, Body, Later, Manifest, add_arguments, set_environment
from infra.plan.addons.placement import on_control_plane
from infra.plan.autoscaler_tags import PREFIX
from infra.plan.naming import group_resource_name
from infra.spec import EnvironmentSpec

AUTOSCALER = "cluster-autoscaler"
TERMINATION_HANDLER = "node-termination-handler"
_HANDLER = "aws-node-termination-handler"

QUEUE_URL = Later("terminationQueueUrl")

PRIORITIES = "cluster-autoscaler-priority-expander"
"""Name of the ConfigMap that the expander ``priority`` reads, and reads again when it changes."""


def plan_cluster_autoscaler(spec: EnvironmentSpec) -> AddonPlan:
    """Return the autoscaler of the groups that have the cluster's tags."""
    manifest = Manifest(AUTOSCALER, spec)
    on_control_plane(manifest, spec, AUTOSCALER)
    expander = spec.cluster.addons.cluster_autoscaler.expander
    by_priority = expander == "priority"
    add_arguments(
        manifest.container("Deployment", AUTOSCALER, AUTOSCALER),
        [
            f"--node-group-auto-discovery=asg:tag={PREFIX}/enabled,{PREFIX}/{spec.cluster.name}",
            # The second decides between groups of one priority.
            f"--expander={'priority,least-waste' if by_priority else expander}",
        ],
    )
    if by_priority:
        manifest.add(_priorities(spec))
    assume_role(manifest, spec, "Deployment", AUTOSCALER, AUTOSCALER, AUTOSCALER)
    return manifest.plan()


def _priorities(spec: EnvironmentSpec) -> Body:
    """Return the priorities of all groups: one that is in none of the lists would never grow."""
    groups: dict[int, list[str]] = {}
    for group in spec.instance_groups:
        if group.autoscaled:
            # The autoscaler takes names for patterns, in which a dot stands for any character.
            name = group_resource_name(spec, group).replace(".", r"\.")
            groups.setdefault(group.autoscale_priority, []).append(f"^{name}$")
    priorities = {priority: sorted(groups[priority]) for priority in sorted(groups, reverse=True)}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": PRIORITIES, "namespace": "kube-system"},
        "data": {"priorities": yaml.safe_dump(priorities, sort_keys=False)},
    }


def plan_node_termination_handler(spec: EnvironmentSpec) -> AddonPlan:
    """Return the handler that reads the environment's queue and acts on the cluster's machines alone."""
    manifest = Manifest(TERMINATION_HANDLER, spec)
    on_control_plane(manifest, spec, _HANDLER)
    set_environment(
        manifest.container("Deployment", _HANDLER, _HANDLER),
        {"QUEUE_URL": QUEUE_URL, "MANAGED_TAG": f"kubernetes.io/cluster/{spec.cluster.name}"},
    )
    assume_role(manifest, spec, "Deployment", _HANDLER, _HANDLER, TERMINATION_HANDLER)
    return manifest.plan()
