"""Workloads that ask to be reached from outside become routes of the edge, beside those that its spec lists."""

from __future__ import annotations

from infra.plan.workloads.objects import selector
from infra.spec import EnvironmentSpec, Problem, SpecError
from infra.spec.edge import EdgeRouteSpec, EdgeSpec
from infra.spec.edge_rules import check_edge
from infra.spec.errors import Location
from infra.spec.workloads.workload import WorkloadSpec


def with_exposed(spec: EnvironmentSpec, edge: EdgeSpec) -> EdgeSpec:
    """Return the edge with a route for each workload that its file exposes.

    Raises:
        SpecError: such a route takes another's host, or no rule of the firewall lets anyone to it.
    """
    exposed = [workload for workload in spec.declared_workloads if workload.expose is not None]
    if not exposed:
        return edge
    whole = edge.model_copy(update={"routes": (*edge.routes, *(_route(spec, workload) for workload in exposed))})
    found = check_edge(spec.model_copy(update={"edge": whole}))
    problems = [_placed(problem, len(edge.routes), exposed) for problem in found]
    if problems:
        raise SpecError(f"environment {spec.name}", problems)
    return whole


def _route(spec: EnvironmentSpec, workload: WorkloadSpec) -> EdgeRouteSpec:
    port, expose = workload.ports[0], workload.expose
    assert expose is not None  # noqa: S101 (for the type checker)
    written = {
        "name": f"app-{workload.name}"[:40].rstrip("-"),
        "hosts": [expose.host],
        "path": expose.path,
        "namespace": workload.namespace,
        "service": workload.name,
        "port": port.service_port or port.port,
        "targetPort": port.port,
        "podLabels": selector(spec, workload.name),
    }
    return EdgeRouteSpec.model_validate(written, strict=False)


def _placed(problem: Problem, listed: int, exposed: list[WorkloadSpec]) -> Problem:
    """Say of a problem with a workload's route which workload it is."""
    location: Location = problem.location
    if location[:2] != ("edge", "routes") or len(location) < 3 or not isinstance(location[2], int):
        return problem
    if location[2] < listed:
        return problem
    workload = exposed[location[2] - listed]
    key = {"hosts": "host", "path": "path"}.get(str(location[3]) if len(location) > 3 else "", "")
    where: Location = ("expose", key) if key else ("expose",)
    return Problem(where, problem.problem, problem.fix, problem.value, problem.related, f"apps/{workload.name}.yaml")
