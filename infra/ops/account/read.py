"""All that is asked of an account for one environment."""

from __future__ import annotations

import boto3

from infra.ops.account.machines import machine_types, zones
from infra.ops.account.named import named
from infra.ops.account.quotas import quotas
from infra.ops.account.vpc import existing_vpc
from infra.plan.account.facts import AccountFacts
from infra.plan.account.machines import all_types
from infra.plan.account.named import references
from infra.plan.environment import EnvironmentPlan


def account_facts(session: boto3.Session, plan: EnvironmentPlan) -> AccountFacts:
    """Return what the account has of what an environment needs.

    Raises:
        OpsError: AWS cannot be asked.
    """
    return AccountFacts(
        zones=zones(session),
        machine_types=machine_types(session, all_types(plan.spec)),
        named=named(session, plan.spec, references(plan.spec)),
        existing_vpc=existing_vpc(session, plan),
        quotas=quotas(session, plan.spec),
    )
