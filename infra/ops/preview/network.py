"""What becomes of zones, and of the way out of private subnets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infra.ops.preview.changes import CREATE, DELETE, REPLACE, UPDATE, Change
from infra.ops.preview.events import Run, State

SUBNET = "aws:ec2/subnet:Subnet"
NAT = "aws:ec2/natGateway:NatGateway"
ROUTE = "aws:ec2/route:Route"
_EVERYWHERE = ("0.0.0.0/0", "::/0", "64:ff9b::/96")


@dataclass(frozen=True)
class NetworkEffect:
    """What a change of the network means."""

    sentences: tuple[str, ...]
    noticed: bool
    """Whether connections of machines that run are cut."""


def network_effect(run: Run, changes: Sequence[Change]) -> NetworkEffect:
    """Return what happens to zones and to NAT."""
    cut = list(_cut(changes))
    return NetworkEffect((*_zones(run, changes), *_gateways(changes), *cut), bool(cut))


def _zones(run: Run, changes: Sequence[Change]) -> Iterator[str]:
    subnets = [step for step in run.steps if step.type == SUBNET and not step.op.endswith("-replaced")]
    before = {_zone(step.old) for step in subnets if step.op not in (CREATE, "import")}
    after = {_zone(step.new) for step in subnets if step.op != DELETE}
    if not before or not after:
        return  # a whole network comes or goes, which is told otherwise
    for zone in sorted(after - before):
        made = [each for each in changes if each.type == SUBNET and _zone(each.step.new) == zone]
        ranges = ", ".join(f"{each.name} {_range(each.step.new)}" for each in made)
        yield f"Zone {zone} is new, with the subnets {ranges}. Control-plane members stay in the zones they are in."
    for zone in sorted(before - after):
        yield f"Zone {zone} goes with its subnets: AWS refuses that while a machine or a load balancer is in them."


def _gateways(changes: Sequence[Change]) -> Iterator[str]:
    words = {CREATE: "made in", DELETE: "deleted in", REPLACE: "replaced in"}
    for op, verb in words.items():
        zones = [each.name.removeprefix("nat-") for each in changes if each.type == NAT and each.op == op]
        if zones:
            yield f"NAT gateways are {verb} {', '.join(sorted(zones))}."


def _cut(changes: Sequence[Change]) -> Iterator[str]:
    led: list[str] = []
    lost: list[str] = []  # names of subnets
    for change in changes:
        if change.type != ROUTE or not _leads_out(change.step.old):
            continue
        if change.op in (UPDATE, REPLACE) and _leads_out(change.step.new):
            led.append(_subnets(change))
        elif change.op in (DELETE, UPDATE, REPLACE):
            lost.append(_subnets(change))
    if led:
        yield (
            f"The way out of subnets {', '.join(sorted(led))} leads through another NAT gateway as soon as the update "
            "has changed their routes: connections that are open to the outside break, and others see another address "
            "(allow-lists)."
        )
    if lost:
        yield (
            f"No way out of subnets {', '.join(sorted(lost))} any more, from the update on and before any machine is "
            "replaced: what runs there reaches no registry and no service outside the VPC."
        )


def _leads_out(state: State | None) -> bool:
    inputs = state.inputs if state else {}
    ends = (inputs.get("destinationCidrBlock"), inputs.get("destinationIpv6CidrBlock"))
    return bool(inputs.get("natGatewayId")) and any(end in _EVERYWHERE for end in ends)


def _subnets(change: Change) -> str:
    return change.name.removesuffix("-nat")


def _zone(state: State | None) -> str:
    return str(state.inputs.get("availabilityZone", "")) if state else ""


def _range(state: State | None) -> str:
    return f"({state.inputs.get('cidrBlock', 'no IPv4')})" if state else ""
