"""The way out of a loss: what to write in the stack file in place of it, by type and by the property that forces it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, get_args

from infra.ops.preview.changes import CREATE, DELETE, REPLACE, Change
from infra.ops.preview.cost import VOLUME
from infra.ops.preview.differences import Difference
from infra.ops.preview.groups import CONTROL_PLANE
from infra.ops.preview.network import NAT, SUBNET
from infra.ops.preview.openings import GROUP as SECURITY_GROUP
from infra.ops.preview.stateful_sets import NAMESPACE, STATEFUL_SET, way_out
from infra.plan.stateful import GROUP_TYPE
from infra.plan.tags import CLUSTER_TAG
from infra.spec.workloads.workload import Kind

VPC: Final = "aws:ec2/vpc:Vpc"
BALANCER: Final = "aws:lb/loadBalancer:LoadBalancer"
INTERFACE: Final = "aws:ec2/networkInterface:NetworkInterface"
_MEMBER = "ControlPlaneMember "
ROUTER: Final = "EdgeRouter "
"""What the component of the edge's load balancer begins with."""
_CLAIM_TYPE: Final = "kubernetes:core/v1:PersistentVolumeClaim"
_CLAIM_KEYS = {"spec.storageClassName": "storageClass", "spec.accessModes": "access"}
_WORKLOADS = tuple(f"{kind} " for kind in get_args(Kind))
PUBLIC_API: Final = "api-public"
"""Name of what leads to the API from the internet: load balancer, listener, target group, security group."""
_OWN_NAMESPACE = "Namespace "
"""Component of a namespace that `cluster.namespaces` declares; those of add-ons are in other components."""

KEEP_PROTECTION: Final = "Do not lift the protection."
UNKNOWN: Final = (
    "Put what declares it back into the stack file as it was. If it is to go all the same, the page of docs/ about it "
    "says how (docs/rotate-cas.md, docs/read-logs.md, docs/destroy.md)."
)
"""What is said of a protected resource whose loss has no way out of its own."""

_NAT: Final = (
    "A control-plane member's address lies in its subnet, so it cannot move with the new NAT: write `subnets: public` "
    "on the members' groups with the change; their machines stay where they are (docs/network.md, NAT)."
)
_ZONE: Final = "A control-plane member cannot move to another zone: put the `zones` of its group back."
_SUBNET: Final = (
    "A control-plane member cannot move to another subnet: put the `zones` and `subnets` of its group, `network.nat` "
    "and `network.vpc` back (docs/network.md, NAT)."
)
_ADDRESS: Final = (
    "A control-plane member's address follows from the order of names in its zone, and cannot change: give the members "
    "that are new names behind those of the others (docs/restore-etcd.md, From one member to three), and put "
    "`membersFrom` of an existing subnet back."
)
_BALANCER_ZONES: Final = (
    "A Network Load Balancer leaves no zone and no subnet (terraform-provider-aws replaces it): keep the zone in "
    "`network.zones`, with its subnets in `network.vpc`, and take groups out of it by their own `zones`."
)
_EDGE_SIDE: Final = (
    "AWS makes no load balancer internal, or public, that is not: it is made anew. Set `edge.deletionProtection: "
    "false` and update; then write `edge.internal` and update again (docs/open-a-port.md, From the internet or from "
    "inside)."
)
_EDGE: Final = (
    "To remove the edge, set `edge.deletionProtection: false` and update; then remove `edge` and update again "
    "(docs/open-a-port.md, Remove the edge)."
)

_PUBLIC: Final = (
    "Put `cluster.api.access: public` back. To close the API to the internet: docs/control-plane.md, Close the API to "
    "the internet."
)
_NAMESPACE: Final = (
    "Put it back into `cluster.namespaces`; another name is another namespace. To remove it with all that is in it: "
    "docs/workloads.md, Remove a namespace."
)


def whole_environment(changes: Sequence[Change]) -> tuple[str, ...]:
    """Return why much of the environment would be made anew, where one word of the stack file is the reason.

    The tag by which AWS finds the cluster is written on the VPC and the security groups by
    :func:`infra.plan.tags.resource_tags`, which lets nobody set another, so that it is the cluster's name.
    """
    return tuple(dict.fromkeys([*_renamed(changes), *_readdressed(changes), *_moved(changes)]))


