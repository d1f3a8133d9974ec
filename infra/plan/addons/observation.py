"""What tells of machines and pods: metrics-server and node-problem-detector."""

from __future__ import annotations

from infra.plan.addons.objects import AddonPlan, Manifest
from infra.plan.addons.placement import on_every_machine
from infra.spec import EnvironmentSpec


def plan_metrics_server(spec: EnvironmentSpec) -> AddonPlan:
    """Return metrics-server, which is the same in every environment."""
    return Manifest("metrics-server", spec).plan()


def plan_node_problem_detector(spec: EnvironmentSpec) -> AddonPlan:
    """Return node-problem-detector on every machine."""
    manifest = Manifest("node-problem-detector", spec)
    on_every_machine(manifest, "node-problem-detector")
    return manifest.plan()
