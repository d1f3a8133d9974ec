"""List prices, from a table that states its dates. What is not in it is not priced, never guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_LARGES: Mapping[str, float] = {
    "nano": 1 / 16,
    "micro": 1 / 8,
    "small": 1 / 4,
    "medium": 1 / 2,
    "large": 1,
    "xlarge": 2,
}
"""Size -> how many ``large`` it costs. In the families of the table list prices go with the size (checked against every
size of the table's first source, to within 1.1 %); ``metal`` does not, and is not priced."""


@dataclass(frozen=True)
class Prices:
    """The price table."""

    table: Mapping[str, Any]

    def date(self, region: str) -> str:
        """Return the day of the region's machine prices; "" where there are none."""
        dates = [each["date"] for each in self.table["sources"] if region in each.get("regions", ())]
        return str(dates[0]) if dates else ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Return what comes from where, and of which day."""
        return tuple(f"{each['what']}: {each['date']}, {each['from']}" for each in self.table["sources"])

    def machine_month(self, region: str, machine_type: str) -> float | None:
        """Return USD a month for one on-demand Linux machine."""
        family, _, size = machine_type.partition(".")
        large = self.table["machine_hour_of_large"].get(region, {}).get(family)
        multiple = re.fullmatch(r"(\d+)xlarge", size)
        larges = 2.0 * int(multiple[1]) if multiple else _LARGES.get(size)
        if large is None or larges is None:
            return None
        return float(large) * larges * float(self.table["hours_per_month"])

    def gp3_month(self, region: str, gib: float) -> float | None:
        """Return USD a month for a gp3 volume with the IOPS and throughput that are included."""
        return self._times("gp3_gib_month", region, gib)

    def nat_gateway_month(self, region: str) -> float | None:
        """Return USD a month for a NAT gateway, without the traffic through it."""
        return self._times("nat_gateway_hour", region, self.table["hours_per_month"])

    def network_load_balancer_month(self, region: str) -> float | None:
        """Return USD a month for a Network Load Balancer, without its capacity units."""
        return self._times("network_load_balancer_hour", region, self.table["hours_per_month"])

    def public_ipv4_month(self) -> float:
        """Return USD a month for a public IPv4 address."""
        return float(self.table["public_ipv4_hour"]) * float(self.table["hours_per_month"])

    def kms_key_month(self) -> float:
        """Return USD a month for a key, without requests."""
        return float(self.table["kms_key_month"])

    def zone_crossing_gb(self) -> float:
        """Return USD for a GB that goes from one zone of a region to another; it is billed at both ends."""
        return 2 * float(self.table["zone_crossing_gb_each_side"])

    def zone_crossing_date(self) -> str:
        """Return the day of that price."""
        return next(str(each["date"]) for each in self.table["sources"] if each["what"] == "traffic between zones")

    def _times(self, key: str, region: str, amount: float) -> float | None:
        price = self.table[key].get(region)
        return None if price is None else float(price) * float(amount)


@cache
def price_table() -> Prices:
    """Return the table that comes with Slipway."""
    return Prices(json.loads(files("infra.ops.preview").joinpath("prices.json").read_text(encoding="utf-8")))