def _renamed(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        if change.type not in (VPC, SECURITY_GROUP) or change.step.old is None or change.step.new is None:
            continue
        tags = [state.inputs.get("tags") for state in (change.step.old, change.step.new)]
        before, after = (each.get(CLUSTER_TAG) if isinstance(each, dict) else None for each in tags)
        if before and after and before != after:
            yield (
                f"`cluster.name` cannot be changed later ({before} → {after}), since names in AWS are made of it: put "
                "it back. A cluster of another name is another environment (docs/declare.md)."
            )


def _moved(changes: Sequence[Change]) -> Iterator[str]:
    """Yield that the VPC is another one. One that is made anew, of another block, is told as that."""
    if any(change.type == VPC and change.op == REPLACE for change in changes):
        return
    if any(moves_to_another_vpc(change) for change in changes):
        yield (
            "An environment cannot move to another VPC, from its own to an existing one or back: put `network.vpc` "
            "back. One in another VPC is another environment (docs/network.md, A VPC that exists)."
        )


def _readdressed(changes: Sequence[Change]) -> Iterator[str]:
    """Yield that the block is another one; in an existing VPC the subnets alone show it, and the first tells it."""
    blocks = [change for change in changes if change.op == REPLACE and _forced(change, "cidrBlock")]
    for kind in (VPC, SUBNET):
        found = next((_forced(change, "cidrBlock") for change in blocks if change.type == kind), None)
        if found is not None:
            yield (
                f"`network.cidr` cannot be changed ({found.old} → {found.new}): put it back. An environment of "
                "another block is another environment (docs/network.md, Addresses)."
            )
            return


def remedy_of(
    change: Change, changes: Sequence[Change], *, explained: bool, role: str = "", protected: bool = False
) -> str:
    """Return the way out of losing what ``change`` is about; "" where none is known, or the reason is a greater one.

    ``explained`` says that :func:`whole_environment` has such a reason. ``role`` is that of the instance group, for a
    group.
    """
    if change.type == GROUP_TYPE and change.op == DELETE:
        return group_remedy(change.name, role)
    if change.op == REPLACE and explained:
        return ""
    if change.type == INTERFACE and _forced(change, "subnetId"):
        return _of_interface(change, changes)
    if change.type == INTERFACE and _forced(change, "privateIps"):
        return _ADDRESS
    if change.type == VOLUME and _forced(change, "availabilityZone") and change.component.startswith(_MEMBER):
        return _ZONE
    if change.type == BALANCER and _forced(change, "internal") and change.component.startswith(ROUTER):
        return _EDGE_SIDE
    if change.type == BALANCER and _forced(change, "subnets"):
        return _BALANCER_ZONES
    if change.type == BALANCER and change.op == DELETE and change.component.startswith(ROUTER):
        return _EDGE
    if closes_public_api(change):
        return _PUBLIC
    if change.type == STATEFUL_SET:
        return way_out(change)
    if change.type == NAMESPACE and change.component.startswith(_OWN_NAMESPACE):
        return _NAMESPACE
    if change.type == _CLAIM_TYPE and protected and change.component.startswith(_WORKLOADS):
        return _of_claim(change)
    return UNKNOWN if protected else ""


def moves_to_another_vpc(change: Change) -> bool:
    """Say whether a security group is made anew in another VPC, where no machine of the old one can be in it."""
    return change.type == SECURITY_GROUP and _forced(change, "vpcId") is not None


def closes_public_api(change: Change) -> bool:
    """Say whether the load balancer goes by which the API is reached from the internet."""
    return change.type == BALANCER and change.op == DELETE and change.name == PUBLIC_API


def group_remedy(name: str, role: str = "") -> str:
    """Return the ways that keep a group's machines, or drain them first."""
    removed = (
        "a control-plane member is not removed, so put its entry back"
        if role == CONTROL_PLANE
        else "to remove it, `retire: true` comes first"
    )
    return f"If the group has another name now, write `renamedFrom: {name}` there; {removed} (docs/change-a-group.md)."


def _of_claim(change: Change) -> str:
    """Return the way out of losing a workload's claim: it goes by names, and what it asks for stays."""
    file = f"apps/{change.component.partition(' ')[2]}.yaml"
    forced = {each.path.partition("[")[0] for each in change.differences if each.replaces}
    changed = [f"`{key}`" for path, key in _CLAIM_KEYS.items() if path in forced]
    before = (
        f"A claim keeps its {' and '.join(changed)}: put them back in {file}, or declare a further claim beside it."
        if changed
        else f"Put it back into {file}, and the workload's kind, name and namespace: a claim goes by all of them."
    )
    return f"{before} To let it go, or its data move: docs/workloads.md, Give up a claim."


def _of_interface(change: Change, changes: Sequence[Change]) -> str:
    beside = [each for each in changes if each.type == VOLUME and each.step.state.parent == change.step.state.parent]
    if change.step.state.parent and any(_forced(each, "availabilityZone") for each in beside):
        return _ZONE
    gateways = {each.op for each in changes if each.type == NAT}
    return _NAT if gateways == {CREATE} else _SUBNET


def _forced(change: Change, name: str) -> Difference | None:
    """Return what a property was and will be, where it is why the resource is replaced."""
    if change.op != REPLACE:
        return None
    found = [each for each in change.differences if each.replaces]
    return next((each for each in found if each.path.partition("[")[0] == name), None)
