"""The Service in front of a workload: it has ports, and settings of its own type alone."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.errors import Problem
from infra.spec.workloads.balancer_rules import check_balancer
from infra.spec.workloads.kind_rules import serves
from infra.spec.workloads.workload import WorkloadSpec


def check_service(workload: WorkloadSpec) -> Iterator[Problem]:
    """Yield what is wrong with the Service in front of the workload, and settings of another type of it."""
    service = workload.service
    if not serves(workload):
        return
    if service.type != "clusterIP" and not workload.open_ports:
        needs = "needs ports that callers may reach" if workload.ports else "needs ports"
        yield Problem(("service", "type"), needs, "add ports", repr(service.type), (("ports",),))
    if service.node_port is not None and service.type != "nodePort":
        yield Problem(
            ("service", "nodePort"), "is for type nodePort", "remove it", str(service.node_port), (("service",),)
        )
    if service.node_port is not None and len(workload.open_ports) > 1:
        yield Problem(("service", "nodePort"), "is one number for several ports", "remove it", str(service.node_port))
    yield from _check_idle(workload)
    yield from check_balancer(("service",), service, [port.protocol for port in workload.open_ports])


def _check_idle(workload: WorkloadSpec) -> Iterator[Problem]:
    service = workload.service
    if service.type != "loadBalancer" and "load_balancer" in service.model_fields_set:
        fix = "remove it, or write type: loadBalancer"
        yield Problem(("service", "loadBalancer"), "is for type loadBalancer", fix, None, (("service", "type"),))
    if service.session_affinity != "None" and service.type == "loadBalancer":
        yield Problem(
            ("service", "sessionAffinity"),
            "is for callers in the cluster, and the controller makes no load balancer of a Service that has it",
            "remove it",
            repr(service.session_affinity),
            (("service", "type"),),
        )
    if service.type != "headless":
        return
    leads = "a headless Service leads callers straight to the pods"
    if service.traffic_distribution != "Everywhere":
        yield Problem(
            ("service", "trafficDistribution"),
            f"does nothing: {leads}",
            "remove it",
            repr(service.traffic_distribution),
            (("service", "type"),),
        )
    if service.session_affinity != "None":
        yield Problem(
            ("service", "sessionAffinity"),
            f"does nothing: {leads}",
            "remove it",
            repr(service.session_affinity),
            (("service", "type"),),
        )
    for index, port in enumerate(workload.ports):
        if port.service_port not in (None, port.port):
            yield Problem(
                ("ports", index, "servicePort"),
                f"is answered by nothing: {leads}, which listen on {port.port}",
                "remove it",
                str(port.service_port),
                (("service", "type"),),
            )
