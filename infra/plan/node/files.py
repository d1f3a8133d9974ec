"""The files that a group's machines are given."""

from __future__ import annotations

from dataclasses import dataclass

from infra.plan.node.assets import asset, filled
from infra.plan.node.kubelet import kubelet_document
from infra.plan.node.log_files import LOGROTATE_GLOBS, LOGROTATE_MAX_SIZE, LOGROTATE_ROTATE
from infra.plan.node.registration import node_labels
from infra.plan.node.volumes import volumes_document
from infra.spec import EnvironmentSpec, InstanceGroupSpec

KUBERNETES_RELEASES = "https://dl.k8s.io/release"
"""Where the Kubernetes project publishes binaries and their digests (its documentation, "Download Kubernetes")."""

SANDBOX_IMAGE = "registry.k8s.io/pause:3.10.2"
"""The pause image of Kubernetes 1.37 (``PauseVersion`` in kubeadm's constants)."""

_LIBRARY = "/usr/local/lib/slipway"
_UNITS = "/etc/systemd/system"


@dataclass(frozen=True)
class NodeFile:
    """A file written on the machine, owned by root."""

    path: str
    content: str
    executable: bool = False


def node_files(spec: EnvironmentSpec, group: InstanceGroupSpec) -> tuple[NodeFile, ...]:
    """Return the files of the group's machines in the order in which they are written."""
    return (*_host_files(), *_containerd_files(), *_kubelet_files(spec, group), *_volume_files(group))


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
        NodeFile(f"{_UNITS}/logrotate.timer.d/slipway.conf", asset("logrotate.timer.conf")),
        NodeFile(f"{_UNITS}/logrotate.service.d/slipway.conf", asset("logrotate.service.conf")),
    )


def _containerd_files() -> tuple[NodeFile, ...]:
    return (NodeFile("/etc/containerd/config.toml", filled("containerd.toml", sandbox_image=SANDBOX_IMAGE)),)


def _kubelet_files(spec: EnvironmentSpec, group: InstanceGroupSpec) -> tuple[NodeFile, ...]:
    return (
        NodeFile("/etc/slipway/node.env", _environment(spec, group)),
        NodeFile("/etc/kubernetes/kubelet.yaml", kubelet_document(spec, group)),
        _program("install-kubelet.sh"),
        _program("machine_config.py"),
        *(_unit(name) for name in ("slipway-kubelet-install.service", "slipway-machine.service")),
        *(_unit(name) for name in ("kubelet.path", "kubelet.service")),
    )


def _volume_files(group: InstanceGroupSpec) -> tuple[NodeFile, ...]:
    if not group.volumes:
        return ()
    return (
        NodeFile("/etc/slipway/volumes", volumes_document(group)),
        _program("mount-volumes.sh"),
        _unit("slipway-volumes.service"),
        NodeFile(f"{_UNITS}/containerd.service.d/slipway.conf", asset("needs-volumes.conf")),
        NodeFile(f"{_UNITS}/kubelet.service.d/slipway.conf", asset("needs-volumes.conf")),
    )


def _program(name: str) -> NodeFile:
    return NodeFile(f"{_LIBRARY}/{name}", asset(name), executable=True)


def _unit(name: str) -> NodeFile:
    return NodeFile(f"{_UNITS}/{name}", asset(name))


def _environment(spec: EnvironmentSpec, group: InstanceGroupSpec) -> str:
    labels = ",".join(f"{key}={value}" for key, value in node_labels(group).items())
    values = {
        "KUBELET_VERSION": f"v{spec.cluster.kubernetes_version}",
        "KUBELET_ARCH": group.architecture,
        "KUBELET_RELEASES": KUBERNETES_RELEASES,
        "NODE_LABELS": labels,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())
