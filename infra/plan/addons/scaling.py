"""What changes the number of machines, or answers to it: cluster-autoscaler and node termination handler."""

from __future__ import annotations

from infra.plan.addons.identity import assume_role
from infra.plan.addons.objects import AddonPlan, Later, Manifest, add_arguments, set_environment
from infra.plan.addons.placement import on_control_plane
from infra.plan.autoscaler_tags import PREFIX
from infra.spec import EnvironmentSpec

AUTOSCALER = "cluster-autoscaler"
TERMINATION_HANDLER = "node-termination-handler"
_HANDLER = "aws-node-termination-handler"

QUEUE_URL = Later("terminationQueueUrl")


def plan_cluster_autoscaler(spec: EnvironmentSpec) -> AddonPlan:
    """Return the autoscaler of the groups that have the cluster's tags."""
    manifest = Manifest(AUTOSCALER, spec)
    on_control_plane(manifest, spec, AUTOSCALER)
    add_arguments(
        manifest.container("Deployment", AUTOSCALER, AUTOSCALER),
        [
            f"--node-group-auto-discovery=asg:tag={PREFIX}/enabled,{PREFIX}/{spec.cluster.name}",
            f"--expander={spec.cluster.addons.cluster_autoscaler.expander}",
        ],
    )
    assume_role(manifest, spec, "Deployment", AUTOSCALER, AUTOSCALER, AUTOSCALER)
    return manifest.plan()


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
