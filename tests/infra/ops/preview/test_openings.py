"""Security rules and permissions, in words and by what they open."""

from __future__ import annotations

import json

import pytest

from infra.ops.preview.render_markdown import render_markdown
from tests.infra.ops.preview.made import (
    INGRESS,
    PLANE,
    UNKNOWN_VALUE,
    report_of,
    step,
)


def rule(cidr: str, port: int = 443, name: str = "rule", op: str = "create") -> dict[str, object]:
    inputs = {
        "securityGroupId": "sg-cp", "cidrIpv4": cidr, "ipProtocol": "tcp", "fromPort": port, "toPort": port,
        "description": "why",
    }  # fmt: skip
    return step(op, INGRESS, name, inputs if op == "delete" else None, None if op == "delete" else inputs)


def test_rules_are_told_in_words_and_openings_to_everyone_come_first() -> None:
    report = report_of(PLANE, rule("10.0.0.0/8", 10250, "a"), rule("0.0.0.0/0", 22, "b"))
    assert [(each.words(), each.alarming) for each in report.openings] == [
        ("opens TCP port 22 (SSH) from 0.0.0.0/0 (everyone) to control-plane.test — why", True),
        ("opens TCP port 10250 (kubelet) from 10.0.0.0/8 to control-plane.test — why", False),
    ]
    assert report.verdict == "attention"


def test_the_api_s_rule_that_goes_takes_access_away() -> None:
    report = report_of(PLANE, rule("10.0.0.0/8", op="delete"))
    assert report.api.level == "interrupted"
    assert report.api.reasons[0].startswith("10.0.0.0/8 can no longer reach the API")
    renamed = report_of(PLANE, rule("10.0.0.0/8", op="delete"), rule("10.0.0.0/8", name="other"))
    assert renamed.api.level == "none"


def policy(*actions: str, resource: str = "*") -> dict[str, object]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {"role": "nodes", "policy": f'{{"Statement": [{str(statement).replace(chr(39), chr(34))}]}}'}


def test_a_way_out_to_everyone_is_told_and_alarms_nobody() -> None:
    kind = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    inputs = {"securityGroupId": "sg-cp", "cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"}
    (opening,) = report_of(PLANE, step("create", kind, "out", None, inputs)).openings
    assert opening.words() == "opens all protocols and ports from control-plane.test to 0.0.0.0/0 (everyone)"
    assert not opening.alarming


def test_a_denial_of_everything_alarms_nobody() -> None:
    denial = {"role": "n", "policy": '{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'}
    (told,) = report_of(step("create", "aws:iam/rolePolicy:RolePolicy", "n", None, denial)).permissions
    assert (told.words(), told.alarming) == ("n is now denied: * on *", False)


def test_permissions_are_compared_action_by_action() -> None:
    kind = "aws:iam/rolePolicy:RolePolicy"
    report = report_of(step("update", kind, "n", policy("s3:GetObject", "s3:ListBucket"), policy("s3:GetObject", "*")))
    assert [(each.words(), each.alarming) for each in report.permissions] == [
        ("nodes may now: * on *", True),
        ("nodes may no longer: s3:ListBucket on *", False),
    ]
    unknown = {"role": "nodes", "policy": UNKNOWN_VALUE}
    (told,) = report_of(step("create", kind, "n", None, unknown)).permissions
    assert told.action == "what is known only during the update"


@pytest.mark.parametrize(
    ("statement", "alarming"),
    [
        ({"Action": "*:*", "Resource": "*"}, True),
        ({"Action": "IAM:*", "Resource": "*"}, True),
        ({"NotAction": "s3:*", "Resource": "*"}, True),
        ({"Action": "s3:GetObject", "Resource": "*", "Principal": {"AWS": "*"}}, True),
        ({"Action": "s3:GetObject", "Resource": "*", "NotPrincipal": {"AWS": "arn:aws:iam::1:root"}}, True),
        ({"Action": "s3:*", "Resource": "*"}, False),
    ],
)
def test_what_allows_anything_or_anybody_alarms(statement: dict[str, object], alarming: bool) -> None:
    document = json.dumps({"Statement": [{"Effect": "Allow", **statement}]})
    made = step("create", "aws:s3/bucketPolicy:BucketPolicy", "b", None, {"bucket": "b", "policy": document})
    assert [each.alarming for each in report_of(made).permissions] == [alarming]


@pytest.mark.parametrize(
    ("policy", "alarming"), [("AdministratorAccess", True), ("IAMFullAccess", True), ("ReadOnlyAccess", False)]
)
def test_an_attached_policy_that_allows_anything_alarms(policy: str, alarming: bool) -> None:
    inputs = {"role": "nodes", "policyArn": f"arn:aws:iam::aws:policy/{policy}"}
    made = step("create", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", None, inputs)
    assert [each.alarming for each in report_of(made).permissions] == [alarming]


def test_rules_and_permissions_that_alarm_nobody_are_counted_in_what_will_happen() -> None:
    office = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "198.51.100.0/24"}
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    report = report_of(
        step("create", INGRESS, "office", None, office),
        step("delete", INGRESS, "home", {**office, "cidrIpv4": "203.0.113.7/32"}, None),
        step("create", "aws:iam/rolePolicy:RolePolicy", "nodes", None, {"role": "nodes.test", "policy": policy}),
    )
    assert "Security rules: 1 closed and 1 opened, none of these to everyone; each is named below." in (
        report.sentences
    )
    assert "Permissions: 2 granted, of nodes.test; each is named below." in report.sentences


def test_the_permissions_of_a_role_that_goes_are_told_as_one() -> None:
    """Three groups that went were told in 24 lines, under which all else was lost."""
    trust = json.dumps(
        {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2"}}]}
    )
    kinds = ("aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy")
    report = report_of(
        step("delete", kinds[0], "nodes", {"name": "nodes", "assumeRolePolicy": trust}, None),
        step("delete", kinds[1], "nodes", policy("s3:GetObject", "s3:ListBucket"), None),
        step("delete", kinds[1], "stays", {**policy("s3:GetObject"), "role": "stays"}, None),
    )
    assert [each.words() for each in report.permissions] == [
        "stays may no longer: s3:GetObject on *",
        "nodes goes, with 3 permissions",
    ]
    assert "Permissions: 4 taken back, of nodes, stays; each is named below." in report.sentences
    assert "- 🔒 nodes goes, with 3 permissions\n" in render_markdown(report)
