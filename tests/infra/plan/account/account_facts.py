"""An account that has all that the sample environment needs, and ways to take some of it away."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from infra.plan.account.check import check_account
from infra.plan.account.facts import AccountFacts, MachineType, Named, Quota
from infra.plan.account.quotas import ADDRESSES, BALANCERS, NAMES, SERVICES, VCPUS, VPCS
from infra.plan.environment import plan_environment
from infra.spec import EnvironmentSpec, SpecError

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")
LIMITS = {VPCS: 5, ADDRESSES: 5, BALANCERS: 50, VCPUS: 32}
NOTHING = Named(
    vpc=None,
    security_groups={},
    target_groups={},
    certificates={},
    hosted_zones={},
    policies=frozenset(),
    addresses={},
)


def machine_type(*zones: str, architecture: str = "x86_64", vcpus: int = 2) -> MachineType:
    return MachineType(frozenset(zones or ZONES), frozenset([architecture]), vcpus)


def quotas(**others: int) -> dict[str, Quota]:
    """Return quotas as a new account has them, with what others use of them: ``ADDRESSES=3``."""
    used = {globals()[name]: count for name, count in others.items()}
    return {code: Quota(SERVICES[code], code, NAMES[code], limit, used.get(code, 0)) for code, limit in LIMITS.items()}


def facts(
    *, zones: Mapping[str, str] | None = None, types: Mapping[str, MachineType] | None = None, **change: Any
) -> AccountFacts:
    """Return an account in which the sample environment can be made."""
    return AccountFacts(
        zones=zones if zones is not None else dict.fromkeys(ZONES, "available"),
        machine_types={"m7i.large": machine_type(), "t3.medium": machine_type(), **(types or {})},
        named=dataclasses.replace(NOTHING, **change.pop("named", {})),
        existing_vpc=None,
        quotas=change.pop("limits", quotas()),
    )


def problems(spec: EnvironmentSpec, account: AccountFacts) -> list[str]:
    """Return what the check says, a line a problem."""
    try:
        check_account(plan_environment(spec), account)
    except SpecError as error:
        return [str(each) for each in error.problems]
    return []
