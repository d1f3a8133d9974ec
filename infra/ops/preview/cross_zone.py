"""What traffic between zones costs, and which Services keep it inside one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.ops.preview.events import Run, State
from infra.ops.preview.prices import Prices

SERVICE = "kubernetes:core/v1:Service"
SUBNET = "aws:ec2/subnet:Subnet"
EVERYWHERE = "Everywhere"
"""What the setting is called where the Service has none."""

GB_PER_TB = 1000
_NAMED = 6
"""Services told by name for each setting; of more it is said how many."""


@dataclass(frozen=True)
class Routing:
    """Services whose ``trafficDistribution`` is made or changed alike."""

    before: str | None
    """None where they are made."""
    after: str
    services: tuple[str, ...]
    """``namespace/name``."""
    usd_per_tb_before: float | None
    usd_per_tb: float
    """USD for each TB that callers exchange with one of them, callers and pods being spread evenly over the zones."""

    def words(self) -> str:
        """Return one line."""
        more = len(self.services) - _NAMED
        names = ", ".join(self.services[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        if self.before is None:
            return f"{names}: {self.after}, ${self.usd_per_tb:,.2f} per TB"
        was = f"{self.before} → {self.after}"
        return f"{names}: {was}, ${self.usd_per_tb_before or 0.0:,.2f} → ${self.usd_per_tb:,.2f} per TB"


@dataclass(frozen=True)
class CrossZone:
    """What crossing zones costs, where Services are made or changed."""

    zones: int
    usd_per_tb_crossing: float
    """USD for a TB that crosses: both of its sides are billed."""
    share: float
    """Part of evenly spread traffic that crosses without a setting."""
    routings: tuple[Routing, ...]
    date: str

    def words(self) -> str:
        """Return the price, and what it is for."""
        return (
            f"${self.usd_per_tb_crossing:,.2f} for each TB that crosses zones (list price of {self.date}); of evenly "
            f"spread traffic over {self.zones} zones {self.share:.0%} does, unless trafficDistribution keeps "
            "it in its zone"
        )


def cross_zone(run: Run, prices: Prices) -> CrossZone | None:
    """Return it where Services with an address are made or changed, and the network has more than one zone."""
    subnets = (step.new for step in run.steps if step.type == SUBNET and step.op != "delete")
    zones = len(
        {str(each.inputs["availabilityZone"]) for each in subnets if each and "availabilityZone" in each.inputs}
    )
    if zones < 2:
        return None
    crossing = prices.zone_crossing_gb() * GB_PER_TB
    share = (zones - 1) / zones

    def per_tb(setting: str) -> float:
        # A setting sends callers to their own zone as long as it has a pod that is ready.
        return crossing * share if setting == EVERYWHERE else 0.0

    found: dict[tuple[str | None, str], list[str]] = {}
    for step in run.steps:
        if step.type != SERVICE or step.op in ("delete", "same") or step.new is None:
            continue
        before = _setting(step.old) if step.old is not None else None
        after = _setting(step.new)
        if after is not None and before != after:
            found.setdefault((before, after), []).append(_name(step.new))
    if not found:
        return None
    routings = tuple(
        Routing(before, after, tuple(sorted(names)), None if before is None else per_tb(before), per_tb(after))
        for (before, after), names in sorted(found.items(), key=lambda each: (each[0][0] is None, each[0][1]))
    )
    return CrossZone(zones, crossing, share, routings, prices.zone_crossing_date())


def _setting(state: State) -> str | None:
    """Return a Service's setting; None where it has no address that could lead to one zone or another."""
    spec: Mapping[str, Any] = state.inputs.get("spec") or {}
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None":
        return None
    return str(spec.get("trafficDistribution") or EVERYWHERE)


def _name(state: State) -> str:
    metadata = state.inputs.get("metadata") or {}
    return f"{metadata.get('namespace', 'default')}/{metadata.get('name', '')}"
