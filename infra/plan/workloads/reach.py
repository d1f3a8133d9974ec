"""Who reaches a workload: by its file, by the edge, and by Services that lead in from outside the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from infra.plan.workloads.policies import callers_of, services_of
from infra.spec import EnvironmentSpec
from infra.spec.workloads.workload import WorkloadSpec


def reached_by(spec: EnvironmentSpec, workload: WorkloadSpec) -> tuple[str, ...]:
    """Return who opens connections to the workload, the widest first; nothing where nobody does."""
    at_edge = list(_at_edge(spec, workload))
    # A route to a Service of another name, such as a backend's, may lead to its pods all the same.
    router = () if at_edge else ("edge (no route names it)",)
    callers = [who for name in callers_of(spec, workload) for who in (router if name == "edge" else (name,))]
    return tuple(dict.fromkeys([*at_edge, *_outside_services(spec, workload), *callers]))


def _at_edge(spec: EnvironmentSpec, workload: WorkloadSpec) -> Iterator[str]:
    """Yield the hosts and ports of the edge that lead to the workload, by its own file or by the stack file."""
    if workload.expose is not None:
        yield from (f"https://{host}{workload.expose.path}" for host in workload.expose.hosts)
    place = (workload.namespace, workload.name)
    for route in spec.edge.routes if spec.edge else ():
        if (route.namespace, route.service) == place:
            yield from (f"https://{host}{route.path}" for host in route.hosts)
    for tcp in spec.edge.tcp_ports if spec.edge else ():
        if (tcp.namespace, tcp.service) == place:
            yield f"TCP port {tcp.port} of the edge"


def _outside_services(spec: EnvironmentSpec, workload: WorkloadSpec) -> Iterator[str]:
    """Yield the ways that lead past ``from``: ports of nodes and load balancers, of its Service and of backends."""
    if not workload.open_ports:
        return
    for kind, balancer in services_of(spec, workload):
        if kind == "nodePort":
            yield f"{spec.network.cidr} at a port of every node"
        elif kind == "loadBalancer":
            sources = balancer.source_ranges or (spec.network.cidr,)
            yield f"{', '.join(sources)} at a load balancer ({balancer.scheme})"
