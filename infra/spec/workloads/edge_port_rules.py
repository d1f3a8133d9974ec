"""What the edge's routes and TCP ports say of a workload that is declared itself: both must be the same."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.workloads.workload import WorkloadSpec


def check_edge_ports(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield what routes and TCP ports of the edge have other than the workload whose Service they name.

    A Service that no workload declares may be anybody's, and is not judged.
    """
    declared = {(each.namespace, each.name): each for each in spec.declared_workloads}
    if spec.edge is None:
        return
    for index, route in enumerate(spec.edge.routes):
        workload = declared.get((route.namespace, route.service))
        if workload is not None and not route.ingress:  # then the namespace's own Ingress objects say which port
            at = ("edge", "routes", index)
            yield from _judge(workload, at, "port", route.port, route.target_port)
    for index, tcp in enumerate(spec.edge.tcp_ports):
        workload = declared.get((tcp.namespace, tcp.service))
        if workload is not None:
            at = ("edge", "tcpPorts", index)
            port = tcp.service_port or tcp.port
            yield from _judge(workload, at, "servicePort" if tcp.service_port else "port", port, tcp.target_port)


def _judge(workload: WorkloadSpec, at: Location, key: str, port: int, target: int | None) -> Iterator[Problem]:
    open_ports = (each for each in workload.ports if each.protocol == "TCP" and not each.members_only)
    of_service = {each.service_port or each.port: each.port for each in open_ports}
    if port not in of_service:
        known = ", ".join(map(str, sorted(of_service)))
        fix = f"write one of {known}" if known else f"give {workload.name} ports in apps/{workload.name}.yaml"
        problem = f"is no port of the Service {workload.name}, which a workload declares"
        yield Problem((*at, key), problem, fix, str(port))
    elif (target or port) != of_service[port]:
        yield Problem(
            (*at, "targetPort"),
            f"is not the port behind {port} of {workload.name}: the network policy would let nothing through",
            f"write targetPort: {of_service[port]}",
            str(target or port),
        )
