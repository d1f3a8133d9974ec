"""Rules between the workloads, backends and namespaces of one environment."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem, format_path, listed_twice
from infra.spec.network_rules import needs_public_subnets
from infra.spec.workloads.autoscaling_rules import check_metrics
from infra.spec.workloads.backend import BackendSpec
from infra.spec.workloads.backend_port_rules import check_port_list
from infra.spec.workloads.balancer_rules import check_balancer, check_target, faces_internet
from infra.spec.workloads.claim_rules import check_claims
from infra.spec.workloads.image_reference import image_parts
from infra.spec.workloads.node_rules import check_node_selector
from infra.spec.workloads.rules import CALLERS
from infra.spec.workloads.workload import WorkloadSpec

_MOST_NAMED = 12
"""Names that a fix lists: more are no help."""
_POD_TYPES = ("clusterIP", "headless", "nodePort", "loadBalancer")
_USES: dict[str, tuple[str, ...]] = {
    "workload": (*_POD_TYPES, "otherNamespace"),
    "host": ("externalName",),
    "addresses": ("addresses",),
    "reachable_in": ("externalName",),
    "node_port": ("nodePort",),
}
_REQUIRED = {
    **dict.fromkeys((*_POD_TYPES, "otherNamespace"), "workload"),
    "externalName": "host",
    "addresses": "addresses",
}


def check_workloads_of(spec: EnvironmentSpec) -> list[Problem]:
    """Return the problems of ``workloads`` and ``backends`` that the stack file alone shows."""
    return [
        *_check_registry(spec),
        *_check_uses(spec),
        *(p for i, b in enumerate(spec.backends) for p in _check_backend(spec, i, b)),
    ]


def _check_registry(spec: EnvironmentSpec) -> Iterator[Problem]:
    if spec.registry is None:
        return
    for key, alias in (("services", "services"), ("pulled_from", "pulledFrom")):
        values: tuple[str, ...] = getattr(spec.registry, key)
        yield from listed_twice(("registry", alias), values)
    for index, account in enumerate(spec.registry.pulled_from):
        if account == spec.account_id:
            fix = "remove it: the account's own roles pull by their own policies"
            yield Problem(
                ("registry", "pulledFrom", index), "is the environment's own account", fix, repr(account),
                (("accountId",),),
            )  # fmt: skip


def _check_uses(spec: EnvironmentSpec) -> Iterator[Problem]:
    names = [use.name for use in spec.workloads]
    for index, use in enumerate(spec.workloads):
        at: Location = ("workloads", index)
        if use.name in names[:index]:
            first: Location = ("workloads", names.index(use.name), "name")
            yield Problem((*at, "name"), "is declared twice", "remove one", repr(use.name), (first,))
        if use.name in CALLERS:
            yield Problem((*at, "name"), "has a meaning of its own in from", "rename the workload", repr(use.name))
        yield from _check_namespace(spec, at, use.namespace)


def _check_namespace(spec: EnvironmentSpec, at: Location, name: str) -> Iterator[Problem]:
    known = [namespace.name for namespace in spec.cluster.namespaces]
    if name not in known:
        yield Problem(
            (*at, "namespace"),
            "is not a namespace of the environment",
            f"write one of {', '.join(known)}" if known else "declare it under cluster.namespaces",
            repr(name),
            (("cluster", "namespaces"),),
        )


def _check_backend(spec: EnvironmentSpec, index: int, backend: BackendSpec) -> Iterator[Problem]:
    at: Location = ("backends", index)
    yield from _check_namespace(spec, at, backend.namespace)
    uses = {use.name: use.namespace for use in spec.workloads}
    claims: list[tuple[Location, str, str]] = [
        *((("backends", i, "name"), each.namespace, each.name) for i, each in enumerate(spec.backends[:index])),
        *((("workloads", i, "name"), each.namespace, each.name) for i, each in enumerate(spec.workloads)),
    ]
    taken = next((place for place, *claim in claims if claim == [backend.namespace, backend.name]), None)
    if taken is not None:
        yield Problem(
            (*at, "name"), f"is the name of {format_path(taken[:-1])}, in the same namespace", "rename one",
            repr(backend.name), (taken, (*at, "namespace"), (*taken[:-1], "namespace")),
        )  # fmt: skip
    if backend.workload is not None and backend.workload not in uses:
        yield Problem(
            (*at, "workload"), "is not a workload of the environment", _nearest(backend.workload, tuple(uses)),
            repr(backend.workload), (("workloads",),),
        )  # fmt: skip
    elif backend.workload is not None:
        yield from _check_place(at, backend, uses[backend.workload])
    yield from _check_fields(at, backend)
    yield from check_target(spec, at, backend)


def _check_place(at: Location, backend: BackendSpec, home: str) -> Iterator[Problem]:
    if backend.type == "otherNamespace" and home == backend.namespace:
        yield Problem(
            (*at, "type"), "is of the same namespace", "write clusterIP", repr(backend.type), ((*at, "namespace"),)
        )
    if backend.type != "otherNamespace" and home != backend.namespace:
        yield Problem(
            (*at, "workload"),
            f"runs in {home}, and a Service selects pods of its own namespace",
            "write type: otherNamespace",
            repr(backend.workload),
            ((*at, "namespace"), (*at, "type"), ("workloads",)),
        )


def _check_fields(at: Location, backend: BackendSpec) -> Iterator[Problem]:
    needed = _REQUIRED[backend.type]
    if not getattr(backend, needed):
        yield Problem((*at, needed), f"is missing, and type {backend.type} needs it", f"add {needed}", None)
    for field, types in _USES.items():
        if getattr(backend, field) and backend.type not in types:
            key = str(BackendSpec.model_fields[field].alias)
            yield Problem(
                (*at, key), f"is of no use to type {backend.type}", f"remove it, or write type: {types[0]}", None,
                ((*at, "type"),),
            )  # fmt: skip
    yield from check_port_list(at, backend)
    yield from listed_twice((*at, "addresses"), backend.addresses)
    yield from check_balancer(at, backend, [port.protocol for port in backend.ports])


def check_declared(spec: EnvironmentSpec, workload: WorkloadSpec, files: frozenset[str] = frozenset()) -> list[Problem]:
    """Return what a workload's file says that does not fit the environment, by its place in the file.

    ``files`` names the workloads that there are, those of other environments among them.
    """
    return [
        *_check_image(spec, workload),
        *_check_neighbours(spec, workload, files),
        *_check_pod_security(spec, workload),
        *check_node_selector(spec, workload),
        *_check_exposed(spec, workload),
        *check_metrics(spec, workload),
        *_check_balancer(spec, workload),
        *check_claims(spec, workload),
    ]


def _check_balancer(spec: EnvironmentSpec, workload: WorkloadSpec) -> Iterator[Problem]:
    if faces_internet(workload.service):
        yield from needs_public_subnets(spec, ("service", "loadBalancer", "scheme"), "'internet-facing'")
    yield from check_target(spec, ("service",), workload.service)


def _check_image(spec: EnvironmentSpec, workload: WorkloadSpec) -> Iterator[Problem]:
    for at, image in workload.images:
        if spec.pinned_images and image_parts(image)[2] is None:
            yield Problem(
                at,
                "is not named by digest, so it may be another image tomorrow",
                "append @sha256:..., or write pinnedImages: false in the stack file",
                repr(image),
                (("pinnedImages",),),
            )


def _check_neighbours(spec: EnvironmentSpec, workload: WorkloadSpec, files: frozenset[str]) -> Iterator[Problem]:
    names = tuple(use.name for use in spec.workloads)
    backends = tuple(backend.name for backend in spec.backends if backend.namespace == workload.namespace)
    for index, name in enumerate(workload.from_):
        # A caller that runs in other environments alone calls nobody here, and the file is the same in all.
        if name not in (*names, *CALLERS) and name not in files:
            fix = _nearest(name, (*names, *CALLERS))
            yield Problem(
                ("from", index), "is neither a workload of the environment nor edge or monitoring", fix, repr(name)
            )
    for index, name in enumerate(workload.after):
        if name not in names and name not in files:
            yield Problem(("after", index), "is no workload of the environment", _nearest(name, names), repr(name))
    for index, name in enumerate(workload.to):
        if name not in (*names, *backends):
            yield Problem(
                ("to", index),
                f"is neither a workload of the environment nor a backend in {workload.namespace}",
                _way_to(spec, workload, name, (*names, *backends), files),
                repr(name),
            )


def _way_to(
    spec: EnvironmentSpec, workload: WorkloadSpec, name: str, known: Sequence[str], files: frozenset[str]
) -> str:
    """Return how to reach what a workload calls: what lies outside the cluster is a backend."""
    if name in files:
        return f"add it to workloads in the stack file, where apps/{name}.yaml is not used, or declare a backend"
    for index, backend in enumerate(spec.backends):
        if backend.name == name:
            where = f"backends[{index}] is for {backend.namespace}"
            return f"declare one for namespace {workload.namespace}, too: {where}"
    outside = re.sub(r"^[a-z]+://", "", name)
    host = re.sub(r"[:/].*$", "", outside)
    if re.fullmatch(r"[0-9.]+/[0-9]+", outside):
        how = "opens every public address" if outside.endswith("/0") else f"has reachableIn: [{outside}]"
        return f"declare a backend of type externalName in the stack file, which {how}, and write its name here"
    if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", host):
        return f"declare a backend of type addresses for {host} in the stack file, and write its name here"
    if "." in host and name.partition(".")[0] not in known:
        return f"declare a backend of type externalName for {host} in the stack file, and write its name here"
    return f"{_nearest(name, known)}, or declare it under backends in the stack file"


def _nearest(name: str, known: Sequence[str]) -> str:
    workload, dot, _ = name.partition(".")
    if dot and workload in known:
        return f"write {workload}: a workload is named without its namespace"
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"write {near[0]}"
    if len(known) > _MOST_NAMED:
        return "write the name of one that is declared"
    return f"write one of {', '.join(sorted(known))}" if known else "declare it under workloads"


def _check_exposed(spec: EnvironmentSpec, workload: WorkloadSpec) -> Iterator[Problem]:
    if workload.expose is not None and spec.edge is None:
        yield Problem(
            ("expose",),
            "is for the edge router, and this environment has none",
            "declare edge in the stack file, or write expose: null under overrides there",
            None,
            (("edge",),),
        )


def _check_pod_security(spec: EnvironmentSpec, workload: WorkloadSpec) -> Iterator[Problem]:
    levels = {namespace.name: namespace.pod_security for namespace in spec.cluster.namespaces}
    level = levels.get(workload.namespace, "restricted")
    if workload.security.run_as_user == 0 and level == "restricted":
        yield Problem(
            ("security", "runAsUser"),
            f"is root, which namespace {workload.namespace} refuses (podSecurity: restricted)",
            "write a number above 0, or choose a namespace with podSecurity: baseline",
            "0",
        )


def check_links(declared: Sequence[WorkloadSpec], spec: EnvironmentSpec) -> list[tuple[WorkloadSpec, Problem]]:
    """Return, with its workload, each connection that one end opens and the other does not let in."""
    found = []
    by_name = {workload.name: workload for workload in declared}
    for caller in declared:
        for index, name in enumerate(caller.to):
            target = by_name.get(target_of(spec, caller.namespace, name) or "")
            if target is not None and not target.open_ports:
                problem = Problem(
                    ("to", index),
                    "has no ports that others may reach, so nothing answers there",
                    f"remove it, or add ports, and {caller.name} to from, in apps/{target.name}.yaml",
                    repr(name),
                )
                found.append((caller, problem))
            elif target is not None and caller.name not in target.from_:
                problem = Problem(
                    ("to", index),
                    f"does not let {caller.name} in: the from of apps/{target.name}.yaml does not name it",
                    f"add {caller.name} to from in apps/{target.name}.yaml",
                    repr(name),
                )
                found.append((caller, problem))
    return found


def target_of(spec: EnvironmentSpec, namespace: str, name: str) -> str | None:
    """Return the workload that a name in ``to`` leads to, by itself or behind a backend; None: out of the cluster."""
    for backend in spec.backends:
        if (backend.name, backend.namespace) == (name, namespace):
            return backend.workload
    return name
