"""How a group's machines are replaced by ``slipway roll``. Field names follow kops's ``rollingUpdate``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, WithJsonSchema

from infra.spec import foreign_groups
from infra.spec.base import SpecModel, refuse
from infra.spec.scalars import Duration

_PERCENT = re.compile(r"^(100|[1-9]?[0-9])%$")


def _count_or_percent(value: Any) -> Any:
    # Before the union's own check, which would report one problem for each of its types.
    if isinstance(value, bool) or not isinstance(value, int | str):
        refuse("is not a number or a percentage", "write a whole number, or a percentage in quotes, as '25%'")
    if isinstance(value, int) and not 0 <= value <= 10_000:
        refuse("is not from 0 to 10000", "write a number of machines, or a percentage, as '25%'")
    if isinstance(value, str) and not _PERCENT.fullmatch(value):
        refuse("is not a percentage from 0% to 100%", "write a whole number without quotes, or a percentage as '25%'")
    return value


CountOrPercent = Annotated[
    int | str,
    BeforeValidator(_count_or_percent),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 10000},
                {"type": "string", "pattern": _PERCENT.pattern},
            ]
        }
    ),
]
"""A number of machines, or a share of the group's desired size, as Kubernetes's ``IntOrString``."""


class RollingUpdateSpec(SpecModel):
    """How many machines may come and go at once when the group is rolled."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_groups.OF_ROLLING

    max_surge: CountOrPercent | None = None
    """Machines above the group's size while it rolls; a percentage is rounded up. Unset: 1, and 0 for `ControlPlane`,
    whose members cannot be doubled (kops's defaults)."""

    max_unavailable: CountOrPercent | None = None
    """Machines that may be missing while it rolls; a percentage is rounded down. Unset: 0, or 1 where `maxSurge` is 0
    (kops's defaults)."""

    drain_timeout: Duration = "15m"
    """How long a node may take to drain before the roll pauses and says what holds it. kops's default."""
