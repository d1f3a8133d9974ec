"""Both roles for CI may ask what holds an environment to its account: the calls that the check makes, on moto."""

from __future__ import annotations

import pytest

from infra.ops.account.read import account_facts
from infra.plan.environment import plan_environment
from infra.spec import EnvironmentSpec, from_mapping
from tests.examples.aws_calls import ACCOUNT
from tests.examples.iam import Request, allowed
from tests.examples.test_roles import ATTACHED, policy_of
from tests.infra.ops.cloud import Calls
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.plan.edge.samples import edge_mapping
from tests.infra.samples import merged

ACM = f"arn:aws:acm:eu-central-1:{ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
ZONE = "Z0123456789ABCDEFGHIJ"
TARGET = f"arn:aws:elasticloadbalancing:eu-central-1:{ACCOUNT}:targetgroup/web/0123456789abcdef"
PREFIXES = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
"""boto3's word for a service -> IAM's, where they differ."""
ON = {"CertificateArn": "{}", "PolicyArn": "{}", "Id": "arn:aws:route53:::hostedzone/{}"}
"""Parameter of a call -> the ARN that its action is on; other calls are on no resource."""


def naming_everything() -> EnvironmentSpec:
    """Return an environment that names one of each thing that is looked up."""
    raw = merged(
        edge_mapping(tls={"acm": ACM}),
        {"accountId": ACCOUNT, "cluster": {"iam": {"permissionsBoundary": BOUNDARY}, "api": {"hostedZone": ZONE}}},
    )
    raw["instanceGroups"][1] |= {"additionalSecurityGroups": ["sg-0123456789abcdef0"], "targetGroups": [TARGET]}
    return from_mapping(raw, "prod")


@pytest.mark.usefixtures("cloud")
def test_the_roles_may_make_the_calls_of_the_check() -> None:
    spec = naming_everything()
    calls = Calls(spec)
    account_facts(calls.session, plan_environment(spec))
    asked = []
    for made, arguments in zip(calls.made, calls.arguments, strict=True):
        service, operation = made.split(".")
        resource = next((ON[key].format(value) for key, value in arguments.items() if key in ON), "*")
        asked.append(Request(f"{PREFIXES.get(service, service)}:{operation}", resource))
    assert {"acm", "ec2", "elasticloadbalancing", "iam", "route53", "servicequotas"} == {
        each.action.split(":")[0] for each in asked
    }
    for role in ATTACHED:
        assert [each for each in asked if not allowed(policy_of(role), each)] == []
