"""How many machines of a group may come and go at once."""

from __future__ import annotations

from dataclasses import dataclass

from infra.plan.shares import count_of
from infra.spec import InstanceGroupSpec


@dataclass(frozen=True)
class Pace:
    """The group's allowance, in machines."""

    surge: int
    """Machines above the group's size."""
    unavailable: int
    """Machines that may be missing from the group's size."""

    @property
    def concurrency(self) -> int:
        """Machines that may be on their way out at once."""
        return self.surge + self.unavailable


def pace_of(group: InstanceGroupSpec, size: int) -> Pace:
    """Return the allowance of a group of ``size`` machines.

    Percentages are of the group's size; surge is rounded up and unavailability down, as Kubernetes does for
    Deployments (``ResolveFenceposts`` in ``pkg/controller/deployment/util``): where both come out as 0, one machine may
    be unavailable. Defaults are kops's (``resolveSettings`` in ``pkg/instancegroups/settings.go``): a surge of 1, none
    for the control plane; no machine unavailable, or 1 where there is no surge.

    Raises:
        ValueError: both are written as 0.
    """
    rolling = group.rolling_update
    if rolling.max_surge in (0, "0%") and rolling.max_unavailable in (0, "0%"):
        raise ValueError("maxSurge and maxUnavailable are both 0: no machine could be replaced")
    if group.role == "ControlPlane":
        return Pace(surge=0, unavailable=1)
    surge = count_of(1 if rolling.max_surge is None else rolling.max_surge, size, up=True)
    unavailable = count_of(0 if rolling.max_unavailable is None else rolling.max_unavailable, size, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Pace(surge, unavailable)
