"""The EBS CSI driver."""

from __future__ import annotations

from collections.abc import Mapping

from infra.plan.addons.identity import assume_role
from infra.plan.addons.objects import AddonPlan, Manifest, add_arguments
from infra.plan.addons.placement import on_control_plane, on_every_machine
from infra.spec import EnvironmentSpec

ADDON = "ebs-csi"
_CONTROLLER = "ebs-csi-controller"


def plan_ebs_csi(spec: EnvironmentSpec) -> AddonPlan:
    """Return the driver, whose volumes carry the cluster's and the environment's tags."""
    manifest = Manifest(ADDON, spec)
    on_control_plane(manifest, spec, _CONTROLLER)
    on_every_machine(manifest, "ebs-csi-node")
    tags = {**spec.tags, "slipway/environment": spec.name}
    add_arguments(
        manifest.container("Deployment", _CONTROLLER, "ebs-plugin"),
        # The first has the driver set KubernetesCluster and kubernetes.io/cluster/<name>, by which its role may use a
        # volume at all.
        [f"--k8s-tag-cluster-id={spec.cluster.name}", f"--extra-tags={_pairs(tags)}"],
    )
    assume_role(manifest, spec, "Deployment", _CONTROLLER, "ebs-plugin", ADDON)
    if not spec.cluster.addons.ebs_csi.default_storage_class:
        manifest.drop("StorageClass", "gp3")
    return manifest.plan()


def _pairs(tags: Mapping[str, str]) -> str:
    """Return ``key=value,...`` as the driver's flag takes it.

    Keys end at the first ``=`` there, so a tag whose key has one is left out. Commas are in no tag that the spec takes.
    """
    return ",".join(f"{key}={value}" for key, value in sorted(tags.items()) if "=" not in key)
