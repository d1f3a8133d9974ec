"""Workloads that ask to be reached from outside become routes of the edge, beside those that its spec lists."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from infra.spec.edge import EdgeRouteSpec, EdgeSpec
from infra.spec.edge_route_rules import same_path
from infra.spec.edge_rules import check_edge
from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.workloads.parts import PortSpec
from infra.spec.workloads.workload import WorkloadSpec

_LONGEST = 40
"""Characters of a route's name (``EdgeRouteSpec.name``)."""


def exposed_workloads(spec: EnvironmentSpec) -> tuple[WorkloadSpec, ...]:
    """Return the declared workloads whose files expose them and that have a port for it."""
    return tuple(each for each in spec.declared_workloads if each.expose is not None and _tcp_ports(each))


def _tcp_ports(workload: WorkloadSpec) -> list[PortSpec]:
    return [each for each in workload.open_ports if each.protocol == "TCP"]


def route_of(workload: WorkloadSpec) -> EdgeRouteSpec:
    """Return the route to an exposed workload, but for the labels of its pods."""
    port = _tcp_ports(workload)[0]
    expose = workload.expose
    assert expose is not None  # noqa: S101 (for the type checker)
    written = {
        "name": _route_name(workload.name),
        "hosts": list(expose.hosts),
        "path": expose.path,
        "namespace": workload.namespace,
        "service": workload.name,
        "port": port.service_port or port.port,
        "targetPort": port.port,
    }
    return EdgeRouteSpec.model_validate(written, strict=False)


def check_exposed(spec: EnvironmentSpec) -> list[Problem]:
    """Return where an exposed workload takes another's paths, or no rule of the firewall lets anyone to it."""
    edge, exposed = spec.edge, exposed_workloads(spec)
    if edge is None or not exposed:
        return []
    whole = edge.model_copy(update={"routes": (*edge.routes, *map(route_of, exposed))})
    found = check_edge(spec.model_copy(update={"edge": whole}))
    taken = _taken_hosts(edge, exposed)
    places = {(problem.file, problem.location) for problem in taken}
    others = (_placed(problem, len(edge.routes), exposed) for problem in found)
    return [*taken, *(problem for problem in others if (problem.file, problem.location) not in places)]


def _route_name(workload: str) -> str:
    """Return the route's name, within 40 characters, another one for each workload."""
    if len(workload) <= _LONGEST - len("app-"):
        return f"app-{workload}"
    digest = hashlib.sha256(workload.encode()).hexdigest()[:6]
    return f"app-{workload[: _LONGEST - len('app--') - len(digest)].rstrip('-')}-{digest}"


@dataclass(frozen=True)
class _Taken:
    """Paths of a host that something answers."""

    host: str
    path: str
    owner: str
    ingress: bool = False
    """Whether Ingress objects have the host, with all its paths."""

    def meets(self, other: _Taken) -> bool:
        return self.host == other.host and (self.ingress or same_path(self.path, other.path))


def _taken_hosts(edge: EdgeSpec, exposed: Sequence[WorkloadSpec]) -> list[Problem]:
    """Return each host whose paths a route of the stack file, or a workload before, answers already."""
    taken = [
        _Taken(host, route.path, f"edge.routes[{index}] ({route.name})", route.ingress)
        for index, route in enumerate(edge.routes)
        for host in route.hosts
    ]
    problems = []
    for workload in exposed:
        expose = workload.expose
        assert expose is not None  # noqa: S101 (for the type checker)
        asked = [_Taken(host, expose.path, f"apps/{workload.name}.yaml") for host in expose.hosts]
        for position, own in enumerate(asked):
            before = next((each for each in taken if each.meets(own)), None)
            if before is not None:
                problems.append(_refused(_place(position), own, before))
        # One that is listed twice is told by the rules of the edge, as of any route.
        taken += asked
    return problems


def _place(position: int) -> Location:
    """Return where a file names a host of its route."""
    return ("expose", "furtherHosts", position - 1) if position else ("expose", "host")


def _refused(at: Location, own: _Taken, before: _Taken) -> Problem:
    if before.ingress:
        what, fix = f"is given to Ingress objects by {before.owner} already", "choose another host"
    else:
        which = "" if same_path(own.path, "/") else f", for paths under {own.path}"
        what, fix = f"is answered by {before.owner} already{which}", "choose another host, or a path of its own"
    return Problem(at, what, fix, repr(own.host), (), own.owner)


def _placed(problem: Problem, listed: int, exposed: Sequence[WorkloadSpec]) -> Problem:
    """Say of a problem with a workload's route which workload it is."""
    location: Location = problem.location
    if location[:2] != ("edge", "routes") or len(location) < 3 or not isinstance(location[2], int):
        return problem
    if location[2] < listed:
        return problem
    workload = exposed[location[2] - listed]
    return Problem(
        _in_file(location[3:]),
        problem.problem,
        problem.fix,
        problem.value,
        problem.related,
        f"apps/{workload.name}.yaml",
    )


def _in_file(of_route: Location) -> Location:
    """Return where a workload's file has what a location within its route names."""
    match of_route:
        case ("hosts", int(position), *_):
            return _place(position)
        case ("path", *_):
            return ("expose", "path")
        case _:
            return ("expose",)
