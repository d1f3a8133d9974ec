"""What a change costs a month: list prices of what is there before and after, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.ops.preview.events import PROVIDER_PREFIX, Run, State, Step
from infra.ops.preview.groups import Group
from infra.ops.preview.inputs import list_in, mapping_in
from infra.ops.preview.prices import Prices

NAT = "aws:ec2/natGateway:NatGateway"
LOAD_BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
ADDRESS = "aws:ec2/eip:Eip"
VOLUME = "aws:ebs/volume:Volume"
KEY = "aws:kms/key:Key"

GP3_INCLUDED_IOPS, GP3_INCLUDED_THROUGHPUT = 3000, 125
"""What a gp3 volume's price includes (EBS User Guide); more is billed, and not in the table."""


@dataclass(frozen=True)
class CostLine:
    """One thing whose price differs."""

    what: str
    before: float
    after: float

    @property
    def change(self) -> float:
        """Return USD a month, more being positive."""
        return self.after - self.before


@dataclass(frozen=True)
class Cost:
    """The bill's change."""

    lines: tuple[CostLine, ...]
    not_priced: tuple[str, ...]
    """What changes and is not in the table, in words."""
    before: float
    after: float
    """USD a month of all that is priced."""
    date: str
    """Day of the machine prices; "" where the region has none."""
    sources: tuple[str, ...]

    @property
    def change(self) -> float:
        """Return USD a month, more being positive."""
        return sum(line.change for line in self.lines)

    @property
    def basis(self) -> str:
        """Return what the figures rest on, in words."""
        return f"list prices of {self.date}" if self.date else "list prices, none of a machine in this region"


_Priced = tuple[str, float | None]
"""What it is, and USD a month or None."""


def cost_of(run: Run, groups: Mapping[str, Group], prices: Prices, region: str) -> Cost:
    """Return the change of the monthly bill between what is and what will be."""
    before = dict(_bill(run, groups, prices, region, new=False))
    after = dict(_bill(run, groups, prices, region, new=True))
    lines, unpriced = [], []
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if (old and old[1] is None) or (new and new[1] is None):
            words = [each[0] if each else "none" for each in (old, new)]
            unpriced.append(f"{key}: {words[0]} → {words[1]}")
            continue
        words_of = [each[0] for each in (old, new) if each]
        lines.append(
            CostLine(
                f"{key}: {' → '.join(dict.fromkeys(words_of))}",
                (old[1] if old else 0.0) or 0.0,
                (new[1] if new else 0.0) or 0.0,
            )
        )
    lines.sort(key=lambda line: -abs(line.change))
    return Cost(
        lines=tuple(line for line in lines if abs(line.change) >= 0.005),
        not_priced=tuple(unpriced),
        before=sum(each[1] or 0.0 for each in before.values()),
        after=sum(each[1] or 0.0 for each in after.values()),
        date=prices.date(region),
        sources=prices.sources,
    )


def _bill(
    run: Run, groups: Mapping[str, Group], prices: Prices, region: str, *, new: bool
) -> Iterator[tuple[str, _Priced]]:
    for group in groups.values():
        count = group.machines(new=new)
        state = _side(group.template, new=new)
        if count and state is not None:
            yield f"group {group.name}", _machines(count, state, group, prices, region, new=new)
            yield from _disks(count, group, state, prices, region)
    for step in run.steps:
        if step.type.startswith(PROVIDER_PREFIX):
            continue
        side = _side(step, new=new)
        if side is not None and (priced := _single(step.type, side, prices, region)):
            yield f"{step.type.rpartition(':')[2]} {step.name}", priced


def _side(step: Step | None, *, new: bool) -> State | None:
    if step is None:
        return None
    if new and step.op == "delete":
        return step.old if step.old and step.old.retain_on_delete else None  # what stays in the cloud is paid for
    if not new:
        return step.old if step.op not in ("create", "import") else None
    return step.new


def _machines(count: int, state: State, group: Group, prices: Prices, region: str, *, new: bool) -> _Priced:
    kind = state.inputs.get("instanceType")
    scaling = _side(group.scaling, new=new)
    if not isinstance(kind, str) or (scaling and scaling.inputs.get("mixedInstancesPolicy")):
        return f"{count} x mixed types or Spot", None
    price = prices.machine_month(region, kind)
    return f"{count} x {kind}", None if price is None else price * count


def _disks(count: int, group: Group, state: State, prices: Prices, region: str) -> Iterator[tuple[str, _Priced]]:
    """Yield each disk of a group's machines: one that is not priced, and stays, hides the price of no other."""
    for number, disk in enumerate(list_in(state.inputs.get("blockDeviceMappings")), 1):
        ebs = mapping_in(mapping_in(disk).get("ebs"))
        words = f"{count} x {ebs.get('volumeSize', 'some')} GiB {ebs.get('volumeType', 'of another kind')}"
        price = _volume(ebs.get("volumeType"), ebs.get("volumeSize"), ebs, prices, region)
        yield f"disk {number} of group {group.name}", (words, None if price is None else price * count)


def _volume(kind: object, size: object, settings: Mapping[str, object], prices: Prices, region: str) -> float | None:
    iops, throughput = settings.get("iops"), settings.get("throughput")
    more = (isinstance(iops, int | float) and iops > GP3_INCLUDED_IOPS) or (
        isinstance(throughput, int | float) and throughput > GP3_INCLUDED_THROUGHPUT
    )
    if kind != "gp3" or not isinstance(size, int | float) or more:
        return None
    return prices.gp3_month(region, size)


def _single(type_token: str, state: State, prices: Prices, region: str) -> _Priced | None:
    inputs = state.inputs
    if type_token == NAT:
        return "NAT gateway", prices.nat_gateway_month(region)
    if type_token in LOAD_BALANCERS:
        network = inputs.get("loadBalancerType") == "network"
        return ("Network Load Balancer", prices.network_load_balancer_month(region)) if network else ("ALB", None)
    if type_token == ADDRESS:
        return "public IPv4 address", prices.public_ipv4_month()
    if type_token == VOLUME:
        kind, size = inputs.get("type") or "gp2", inputs.get("size")
        return f"{size} GiB {kind}", _volume(kind, size, inputs, prices, region)
    if type_token == KEY:
        return "KMS key", prices.kms_key_month()
    return None
