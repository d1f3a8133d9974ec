"""Networks that exist already, as an environment names them."""

from __future__ import annotations

import copy
from typing import Any

from infra.spec import EnvironmentSpec
from tests.infra.samples import sample_spec

VPC, GATEWAY = "vpc-0123456789abcdef0", "igw-0123456789abcdef0"
LETTERS = "abc"


def subnet_id(kind: str, letter: str) -> str:
    """Return the ID of the sample's subnet of a zone."""
    return f"subnet-{'1' if kind == 'public' else '2'}{'0' * 15}{letter}"


def existing_subnets(public: bool = True) -> list[dict[str, Any]]:
    """Return private subnets 10.20.32.0/20 and on, and public ones 10.20.0.0/24 and on, of the sample's three zones."""
    subnets: list[dict[str, Any]] = []
    for number, letter in enumerate(LETTERS):
        private = {"id": subnet_id("private", letter), "cidr": f"10.20.{32 + 16 * number}.0/20"}
        subnets.append({"zone": f"eu-central-1{letter}", "private": private})
        if public:
            subnets[-1]["public"] = {"id": subnet_id("public", letter), "cidr": f"10.20.{number}.0/24"}
    return subnets


IN_VPC = {"id": VPC, "internetGatewayId": GATEWAY}
"""``network.vpc`` of an environment that makes subnets of its own in it."""
IN_SUBNETS = {"id": VPC, "subnets": existing_subnets()}
"""``network.vpc`` of an environment that makes no subnets."""


def in_vpc(**change: Any) -> EnvironmentSpec:
    """Return the sample environment in an existing VPC, changed by keyword."""
    return sample_spec(**{"network": {"vpc": IN_VPC}, **change})


def in_subnets(*, vpc: dict[str, Any] | None = None, **change: Any) -> EnvironmentSpec:
    """Return the sample environment in existing subnets; ``vpc`` changes ``network.vpc``, further keywords the rest."""
    return sample_spec(**{"network": {"vpc": {**copy.deepcopy(IN_SUBNETS), **(vpc or {})}}, **change})
