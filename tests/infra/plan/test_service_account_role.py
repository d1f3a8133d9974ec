from __future__ import annotations

import json

import pytest

from infra.plan.service_account_role import ServiceAccountRolePlan, plan_service_account_role
from tests.infra.plan.policy_linter import findings
from tests.infra.samples import sample_spec

READ = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme/*"}
HOST = "acme-slipway-test-issuer.s3.eu-central-1.amazonaws.com"
PROVIDER = f"arn:aws:iam::111122223333:oidc-provider/{HOST}"


def plan(name: str = "web") -> ServiceAccountRolePlan:
    return plan_service_account_role(
        sample_spec(), name=name, namespace="shop", service_account="web", statements=[READ]
    )


def test_one_service_account_may_take_the_role_with_a_token_made_for_it() -> None:
    (statement,) = json.loads(plan().trust_policy(PROVIDER))["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{HOST}:aud": "sts.amazonaws.com", f"{HOST}:sub": "system:serviceaccount:shop:web"}
        },
    }


def test_it_may_do_what_was_said() -> None:
    assert json.loads(plan().policy) == {"Version": "2012-10-17", "Statement": [READ]}
    assert findings(plan().policy) == []
    assert plan().role_name == "web.sa.test.example.com"


@pytest.mark.parametrize("length", [44, 45, 46, 90])
def test_names_fit_into_what_iam_allows(length: int) -> None:
    names = {plan("w" * (length - 1) + end).role_name for end in "ab"}
    assert len(names) == 2
    assert all(len(name) <= 64 for name in names)
    assert (names == {f"{'w' * (length - 1)}{end}.sa.test.example.com" for end in "ab"}) == (length <= 44)


def test_a_boundary_of_the_cluster_bounds_it() -> None:
    boundary = "arn:aws:iam::111122223333:policy/boundary"
    spec = sample_spec(cluster={"iam": {"permissionsBoundary": boundary}})
    bounded = plan_service_account_role(spec, name="w", namespace="n", service_account="s", statements=[READ])
    assert bounded.permissions_boundary == boundary
    assert plan().permissions_boundary is None
