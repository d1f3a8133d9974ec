"""The files that a group's machines are given in their user-data."""

from __future__ import annotations

from infra.plan.node.assets import LIBRARY, UNITS, NodeFile, asset, filled
from infra.plan.node.document import files_digest, files_document
from infra.plan.node.kubelet import kubelet_document
from infra.plan.node.log_files import LOGROTATE_GLOBS, LOGROTATE_MAX_SIZE, LOGROTATE_ROTATE
from infra.plan.node.registration import node_labels
from infra.plan.node.sysctls import sysctl_files
from infra.plan.node.volumes import volumes_document
from infra.plan.state_layout import igconfig_prefix
from infra.spec import EnvironmentSpec, InstanceGroupSpec

KUBERNETES_RELEASES = "https://dl.k8s.io/release"
"""Where the Kubernetes project publishes binaries and their digests (its documentation, "Download Kubernetes")."""

SANDBOX_IMAGE = "registry.k8s.io/pause:3.10.2"
"""The pause image of Kubernetes 1.37 (``PauseVersion`` in kubeadm's constants)."""


def node_files(spec: EnvironmentSpec, group: InstanceGroupSpec) -> tuple[NodeFile, ...]:
    """Return the files of the group's machines in the order in which they are written."""
    own = (*sysctl_files(group), *_volume_files(group), *_pod_network_files(spec))
    return (*_host_files(), *_containerd_files(), *_kubelet_files(spec, group), *own)


def _host_files() -> tuple[NodeFile, ...]:
    logrotate = filled(
        "logrotate.conf",
        max_size=LOGROTATE_MAX_SIZE,
        rotate=str(LOGROTATE_ROTATE),
        globs="\n".join(LOGROTATE_GLOBS),
        include="/etc/logrotate.d",
    )
    return (
        NodeFile("/etc/modules-load.d/slipway.conf", asset("modules.conf")),
        NodeFile("/etc/sysctl.d/90-slipway.conf", asset("sysctl.conf")),
        NodeFile("/etc/systemd/journald.conf.d/slipway.conf", asset("journald.conf")),
        NodeFile("/etc/slipway/logrotate.conf", logrotate),
        NodeFile(f"{UNITS}/logrotate.timer.d/slipway.conf", asset("logrotate.timer.conf")),
        NodeFile(f"{UNITS}/logrotate.service.d/slipway.conf", asset("logrotate.service.conf")),
    )


def _containerd_files() -> tuple[NodeFile, ...]:
    return (NodeFile("/etc/containerd/config.toml", filled("containerd.toml", sandbox_image=SANDBOX_IMAGE)),)


def _kubelet_files(spec: EnvironmentSpec, group: InstanceGroupSpec) -> tuple[NodeFile, ...]:
    return (
        NodeFile("/etc/slipway/node.env", _environment(spec, group)),
        NodeFile("/etc/kubernetes/kubelet.yaml", kubelet_document(spec, group)),
        _program("fetch_config.py"),
        *(_unit(f"slipway-{name}.service") for name in _services(group)),
        *(_unit(name) for name in ("kubelet.path", "kubelet.service")),
    )


def _services(group: InstanceGroupSpec) -> tuple[str, ...]:
    # A member of the control plane signs its own kubelet's certificate, and asks nobody for it.
    return (*(() if group.role == "ControlPlane" else ("join",)), "kubelet-install", "machine")


def _volume_files(group: InstanceGroupSpec) -> tuple[NodeFile, ...]:
    if not group.volumes:
        return ()
    return (
        NodeFile("/etc/slipway/volumes", volumes_document(group)),
        _unit("slipway-volumes.service"),
        NodeFile(f"{UNITS}/containerd.service.d/slipway.conf", asset("needs-volumes.conf")),
        NodeFile(f"{UNITS}/kubelet.service.d/slipway.conf", asset("needs-volumes.conf")),
    )


def _pod_network_files(spec: EnvironmentSpec) -> tuple[NodeFile, ...]:
    if spec.cluster.cni != "amazonVpc":
        return ()
    return (
        NodeFile("/etc/systemd/networkd.conf.d/slipway.conf", asset("networkd.conf")),
        NodeFile("/etc/systemd/network/05-slipway-pods.network", asset("pods.network")),
    )


def _program(name: str) -> NodeFile:
    return NodeFile(f"{LIBRARY}/{name}", asset(name), executable=True)


def _unit(name: str) -> NodeFile:
    return NodeFile(f"{UNITS}/{name}", asset(name))


def _environment(spec: EnvironmentSpec, group: InstanceGroupSpec) -> str:
    labels = ",".join(f"{key}={value}" for key, value in node_labels(group).items())
    values = {
        "KUBELET_VERSION": f"v{spec.cluster.kubernetes_version}",
        "KUBELET_ARCH": group.architecture,
        "KUBELET_RELEASES": KUBERNETES_RELEASES,
        "NODE_LABELS": labels,
        "STATE_BUCKET": spec.state.bucket,
        "STATE_PREFIX": igconfig_prefix(spec, group),
        "STATE_REGION": spec.region,
        "FILES_SHA256": files_digest(files_document(spec, group)),
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())
