"""What tells of machines and pods: metrics-server and node-problem-detector."""

from __future__ import annotations

from infra.plan.addons.objects import AddonPlan, Manifest
from infra.plan.addons.placement import on_control_plane, on_every_machine
from infra.spec import EnvironmentSpec


def plan_metrics_server(spec: EnvironmentSpec) -> AddonPlan:
    """Return metrics-server on the control plane: kubelets answer no other machines (``infra.plan.security``).

    It listens on the kubelets' port, on addresses of its own, which is open between members with either pod network.
    """
    manifest = Manifest("metrics-server", spec)
    on_control_plane(manifest, spec, "metrics-server")
    return manifest.plan()


def plan_node_problem_detector(spec: EnvironmentSpec) -> AddonPlan:
    """Return node-problem-detector on every machine."""
    manifest = Manifest("node-problem-detector", spec)
    on_every_machine(manifest, "node-problem-detector")
    return manifest.plan()
