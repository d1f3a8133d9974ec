"""The control plane of a rehearsed environment: real etcd, kube-apiserver, kube-controller-manager,
kube-scheduler.

They run as ordinary processes on loopback, started and stopped by `start` and `stop`; no node belongs to
them.
"""

from __future__ import annotations

from rehearsal.controlplane.kubeadm import COMPONENTS
from rehearsal.controlplane.lifecycle import (
    TOOLS,
    ComponentStatus,
    ControlPlane,
    ControlPlaneError,
    api_port,
    start,
    start_member,
    status,
    stop,
)

__all__ = [
    "COMPONENTS",
    "TOOLS",
    "ComponentStatus",
    "ControlPlane",
    "ControlPlaneError",
    "api_port",
    "start",
    "start_member",
    "status",
    "stop",
]
