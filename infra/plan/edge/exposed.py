"""The routes of exposed workloads, with what tells their pods."""

from __future__ import annotations

from infra.plan.workloads.objects import selector
from infra.spec import EnvironmentSpec
from infra.spec.edge import EdgeSpec
from infra.spec.workloads.exposed import exposed_workloads, route_of


def with_exposed(spec: EnvironmentSpec, edge: EdgeSpec) -> EdgeSpec:
    """Return the edge with a route for each workload that its file exposes."""
    routes = (
        route_of(workload).model_copy(update={"pod_labels": selector(spec, workload.name)})
        for workload in exposed_workloads(spec)
    )
    return edge.model_copy(update={"routes": (*edge.routes, *routes)})
