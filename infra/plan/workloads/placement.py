"""Whether the environment has machines for a workload's pods: a pod that fits none waits for ever, and says so late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infra.plan.launch_template import machine_types
from infra.plan.machine_sizes import MachineSize, size_of
from infra.plan.node.kubelet import EVICTION_HARD
from infra.plan.node.registration import node_labels, node_taints
from infra.spec import EnvironmentSpec, InstanceGroupSpec, Problem
from infra.spec.labels import Taint, parse_taint
from infra.spec.workloads.load import place_in_files
from infra.spec.workloads.node_rules import given_values, is_decided, is_given
from infra.spec.workloads.pod_size import PodSize, pod_size
from infra.spec.workloads.scalars import memory_bytes
from infra.spec.workloads.workload import WorkloadSpec

_MI, _GI = 2**20, 2**30
_EVICTED_AT = memory_bytes(EVICTION_HARD["memory.available"])
_DISK_SHARE = 100 - int(EVICTION_HARD["nodefs.available"].removesuffix("%"))
_KUBELETS = ("/var", "/var/lib", "/var/lib/kubelet")
"""Where a further volume would hold the pods' own disk instead of the root volume."""


@dataclass(frozen=True)
class _Lack:
    """What a pod asks more of than a machine has."""

    key: str
    asked: str
    has: str


def check_placement(spec: EnvironmentSpec) -> list[Problem]:
    """Return, for each workload, what keeps its pods from every machine that the environment may have."""
    found = ((each.name, problem) for each in spec.declared_workloads for problem in _check(spec, each))
    return [place_in_files(problem, spec, name) for name, problem in found]


def _check(spec: EnvironmentSpec, workload: WorkloadSpec) -> Iterator[Problem]:
    live = [group for group in spec.instance_groups if not group.retire and group.max_size]
    yield from _check_tolerations(live, workload)
    chosen = [group for group in live if _has_labels(spec, group, workload)]
    if not chosen:
        asked = " and ".join(f"{key}={value}" for key, value in workload.node_selector.items())
        them = "all of them" if len(workload.node_selector) > 1 else "it"
        yield Problem(
            ("nodeSelector",),
            f"asks for {asked}, and no instance group that may have machines has {them}",
            "write the labels of one group, or give them to a group",
            None,
            (("instanceGroups",),),
        )
    open_ = [group for group in chosen if not _kept_out(group, workload)]
    if chosen and not open_:
        yield _all_tainted(chosen, workload)
    yield from _check_size(open_, workload)


def _all_tainted(chosen: Sequence[InstanceGroupSpec], workload: WorkloadSpec) -> Problem:
    taints = ", ".join(str(taint) for taint in _kept_out(chosen[0], workload))
    fix = f"add {taints} to tolerations, or let it run elsewhere"
    if all(group.role != "Node" for group in chosen) and all(map(is_given, workload.node_selector)):
        # Who asks for processors or a zone did not mean the machines of the control plane.
        fix = "add a group of role Node with such machines, or let it run elsewhere"
    return Problem(
        ("nodeSelector",) if workload.node_selector else ("tolerations",),
        f"leads to {', '.join(group.name for group in chosen)} alone, whose taints keep it out",
        fix,
        None,
    )


def _has_labels(spec: EnvironmentSpec, group: InstanceGroupSpec, workload: WorkloadSpec) -> bool:
    labels = node_labels(group)
    return all(
        value in given_values(spec, group, key) if is_decided(key) else is_given(key) or labels.get(key) == value
        for key, value in workload.node_selector.items()
    )


def _kept_out(group: InstanceGroupSpec, workload: WorkloadSpec) -> list[Taint]:
    """Return the taints of the group's machines that keep the workload away."""
    tolerated = [parse_taint(text) for text in workload.tolerations]
    return [
        taint
        for taint in node_taints(group)
        if taint.effect != "PreferNoSchedule" and not any(_tolerates(each, taint) for each in tolerated)
    ]


def _tolerates(toleration: Taint, taint: Taint) -> bool:
    # Without a value it is written with the operator Exists.
    same = (toleration.key, toleration.effect) == (taint.key, taint.effect)
    return same and toleration.value in ("", taint.value)


def _check_tolerations(groups: Sequence[InstanceGroupSpec], workload: WorkloadSpec) -> Iterator[Problem]:
    """Find tolerations that were meant for a taint of ours and match none; foreign ones have a domain of their own."""
    taints = list(dict.fromkeys(taint for group in groups for taint in node_taints(group)))
    for index, text in enumerate(workload.tolerations):
        toleration = parse_taint(text)
        ours = "/" not in toleration.key or toleration.key in [taint.key for taint in taints]
        if ours and not any(_tolerates(toleration, taint) for taint in taints):
            known = ", ".join(map(str, taints))
            fix = f"write one of {known}, or give a group the taint" if known else "give a group the taint"
            yield Problem(("tolerations", index), "is a taint of no instance group", fix, repr(text))


def _check_size(groups: Sequence[InstanceGroupSpec], workload: WorkloadSpec) -> Iterator[Problem]:
    size = pod_size(workload)
    lacks: list[tuple[str, _Lack]] = []
    for group in groups:
        types = machine_types(group)
        sizes = [size_of(each) for each in types]
        if not sizes or None in sizes:
            return
        of_types = [_lack(size, machine, group) for machine in sizes if machine is not None]
        if None in of_types:
            return
        lacks += [(name, lack) for name, lack in zip(types, of_types, strict=True) if lack is not None]
    if not lacks:
        return
    # The machine that comes nearest is the one that the words are about.
    name, lack = max(lacks, key=lambda each: (size_of(each[0]) or MachineSize(0, 0)).memory_mi)
    yield Problem(
        ("resources", lack.key),
        f"is more than any machine has that it may run on: a pod asks for {lack.asked} in all, and {name} leaves pods "
        f"{lack.has} at most",
        "write less, or add an instance group of larger machines",
        repr(getattr(workload.resources, {"ephemeralStorage": "ephemeral_storage"}.get(lack.key, lack.key))),
    )


def _lack(size: PodSize, machine: MachineSize, group: InstanceGroupSpec) -> _Lack | None:
    """Return what such a machine has too little of, at best: what its kernel takes besides is not counted."""
    memory = (machine.memory_mi - machine.reserved_mi) * _MI - _EVICTED_AT
    if size.memory > memory:
        return _Lack("memory", f"{size.memory // _MI}Mi", f"{memory // _MI}Mi")
    cpu = machine.cpus * 1000 - machine.reserved_cpu_milli
    if size.cpu > cpu:
        return _Lack("cpu", f"{size.cpu}m", f"{cpu}m")
    disk = group.root_volume.size_gi * _GI * _DISK_SHARE // 100
    if size.disk > disk and not any(volume.mount_path in _KUBELETS for volume in group.volumes):
        return _Lack("ephemeralStorage", f"{size.disk // _MI}Mi", f"{disk // _MI}Mi")
    return None
