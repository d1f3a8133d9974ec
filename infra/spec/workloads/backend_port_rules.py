"""Ports of backends: each number once, none translated where nothing translates, and each answered by its workload."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.workloads.backend import BackendPortSpec, BackendSpec
from infra.spec.workloads.workload import WorkloadSpec

_UNTRANSLATED = {
    "externalName": "is a DNS name alone, which changes no port",
    "otherNamespace": "is a DNS name alone, which changes no port",
    "headless": "leads callers straight to the pods, which changes no port",
}


def check_port_list(at: Location, backend: BackendSpec) -> Iterator[Problem]:
    """Yield what is wrong with the ports of the backend at ``at``, whatever answers them."""
    names: set[str] = set()
    numbers: set[tuple[int, str]] = set()
    for index, port in enumerate(backend.ports):
        place: Location = (*at, "ports", index)
        if port.name in names:
            yield Problem((*place, "name"), "is declared twice", "rename one", repr(port.name))
        if (port.port, port.protocol) in numbers:
            yield Problem((*place, "port"), "is declared twice", "remove one, or choose another", str(port.port))
        names.add(port.name)
        numbers.add((port.port, port.protocol))
        if port.target_port not in (None, port.port) and backend.type in _UNTRANSLATED:
            yield Problem(
                (*place, "targetPort"),
                f"differs from port, and type {backend.type} {_UNTRANSLATED[backend.type]}",
                "remove it and let callers use the number that is answered",
                str(port.target_port),
                ((*at, "type"),),
            )


def check_backend_ports(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield each port of a backend that the declared workload behind it does not answer."""
    declared = {each.name: each for each in spec.declared_workloads}
    for index, backend in enumerate(spec.backends):
        workload = declared.get(backend.workload or "")
        if workload is None:
            continue
        at: Location = ("backends", index)
        if not workload.open_ports:
            yield Problem(
                (*at, "workload"),
                "has no ports that callers may reach, so nothing answers there",
                f"add ports in apps/{workload.name}.yaml, or name another workload",
                repr(workload.name),
            )
            continue
        for position, port in enumerate(backend.ports):
            yield from _judge((*at, "ports", position), backend, port, workload)


def _judge(at: Location, backend: BackendSpec, port: BackendPortSpec, workload: WorkloadSpec) -> Iterator[Problem]:
    same = [each for each in workload.open_ports if each.protocol == port.protocol]
    of_pods = {each.port for each in same}
    of_service = {each.service_port or each.port: each.port for each in same}
    through_service = backend.type == "otherNamespace" and workload.service.type != "headless"
    answered = set(of_service) if through_service else of_pods
    number = port.target_port or port.port
    if number in answered:
        return
    key = "port" if port.target_port is None else "targetPort"
    known = ", ".join(map(str, sorted(answered)))
    fix = f"write one of {known}" if answered else f"add a {port.protocol} port in apps/{workload.name}.yaml"
    if key == "port" and backend.type not in _UNTRANSLATED and answered:
        likely = of_service.get(number) if number in of_service else min(answered) if len(answered) == 1 else None
        fix = f"add targetPort: {likely}" if likely else f"add targetPort, one of {known}"
    what = f"the Service {workload.name}" if through_service else f"the pods of {workload.name}"
    yield Problem((*at, key), f"is no {port.protocol} port of {what} that callers may reach", fix, str(number))


def check_names_of_pods(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield names that the headless Service of a StatefulSet's pods has already (``<name>-pods``)."""
    sets = {f"{each.name}-pods": each for each in spec.declared_workloads if each.kind == "StatefulSet"}
    taken = [
        *((("workloads", i, "name"), each.name, None) for i, each in enumerate(spec.workloads)),
        *((("backends", i, "name"), each.name, each.namespace) for i, each in enumerate(spec.backends)),
    ]
    for at, name, namespace in taken:
        owner = sets.get(name)
        if owner is not None and namespace in (None, owner.namespace):
            yield Problem(
                at, f"is the name of the Service that the pods of {owner.name} have their names from", "rename one",
                repr(name),
            )  # fmt: skip
