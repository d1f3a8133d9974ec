"""An environment held against its AWS account, as a whole."""

from __future__ import annotations

from infra.plan.account.facts import AccountFacts
from infra.plan.account.machines import check_types, check_zones
from infra.plan.account.named import check_named
from infra.plan.account.quotas import check_quotas
from infra.plan.account.vpc import check_vpc
from infra.plan.environment import EnvironmentPlan
from infra.spec import SpecError


def check_account(plan: EnvironmentPlan, facts: AccountFacts) -> None:
    """Refuse an environment that its account cannot have.

    Raises:
        SpecError: naming everything that the account lacks, by where the spec asks for it.
    """
    spec = plan.spec
    problems = [
        *check_zones(spec, facts),
        *check_types(spec, facts),
        *check_vpc(plan, facts.existing_vpc),
        *check_named(plan, facts.named),
        *check_quotas(plan, facts),
    ]
    if problems:
        raise SpecError(f"environment {spec.name} in account {spec.account_id}", problems)
