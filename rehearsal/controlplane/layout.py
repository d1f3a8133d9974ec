"""Where the control plane of a rehearsed environment keeps its files, and what it was asked to be."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
PORT_NAMES: Final = (
    "etcd-client",
    "etcd-peer",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
)
# kops gives services the first 1/8 of its default non-masquerade block 100.64.0.0/10 (kops
# upup/pkg/fi/cloudup/defaults.go, `assignProxy` and serviceClusterIPRange).
DEFAULT_SERVICE_RANGE: Final = "100.64.0.0/13"


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
        """Keys and certificates."""
        return self.folder / "pki"

    @property
    def config(self) -> Path:
        """Documents that the components read: kubeconfigs, audit policy, encryption configuration."""
        return self.folder / "config"

    @property
    def etcd_data(self) -> Path:
        """The data of etcd."""
        return self.folder / "etcd"

    @property
    def ports(self) -> Path:
        """The table of ports, kept so that a restart keeps them."""
        return self.folder / "ports.json"

    @property
    def audit_log(self) -> Path:
        """What the API server was asked, without bodies."""
        return self.root / "logs" / "kube-apiserver-audit.log"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.root / "kubeconfig"

    def certificate(self, name: str) -> Path:
        """Return the certificate called `name`."""
        return self.pki / f"{name}.crt"

    def key(self, name: str) -> Path:
        """Return the private key called `name`."""
        return self.pki / f"{name}.key"

    def component_kubeconfig(self, name: str) -> Path:
        """Return the kubeconfig of a component."""
        return self.config / f"{name}.kubeconfig"

    def log(self, component: str) -> Path:
        """Return what a component wrote."""
        return self.root / "logs" / f"{component}.log"

    def pid(self, component: str) -> Path:
        """Return a component's pid file."""
        return self.root / "run" / f"{component}.pid"


@dataclass(frozen=True)
class Settings:
    """What distinguishes one control plane from another.

    `ports` has one port for each of `PORT_NAMES`.
    """

    cluster_name: str
    service_range: str
    ports: Mapping[str, int]

    @property
    def server(self) -> str:
        """The URL of the API."""
        return f"https://{LOOPBACK}:{self.ports['kube-apiserver']}"

    @property
    def issuer(self) -> str:
        """The issuer of service-account tokens, named as kops names it when it publishes none."""
        return f"https://api.internal.{self.cluster_name}"

    @property
    def api_service_address(self) -> str:
        """The address of the service `kubernetes`, the first of the range.

        Raises ValueError when the range is not one.
        """
        return str(ipaddress.ip_network(self.service_range)[1])
