"""What a destroy would do, all of it, before any of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from infra.ops.destroy.leftovers import Leftover
from infra.ops.state.checkpoint import Checkpoint
from infra.plan.stateful import OBJECT_TYPE

_VOLUME = "aws:ebs/volume:Volume"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"


@dataclass(frozen=True)
class DestroyPlan:
    """What is there and what becomes of it."""

    swept: tuple[Leftover, ...]
    """Made by controllers, to be deleted before the engine begins."""
    kept_volumes: tuple[Leftover, ...]
    """Volumes of claims: they hold data, and stay unless told otherwise."""
    protected: tuple[str, ...]
    """URNs of what the engine refuses to delete."""
    guarded: tuple[str, ...]
    """URNs of the load balancers that AWS itself refuses to delete, as the stack file has it."""
    by_hand: tuple[str, ...]
    """ARNs of the load balancers that AWS refuses to delete, though no stack file says so."""
    retained: tuple[str, ...]
    """URNs of what the engine forgets and leaves in AWS, objects in buckets aside."""
    objects: int
    """How many objects in buckets it leaves there."""
    snapshots: tuple[str, ...]
    """URNs of the volumes of which AWS keeps a last snapshot, with the volume's tags."""
    resources: int
    """How many the engine deletes."""
    in_cluster: int
    """How many of these are objects in the cluster, which go with it and are asked of nobody."""


def balancers(state: Checkpoint, leftovers: list[Leftover]) -> tuple[str, ...]:
    """Return the ARNs of all load balancers that would be deleted, of which AWS knows whether it refuses."""
    known = (str(each["id"]) for each in state.resources if each["type"] == BALANCER and each.get("id"))
    return (*known, *(each.id for each in leftovers if each.kind == "load balancer"))


def plan_destroy(
    state: Checkpoint, leftovers: list[Leftover], *, delete_volumes: bool, guarded: Collection[str] = ()
) -> DestroyPlan:
    """Return the plan. ``guarded`` are the ARNs of the load balancers that AWS refuses to delete."""
    volumes = tuple(each for each in leftovers if each.kind == "volume")
    custom = [each for each in state.resources if each.get("custom") and "pulumi:providers:" not in str(each["type"])]
    retained = [each for each in custom if each.get("retainOnDelete")]
    deleted = [each for each in custom if not each.get("retainOnDelete")]
    declared = {
        str(each["id"]): str(each["urn"])
        for each in deleted
        if each["type"] == BALANCER and (each.get("inputs") or {}).get("enableDeletionProtection")
    }
    return DestroyPlan(
        swept=tuple(each for each in leftovers if delete_volumes or each.kind != "volume"),
        kept_volumes=() if delete_volumes else volumes,
        protected=tuple(str(each["urn"]) for each in state.resources if each.get("protect")),
        guarded=tuple(urn for arn, urn in declared.items() if arn in guarded),
        by_hand=tuple(arn for arn in guarded if arn not in declared),
        retained=tuple(str(each["urn"]) for each in retained if each["type"] != OBJECT_TYPE),
        objects=sum(each["type"] == OBJECT_TYPE for each in retained),
        snapshots=tuple(
            str(each["urn"])
            for each in deleted
            if each["type"] == _VOLUME and (each.get("inputs") or {}).get("finalSnapshot")
        ),
        resources=len(deleted),
        in_cluster=sum(bool(each.get("deletedWith")) for each in deleted),
    )
