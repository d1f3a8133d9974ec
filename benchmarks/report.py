"""Figures side by side: ratios to the floor, and how cost grows with size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measure import Figures


@dataclass(frozen=True)
class Row:
    """One step at one size: Slipway's own figures and the floor's, taken in the same run."""

    step: str
    groups: int
    resources: int
    ours: Figures
    floor: Figures | None

    @property
    def time_ratio(self) -> float | None:
        """Seconds of ours for each second of the floor."""
        return None if self.floor is None else self.ours.seconds / self.floor.seconds

    @property
    def memory_ratio(self) -> float | None:
        """MiB of ours for each MiB of the floor."""
        return None if self.floor is None else self.ours.peak_mib / self.floor.peak_mib


def growth_exponent(points: Mapping[int, float]) -> float | None:
    """Return the slope of log(cost) over log(size) by least squares: 1 is linear, 2 quadratic. None for one point."""
    if len(points) < 2:
        return None
    xs = [math.log(size) for size in points]
    ys = [math.log(cost) for cost in points.values()]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    covariance = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return covariance / sum((x - mean_x) ** 2 for x in xs)


def table(rows: Sequence[Row]) -> str:
    """Return all rows as a Markdown table."""
    lines = [
        "| step | groups | resources | seconds | floor, s | ratio | peak MiB | floor, MiB | ratio |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        floor_seconds = "" if row.floor is None else f"{row.floor.seconds:.2f}"
        floor_memory = "" if row.floor is None else f"{row.floor.peak_mib:.0f}"
        lines.append(
            f"| {row.step} | {row.groups} | {row.resources} | {row.ours.seconds:.2f} | {floor_seconds} "
            f"| {_ratio(row.time_ratio)} | {row.ours.peak_mib:.0f} | {floor_memory} | {_ratio(row.memory_ratio)} |"
        )
    return "\n".join(lines)


def growth_table(rows: Sequence[Row]) -> str:
    """Return each step's growth exponent with the number of resources, ours and the floor's."""
    lines = ["| step | exponent | floor's exponent |", "|---|--:|--:|"]
    for step in dict.fromkeys(row.step for row in rows):
        ours = growth_exponent({r.resources: r.ours.seconds for r in rows if r.step == step})
        floor = growth_exponent({r.resources: r.floor.seconds for r in rows if r.step == step and r.floor is not None})
        lines.append(f"| {step} | {_ratio(ours)} | {_ratio(floor)} |")
    return "\n".join(lines)


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
