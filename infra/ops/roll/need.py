"""Which machines of a group must be replaced, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infra.ops.roll.view import Group, Instance, Member, Node


def members_of(group: Group, nodes: Iterable[Node]) -> tuple[Member, ...]:
    """Return the machines of ``group`` with their nodes, those taken out of it last."""
    by_instance = {node.instance_id: node for node in nodes}
    return tuple(
        Member(each, node, tuple(_reasons(group, each, node)))
        for each in group.instances
        for node in (by_instance.get(each.id),)
    )


def warm_outdated(group: Group) -> tuple[Instance, ...]:
    """Return the machines of the warm pool that a roll would replace as soon as they had left it."""
    return tuple(each for each in group.warm if not each.leaving and any(_reasons_of_origin(group, each)))


def _reasons(group: Group, instance: Instance, node: Node | None) -> Iterator[str]:
    if not instance.attached:
        yield "taken out of its group by a rolling update"
        return
    if instance.mark == "detach":
        yield "being taken out of its group by a rolling update"
    if instance.mark == "due":
        yield "marked by --force"
    yield from _reasons_of_origin(group, instance)
    if node is not None and node.draining:
        yield "its drain was begun by a rolling update"
    if node is not None and node.needs_update:
        yield "annotated slipway/needs-update"


def _reasons_of_origin(group: Group, instance: Instance) -> Iterator[str]:
    if not instance.template_id:
        yield "not started from a launch template"
    elif instance.template_id != group.template_id:
        yield f"launch template {instance.template_id} instead of {group.template_id}"
    elif instance.template_version != group.template_version:
        yield f"launch template version {instance.template_version} instead of {group.template_version}"
    if group.types and instance.type not in group.types:
        yield f"instance type {instance.type} is not listed any more"
