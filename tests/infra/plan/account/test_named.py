from __future__ import annotations

from typing import Any

import pytest

from infra.plan.account.facts import Address, Certificate, TargetGroup
from infra.plan.account.named import certifies
from tests.infra.plan.account.account_facts import facts, problems
from tests.infra.plan.edge.samples import ACM, edge_spec
from tests.infra.samples import sample_spec, with_group

GROUP = "sg-0123456789abcdef0"
TARGET = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web/0123456789abcdef"
BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"
ZONE = "Z0123456789ABCDEFGHIJ"
OWN, OTHER = "vpc-0000000000000000a", "vpc-0000000000000000b"
AT_GROUP = f"instanceGroups[1].additionalSecurityGroups[0]: '{GROUP}'"
AT_TARGET = f"instanceGroups[1].targetGroups[0]: '{TARGET}'"


def of_group(**named: Any) -> list[str]:
    return problems(with_group(additionalSecurityGroups=[GROUP], targetGroups=[TARGET]), facts(named=named))


def test_what_is_of_the_environments_vpc_serves() -> None:
    found = {"security_groups": {GROUP: OWN}, "target_groups": {TARGET: TargetGroup(OWN, "instance")}}
    assert of_group(vpc=OWN, **found) == []


def test_what_is_not_there_is_refused() -> None:
    assert of_group(vpc=OWN) == [
        f"{AT_GROUP} is no security group of this account and region. "
        f"Fix: correct it, or make it first, in the environment's VPC {OWN}.",
        f"{AT_TARGET} is no target group of this account and region. "
        f"Fix: correct it, or make it first, in the environment's VPC {OWN}.",
    ]


def test_before_the_vpc_is_there_nothing_can_be_of_it() -> None:
    assert of_group(security_groups={GROUP: OTHER}) == [
        f"{AT_GROUP} is of the VPC {OTHER}. "
        "Fix: leave it out until an update has made the environment's own VPC: it can be of no other.",
        f"{AT_TARGET} is no target group of this account and region. "
        "Fix: leave it out until an update has made the environment's own VPC: it can be of no other.",
    ]


def test_what_is_of_another_vpc_or_kind_is_refused() -> None:
    groups, targets = {GROUP: OTHER}, {TARGET: TargetGroup("", "lambda")}
    assert of_group(vpc=OWN, security_groups=groups, target_groups=targets) == [
        f"{AT_GROUP} is of the VPC {OTHER}. Fix: name a security group of the environment's VPC {OWN}.",
        f"{AT_TARGET} is of the VPC (none). Fix: name a target group of the environment's VPC {OWN}.",
        f"{AT_TARGET} takes targets of the kind lambda, and Auto Scaling registers instances. "
        "Fix: name one whose target type is instance.",
    ]


def test_a_boundary_that_is_not_there_is_refused() -> None:
    spec = sample_spec(cluster={"iam": {"permissionsBoundary": BOUNDARY}})
    assert problems(spec, facts(named={"policies": frozenset([BOUNDARY])})) == []
    assert problems(spec, facts()) == [
        f"cluster.iam.permissionsBoundary: '{BOUNDARY}' is no policy of this account. "
        "Fix: name one that `aws iam list-policies` lists."
    ]


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("example.com", None),
        ("test.example.com", None),
        (
            "le.com",
            "is the zone of le.com, and the cluster's name test.example.com does not lie in it. "
            "Fix: name the zone that the cluster's name lies in.",
        ),
        (None, "is no hosted zone of this account. Fix: name one that `aws route53 list-hosted-zones` lists."),
    ],
)
def test_the_apis_zone_is_one_that_the_clusters_name_lies_in(domain: str | None, expected: str | None) -> None:
    spec = sample_spec(cluster={"api": {"hostedZone": ZONE}})
    found = problems(spec, facts(named={"hosted_zones": {ZONE: domain} if domain else {}}))
    assert found == ([] if expected is None else [f"cluster.api.hostedZone: '{ZONE}' {expected}"])


def test_the_edges_zone_is_the_one_that_it_is_called() -> None:
    spec = edge_spec(dns={"zone": "example.com", "zoneId": ZONE}, tls={"acme": {"solver": "dns01"}})
    assert problems(spec, facts(named={"hosted_zones": {ZONE: "example.com"}})) == []
    assert problems(spec, facts(named={"hosted_zones": {ZONE: "com"}})) == [
        f"edge.dns.zoneId: '{ZONE}' is the zone of com, and edge.dns.zone says example.com. Fix: correct one of both."
    ]


def of_certificate(certificate: Certificate | None) -> list[str]:
    found = {} if certificate is None else {ACM: certificate}
    return problems(edge_spec(), facts(named={"certificates": found}))


def test_a_certificate_is_there_issued_and_for_all_hosts() -> None:
    whole = Certificate("ISSUED", ("*.example.com", "*.apps.example.com"))
    assert of_certificate(whole) == []
    assert of_certificate(Certificate("PENDING_VALIDATION", ("*.example.com",))) == [
        f"edge.tls.acm: '{ACM}' is PENDING_VALIDATION. "
        "Fix: finish its validation first: a load balancer takes issued certificates alone.",
        f"edge.tls.acm: '{ACM}' is for *.example.com, and not for *.apps.example.com. "
        "Fix: ask ACM for one that has all routes' hosts.",
    ]
    assert of_certificate(None) == [
        f"edge.tls.acm: '{ACM}' is no certificate of this account and region. "
        "Fix: name one that `aws acm list-certificates --region eu-central-1` lists."
    ]


@pytest.mark.parametrize(
    ("name", "host", "good"),
    [
        ("shop.example.com", "shop.example.com", True),
        ("*.example.com", "shop.example.com", True),
        ("*.example.com", "*.example.com", True),
        ("*.example.com", "a.shop.example.com", False),
        ("*.example.com", "example.com", False),
        ("*.example.com", "*.shop.example.com", False),
        ("*.com", "*.example.com", False),
        ("example.com", "shop.example.com", False),
    ],
)
def test_a_wildcard_in_a_certificate_is_one_label(name: str, host: str, good: bool) -> None:
    assert certifies(name, host) is good


ADDRESS = "eipalloc-0123456789abcdef0"


@pytest.mark.parametrize(
    ("addresses", "line"),
    [
        ({ADDRESS: Address()}, None),
        ({ADDRESS: Address(gateway="eu-central-1a")}, None),
        (
            {},
            "is no Elastic IP address of this account and region. "
            "Fix: name one that `aws ec2 describe-addresses` lists.",
        ),
        (
            {ADDRESS: Address(interface="eni-1")},
            "is in use by the network interface eni-1. Fix: take it off there first, or name another.",
        ),
        (
            {ADDRESS: Address(gateway="eu-central-1b")},
            "is still that of the NAT gateway in eu-central-1b. Fix: take it out for one update, which gives that "
            "gateway another or none, and write it here in the next.",
        ),
    ],
)
def test_addresses_of_nat_gateways_are_there_and_free(addresses: dict[str, Address], line: str | None) -> None:
    spec = sample_spec(network={"natAddresses": {"eu-central-1a": ADDRESS}})
    at = f"network.natAddresses.eu-central-1a: '{ADDRESS}'"
    assert problems(spec, facts(named={"addresses": addresses})) == ([] if line is None else [f"{at} {line}"])
