"""The AWS cloud controller manager: labels and addresses of Nodes, the end of Nodes whose machine is gone, Services."""

from __future__ import annotations

from infra.plan.addons.identity import assume_role
from infra.plan.addons.objects import AddonPlan, Manifest, add_arguments
from infra.plan.addons.placement import on_every_control_plane_machine, reach_the_api_directly
from infra.spec import EnvironmentSpec

ADDON = "cloud-controller-manager"
_NAME = "aws-cloud-controller-manager"


def plan_cloud_controller_manager(spec: EnvironmentSpec) -> AddonPlan:
    """Return the manager for the cluster's tag."""
    manifest = Manifest(ADDON, spec)
    on_every_control_plane_machine(manifest, _NAME)
    reach_the_api_directly(manifest, "DaemonSet", _NAME)
    add_arguments(manifest.container("DaemonSet", _NAME, _NAME), [f"--cluster-name={spec.cluster.name}"])
    assume_role(manifest, spec, "DaemonSet", _NAME, _NAME, ADDON)
    return manifest.plan()
