"""The EBS CSI driver."""

from __future__ import annotations

from infra.plan.addons.identity import assume_role
from infra.plan.addons.objects import AddonPlan, Manifest, add_arguments
from infra.plan.addons.placement import on_control_plane, on_every_machine
from infra.plan.tags import tag_pairs
from infra.spec import EnvironmentSpec

ADDON = "ebs-csi"
_CONTROLLER = "ebs-csi-controller"
_NODE = "ebs-csi-node"


def plan_ebs_csi(spec: EnvironmentSpec) -> AddonPlan:
    """Return the driver, whose volumes carry the cluster's and the environment's tags."""
    manifest = Manifest(ADDON, spec)
    on_control_plane(manifest, spec, _CONTROLLER)
    on_every_machine(manifest, _NODE)
    add_arguments(
        manifest.container("Deployment", _CONTROLLER, "ebs-plugin"),
        # The first has the driver set KubernetesCluster and kubernetes.io/cluster/<name>, by which its role may use a
        # volume at all.
        [f"--k8s-tag-cluster-id={spec.cluster.name}", f"--extra-tags={tag_pairs(spec)}"],
    )
    add_arguments(
        manifest.container("DaemonSet", _NODE, "ebs-plugin"), [f"--reserved-volume-attachments={_own_volumes(spec)}"]
    )
    assume_role(manifest, spec, "Deployment", _CONTROLLER, "ebs-plugin", ADDON)
    if not spec.cluster.addons.ebs_csi.default_storage_class:
        manifest.drop("StorageClass", "gp3")
    return manifest.plan()


def _own_volumes(spec: EnvironmentSpec) -> int:
    """Return how many of a machine's attachments are its own: its root volume, and as many as any group declares.

    The driver would count them by the instance's metadata, which no pod reaches here, and else takes the root volume
    for all; the scheduler would then place more volumes than a machine takes (``pkg/driver/options.go``: one number for
    all machines). The control plane's etcd volumes are not counted, since pods with volumes do not run there.
    """
    return 1 + max(len(group.volumes) for group in spec.instance_groups)
