"""Nodes against instance groups: every machine a ready node, as many as the group should have, of a fit version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.ops.roll.need import members_of
from infra.ops.roll.view import Group, Node
from infra.ops.validate.findings import Finding

CHECK = "nodes"
MACHINES = "machines"
"""What is left of it while the cluster cannot be asked: whether there are as many machines as there should be."""
OLDEST_MINORS = 3
"""Minor versions that a kubelet may be older than the API server (Kubernetes's version skew policy, "kubelet")."""


def nodes_of(group: str, state: Group, nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return the group's nodes: those of its machines, whatever name they registered under, and those of its name."""
    ids = {instance.id for instance in state.instances}
    return tuple(node for node in nodes if node.instance_id in ids or node.group == group)


def check_nodes(group: str, state: Group, nodes: Sequence[Node], version: str) -> Iterator[Finding]:
    """Yield what is wrong with the group called ``group`` of a cluster of Kubernetes ``version``."""
    members = members_of(state, nodes)
    staying = [m for m in members if not m.instance.leaving]
    yield from check_machines(group, state, CHECK)
    for member in staying:
        if member.node is None:
            subject = f"instance {member.instance.id} of {group}"
            yield Finding(CHECK, "invalid", subject, "has not become a node", "see its system log")
        elif not member.node.ready:
            yield Finding(CHECK, "invalid", f"node {member.node.name} of {group}", "is not ready", "describe the node")
        else:
            yield from _version(group, member.node, version)
    outside = [m.instance.id for m in staying if not m.instance.attached]
    if outside:
        problem = f"{', '.join(outside)} were taken out of the group by a rolling update that has not ended"
        yield Finding(CHECK, "warning", f"instance group {group}", problem, "run slipway roll again")
    outdated = sum(m.outdated and m.instance.attached for m in staying)
    if outdated:
        problem = f"{outdated} of {len(staying)} machines differ from the launch template"
        yield Finding(CHECK, "warning", f"instance group {group}", problem, "run slipway roll")
    known = {m.instance.id for m in members}
    for node in nodes:
        if node.instance_id not in known:
            subject = f"node {node.name} of {group}"
            yield Finding(CHECK, "warning", subject, "belongs to no machine of the group", "delete the Node object")


def check_machines(group: str, state: Group, check: str = MACHINES) -> Iterator[Finding]:
    """Yield whether Auto Scaling has fewer machines of the group than it should."""
    missing = state.desired - sum(each.attached and not each.leaving for each in state.instances)
    if missing > 0:
        yield Finding(
            check,
            "invalid",
            f"instance group {group}",
            f"{missing} of {state.desired} machines are missing",
            f"see the activities of the Auto Scaling group {state.name}",
        )


def _version(group: str, node: Node, version: str) -> Iterator[Finding]:
    found, wanted = _numbers(node.version), _numbers(version)
    if found == wanted:
        return
    if not found:
        yield Finding(CHECK, "invalid", f"node {node.name} of {group}", f"reports the version {node.version!r}")
        return
    newer, too_old = found[:2] > wanted[:2], found[0] == wanted[0] and wanted[1] - found[1] > OLDEST_MINORS
    yield Finding(
        CHECK,
        "invalid" if newer or too_old else "warning",
        f"node {node.name} of {group}",
        f"runs Kubernetes {node.version.removeprefix('v')}, and the cluster is declared {version}",
        "correct cluster.kubernetesVersion" if newer else "run slipway roll",
    )


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.removeprefix("v").partition("-")[0].partition("+")[0].split(".")
    return tuple(int(part) for part in parts) if len(parts) == 3 and all(part.isdigit() for part in parts) else ()
