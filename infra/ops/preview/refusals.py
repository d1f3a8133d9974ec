"""What the engine previews and AWS refuses: better said in the pull request than by an update that stops half-way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from infra.ops.preview.changes import CREATE, DELETE, REPLACE, UPDATE, Change
from infra.ops.preview.cost import VOLUME
from infra.ops.preview.events import Diagnostic
from infra.ops.preview.groups import name_of
from infra.ops.preview.network import NAT
from infra.ops.preview.remedies import BALANCER
from infra.ops.preview.spot import uses_spot
from infra.plan.stateful import GROUP_TYPE


def refusals_of(changes: Sequence[Change]) -> tuple[Diagnostic, ...]:
    """Return an error for each change that AWS would refuse."""
    held = _held_addresses(changes)
    return tuple(Diagnostic("error", words, change.urn) for change in changes for words in _refusals(change, held))


def _refusals(change: Change, held: Mapping[str, str]) -> Iterator[str]:
    if change.type == VOLUME and change.op == UPDATE:
        yield from _smaller(change)
    elif change.type == NAT and change.op in (CREATE, REPLACE):
        yield from _taken(change, held)
    elif change.type == GROUP_TYPE and change.op == UPDATE:
        yield from _pool_before_spot(change)
    elif change.type == BALANCER and change.op == REPLACE:
        yield from _deletion_protected(change)


def _smaller(change: Change) -> Iterator[str]:
    old, new = (state.inputs.get("size") if state else None for state in (change.step.old, change.step.new))
    # EBS User Guide, "Requirements for EBS volume modifications": a size can only be increased.
    if isinstance(old, int | float) and isinstance(new, int | float) and new < old:
        yield (
            f"{change.label}: AWS makes no volume smaller ({old:g} → {new:g} GiB), so the update would fail here. "
            "Leave the size as it is."
        )


def _held_addresses(changes: Sequence[Change]) -> dict[str, str]:
    """Return the addresses that gateways have until they go: allocation ID -> the gateway's name."""
    going = [each for each in changes if each.type == NAT and each.op in (DELETE, REPLACE) and each.step.old]
    return {str(each.step.old.inputs.get("allocationId")): each.name for each in going if each.step.old}


def _taken(change: Change, held: Mapping[str, str]) -> Iterator[str]:
    """Yield that a gateway's address is another's still: the engine makes what is new before anything goes."""
    address = str(change.step.new.inputs.get("allocationId")) if change.step.new else ""
    if address in held and held[address] != change.name:
        yield (
            f"{change.label}: {held[address]} has the address {address} until the end of the update, and AWS gives it "
            "to no second gateway, so the update would fail here. Take it out of network.natAddresses for one update, "
            "and write it for this zone in the next."
        )


def _deletion_protected(change: Change) -> Iterator[str]:
    """Yield that AWS keeps the old load balancer: the update takes its protection off the new one alone."""
    old, new = change.step.old, change.step.new
    if old and new and old.inputs.get("enableDeletionProtection") and not new.protect:
        yield (
            f"{change.label}: AWS deletes no load balancer whose deletion protection is on, and the update takes it "
            "off the new one alone, so it would fail here, with its ports closed. Write edge.deletionProtection: false "
            "first, and run an update; then make this change."
        )


def _pool_before_spot(change: Change) -> Iterator[str]:
    """Yield that a warm pool is in the way of Spot: the provider deletes it after it has asked for Spot.

    https://github.com/hashicorp/terraform-provider-aws/issues/42437
    """
    old, new = change.step.old, change.step.new
    if old and new and old.inputs.get("warmPool") and not new.inputs.get("warmPool") and uses_spot(new):
        yield (
            f"group {name_of(new, change.name)}: Auto Scaling takes no Spot in a group that has a warm pool, and the "
            "pool would go only after that, so the update would fail here. Take warmPool out first, and run an update; "
            "then write the mixedInstancesPolicy."
        )
