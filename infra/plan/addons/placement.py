"""Where the pods of add-ons run, and how they reach the API where Services are not there yet."""

from __future__ import annotations

from infra.plan.addons.objects import Later, Manifest, set_environment
from infra.plan.node.registration import ROLE_LABEL, ROLE_TAINTS
from infra.plan.security import API_PORT
from infra.spec import EnvironmentSpec

API_HOST = Later("apiHost")
"""Name of the API's load balancer inside the VPC."""

MOST_REPLICAS = 2
"""Pods of a controller of which one acts (leader election) or whose work any of them can do: one to lose."""

_LINUX = {"kubernetes.io/os": "linux"}
_CONTROL_PLANE_TAINT = ROLE_TAINTS["ControlPlane"]
_TOLERATED = (
    {"key": _CONTROL_PLANE_TAINT.key, "operator": "Exists", "effect": _CONTROL_PLANE_TAINT.effect},
    # Set by every kubelet of an external cloud provider, taken off by the cloud controller manager.
    {"key": "node.cloudprovider.kubernetes.io/uninitialized", "operator": "Exists", "effect": "NoSchedule"},
    # The node is not ready before the pod network runs on it.
    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoSchedule"},
)


def control_plane_members(spec: EnvironmentSpec) -> int:
    """Return the number of control-plane machines: one in each group of the role."""
    return sum(group.role == "ControlPlane" for group in spec.instance_groups)


def on_control_plane(manifest: Manifest, spec: EnvironmentSpec, name: str, *, early: bool = False) -> None:
    """Put a Deployment on the control plane, whose machines no autoscaler removes and no Spot market takes.

    ``early`` is for what the cluster needs to get as far as ready nodes. The label is one that kubelets give
    themselves: it says where the pods want to be and proves nothing (see ``infra.plan.node.registration``).
    """
    deployment = manifest.get("Deployment", name)
    pod = manifest.pod("Deployment", name)
    deployment["spec"]["replicas"] = min(MOST_REPLICAS, control_plane_members(spec))
    pod["nodeSelector"] = {**_LINUX, ROLE_LABEL: "ControlPlane"}
    pod["tolerations"] = [dict(each) for each in (_TOLERATED if early else _TOLERATED[:1])]
    pod["topologySpreadConstraints"] = [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(deployment["spec"]["selector"]["matchLabels"])},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def on_every_control_plane_machine(manifest: Manifest, name: str) -> None:
    """Let a DaemonSet run on each control-plane machine from the first moment."""
    pod = manifest.pod("DaemonSet", name)
    pod["nodeSelector"] = {**_LINUX, ROLE_LABEL: "ControlPlane"}
    pod["tolerations"] = [dict(each) for each in _TOLERATED]


def on_every_machine(manifest: Manifest, name: str) -> None:
    """Let a DaemonSet run on every machine of every group, whatever taints its group has, and stay through a drain."""
    pod = manifest.pod("DaemonSet", name)
    pod["nodeSelector"] = dict(_LINUX)
    pod["tolerations"] = [{"operator": "Exists"}]


def reach_the_api_directly(manifest: Manifest, kind: str, name: str) -> None:
    """Send a workload's containers to the API's own address.

    The address in every pod's environment is that of the Service ``kubernetes``, which works once the pod network or
    kube-proxy does, which need the API first.
    """
    for container in manifest.containers(kind, name):
        set_environment(container, {"KUBERNETES_SERVICE_HOST": API_HOST, "KUBERNETES_SERVICE_PORT": str(API_PORT)})
