"""Where the control plane of a rehearsed environment keeps its files, and what it was asked to be."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rehearsal.processes import Daemon

LOOPBACK: Final = "127.0.0.1"
PORT_NAMES: Final = (
    "etcd-client",
    "etcd-peer",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
)


@dataclass(frozen=True)
class Layout:
    """The files under an environment's folder `root`."""

    root: Path

    @property
    def folder(self) -> Path:
        """What belongs to the control plane alone."""
        return self.root / "controlplane"

    @property
    def pki(self) -> Path:
        """Keys and certificates: a member's `/etc/kubernetes/pki`."""
        return self.folder / "pki"

    @property
    def config(self) -> Path:
        """Documents that the components read: a member's `/etc/kubernetes/config`."""
        return self.folder / "config"

    @property
    def provider_socket(self) -> Path:
        """Where the member's provider of KMS listens. Paths of sockets are short (unix(7): 107 bytes), so it lies
        elsewhere, below a name that is made of this folder's."""
        name = hashlib.sha256(str(self.root).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"slipway-kms-{name}" / "provider.sock"

    @property
    def kubeconfigs(self) -> Path:
        """Kubeconfigs of the components: a member's `/etc/kubernetes`."""
        return self.folder / "kubeconfigs"

    @property
    def manifests(self) -> Path:
        """Static pods as kubeadm writes them."""
        return self.folder / "manifests"

    @property
    def kubeadm_config(self) -> Path:
        """The member's kubeadm configuration, with this machine's paths and names."""
        return self.folder / "kubeadm.yaml"

    @property
    def prepared(self) -> Path:
        """What the files above were made from, and the flags that came of it."""
        return self.folder / "prepared.json"

    @property
    def ports(self) -> Path:
        """The table of ports, kept so that a restart keeps them."""
        return self.folder / "ports.json"

    @property
    def audit_log(self) -> Path:
        """What the API server was asked."""
        return self.root / "logs" / "kube-apiserver-audit.log"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.root / "kubeconfig"

    def etcd_data(self, volume: str) -> Path:
        """Return the data of etcd on a volume: a cluster made anew has another volume, and begins with none."""
        return self.folder / f"etcd-{volume}"

    def log(self, component: str) -> Path:
        """Return what a component wrote."""
        return self.root / "logs" / f"{component}.log"

    def pid(self, component: str) -> Path:
        """Return a component's pid file."""
        return self.root / "run" / f"{component}.pid"

    def daemon(self, component: str) -> Daemon:
        """Return a component's process, whether it runs or not."""
        return Daemon(component, self.pid(component), self.log(component))


@dataclass(frozen=True)
class Settings:
    """What distinguishes one control plane from another on this machine.

    `ports` has one port for each of `PORT_NAMES`.
    """

    cluster_name: str
    ports: Mapping[str, int]

    @property
    def server(self) -> str:
        """The URL of the API."""
        return f"https://{LOOPBACK}:{self.ports['kube-apiserver']}"
