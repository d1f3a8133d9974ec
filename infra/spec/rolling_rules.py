"""Rules of how a group rolls that no single field can judge."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.errors import Location, Problem
from infra.spec.instance_group import InstanceGroupSpec
from infra.spec.scalars import duration_seconds

LONGEST_DRAIN_SECONDS = 86_400


def check_rolling(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    """Yield the problems of how the group at ``at`` rolls."""
    rolling = group.rolling_update
    where = (*at, "rollingUpdate")
    if group.role == "ControlPlane" and rolling.max_surge not in (None, 0, "0%"):
        yield Problem(
            (*where, "maxSurge"),
            "cannot be had by a control-plane member: its network interface and etcd volume exist once",
            "remove it",
            repr(rolling.max_surge),
            ((*at, "role"),),
        )
    if rolling.max_surge in (0, "0%") and rolling.max_unavailable in (0, "0%"):
        yield Problem(
            (*where, "maxUnavailable"),
            "is 0 and so is maxSurge: no machine could ever be replaced",
            "allow 1 or more of one of the two",
            repr(rolling.max_unavailable),
            ((*where, "maxSurge"),),
        )
    elif group.role == "ControlPlane" and rolling.max_unavailable in (0, "0%"):
        yield Problem(
            (*where, "maxUnavailable"),
            "leaves a control-plane member no way to be replaced: it goes before its replacement comes",
            "remove it",
            repr(rolling.max_unavailable),
            ((*at, "role"),),
        )
    if not 1 <= duration_seconds(rolling.drain_timeout) <= LONGEST_DRAIN_SECONDS:
        yield Problem(
            (*where, "drainTimeout"), "is not from 1s to 1d", "write 1s to 1d, as 15m", repr(rolling.drain_timeout)
        )
