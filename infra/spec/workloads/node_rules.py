"""What workloads ask of the cluster's nodes: labels that machines have, and ports that nobody else has."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.instance_group import InstanceGroupSpec
from infra.spec.workloads.workload import WorkloadSpec

_GIVEN = ("kubernetes.io", "k8s.io", "k8s.aws")
"""Domains of labels that the kubelet, the cloud controller manager and add-ons set (Kubernetes documentation,
"Well-Known Labels, Annotations and Taints")."""


OWN_LABELS = {"slipway/instance-group": "name", "slipway/role": "role"}
"""Labels that every machine has from Slipway, with the key of its group that says their value."""


ARCHITECTURE, ZONE = "kubernetes.io/arch", "topology.kubernetes.io/zone"
_KNOWN = {
    ARCHITECTURE: "is what no instance group's processors are called",
    ZONE: "is no zone that an instance group stands in",
    "kubernetes.io/os": "is no system that machines run",
}
"""Labels that Kubernetes sets, and whose values follow from a group, with what is wrong with any other value."""


def given_values(spec: EnvironmentSpec, group: InstanceGroupSpec, key: str) -> tuple[str, ...]:
    """Return the values that a group's machines have of one of the labels that Kubernetes sets and a group decides."""
    return {ARCHITECTURE: (group.architecture,), ZONE: group.zones or spec.network.zones}.get(key, ("linux",))


def is_decided(key: str) -> bool:
    """Return whether Kubernetes sets a label to what a group decides: its processors, its zones."""
    return key in _KNOWN


def is_given(key: str) -> bool:
    """Return whether a label is set by Kubernetes or an add-on, so that no group says its value."""
    domain = key.partition("/")[0] if "/" in key else ""
    return any(domain == each or domain.endswith(f".{each}") for each in _GIVEN)


def check_node_selector(spec: EnvironmentSpec, workload: WorkloadSpec) -> Iterator[Problem]:
    """Yield the labels by which a workload selects nodes and that no machine is given."""
    groups = [group for group in spec.instance_groups if not group.retire]
    for key, value in workload.node_selector.items():
        if key in OWN_LABELS:
            known = list(dict.fromkeys(str(getattr(group, OWN_LABELS[key])) for group in groups))
            if value not in known:
                fix = f"write one of {', '.join(known)}"
                yield Problem(("nodeSelector", key), f"is no {OWN_LABELS[key]} of an instance group", fix, repr(value))
            continue
        if is_decided(key):
            known = list(dict.fromkeys(each for group in groups for each in given_values(spec, group, key)))
            if value not in known:
                fix = f"write {' or '.join(known)}, or add a group of such machines"
                yield Problem(("nodeSelector", key), _KNOWN[key], fix, repr(value), (("instanceGroups",),))
            continue
        if is_given(key) or any(group.node_labels.get(key) == value for group in groups):
            continue
        yield _no_label(spec, key, value)


def _no_label(spec: EnvironmentSpec, key: str, value: str) -> Problem:
    leaving = [group.name for group in spec.instance_groups if group.retire and group.node_labels.get(key) == value]
    if leaving:
        words = f"is a label of {', '.join(leaving)} alone, which {'is' if len(leaving) == 1 else 'are'} retired"
        fix = f"write {key}: {value} into nodeLabels of another group and roll that first, or remove it"
    else:
        words, fix = "is a label of no instance group", f"write {key}: {value} into nodeLabels of a group, or remove it"
    return Problem(("nodeSelector", key), words, fix, repr(value), (("instanceGroups",),))


def check_node_ports(spec: EnvironmentSpec) -> Iterator[tuple[WorkloadSpec | None, Problem]]:
    """Yield each node port that is another's already, with its workload; None for a backend's."""
    taken: dict[int, str] = {}
    asked: list[tuple[WorkloadSpec | None, str, Location, int | None]] = [
        *((each, each.name, ("service", "nodePort"), each.service.node_port) for each in spec.declared_workloads),
        *((None, each.name, ("backends", i, "nodePort"), each.node_port) for i, each in enumerate(spec.backends)),
    ]
    for workload, name, at, port in asked:
        if port is None:
            continue
        if port in taken:
            fix = "choose another, or leave it to Kubernetes"
            yield workload, Problem(at, f"is the node port of {taken[port]} already", fix, str(port))
        taken.setdefault(port, name)
