from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.ops.drift.beside import beside_of, find_beside
from infra.ops.drift.render import render_json, render_markdown, render_text
from infra.ops.drift.report import drift_of
from infra.ops.preview.events import Run
from tests.infra.ops.drift.test_drift import found
from tests.infra.ops.preview.made import INGRESS, REGION, SECURITY_GROUP, run_of


def a_run(*more: dict[str, Any]) -> Run:
    """Return a refresh that found a group of the program and the one rule that it declares."""
    return run_of(
        found("same", SECURITY_GROUP, "node", {"name": "node"}, {"name": "node"}),
        found("same", INGRESS, "ssh", {"securityGroupId": "id-node"}, {"securityGroupId": "id-node"}),
        *more,
    )


def rule(identifier: str, **more: Any) -> dict[str, Any]:
    whole = {"SecurityGroupRuleId": identifier, "GroupId": "id-node", "IsEgress": False, "IpProtocol": "tcp"}
    return {**whole, "FromPort": 22, "ToPort": 22, "CidrIpv4": "198.51.100.0/24", **more}


@pytest.mark.parametrize(
    ("one", "words", "alarming"),
    [
        (rule("sgr-1"), "TCP port 22 (SSH) from 198.51.100.0/24 to node", False),
        (rule("sgr-1", CidrIpv4="0.0.0.0/0"), "TCP port 22 (SSH) from 0.0.0.0/0 (everyone) to node", True),
        (
            rule("sgr-1", CidrIpv4="0.0.0.0/0", IsEgress=True, Description="Updates"),
            "TCP port 22 (SSH) from node to 0.0.0.0/0 (everyone) — Updates",
            False,
        ),
        (
            rule("sgr-1", CidrIpv4=None, CidrIpv6="::/0", IpProtocol="-1", FromPort=-1, ToPort=-1),
            "all protocols and ports from ::/0 (everyone) to node",
            True,
        ),
        (
            rule("sgr-1", CidrIpv4=None, ReferencedGroupInfo={"GroupId": "id-node"}),
            "TCP port 22 (SSH) from node to node",
            False,
        ),
        (
            rule("sgr-1", CidrIpv4=None, ReferencedGroupInfo={"GroupId": "sg-0other"}),
            "TCP port 22 (SSH) from sg-0other to node",
            False,
        ),
        (
            rule("sgr-1", CidrIpv4=None, PrefixListId="pl-1"),
            "TCP port 22 (SSH) from prefix list pl-1 to node",
            False,
        ),
    ],
)
def test_a_rule_in_words(one: dict[str, Any], words: str, alarming: bool) -> None:
    (told,) = beside_of(a_run(), [one])
    assert (told.id, told.group, told.words, told.alarming) == ("sgr-1", "node", words, alarming)


@pytest.mark.parametrize(
    "one",
    [
        rule("id-ssh"),
        rule("sgr-1", GroupId="sg-of-somebody-else"),
        rule("sgr-1", Description="kubernetes.io/rule/nlb/client=a1b2"),
    ],
)
def test_what_is_the_programs_or_another_ones_is_left_out(one: dict[str, Any]) -> None:
    assert beside_of(a_run(), [one]) == ()


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_group_that_declares_its_rules_within_is_the_refreshs_to_compare(direction: str) -> None:
    inputs: dict[str, Any] = {direction: []}
    run = a_run(found("same", SECURITY_GROUP, "inline", inputs, inputs))
    assert beside_of(run, [rule("sgr-1", GroupId="id-inline")]) == ()


def test_a_group_that_is_gone_has_no_rules() -> None:
    run = run_of(found("delete", SECURITY_GROUP, "node", {}, None))
    assert beside_of(run, [rule("sgr-1")]) == ()


def test_the_gravest_come_first() -> None:
    run = a_run(found("same", SECURITY_GROUP, "a", {}, {}))
    rules = [rule("sgr-1"), rule("sgr-2", GroupId="id-a"), rule("sgr-3", CidrIpv4="0.0.0.0/0")]
    assert [each.id for each in beside_of(run, rules)] == ["sgr-3", "sgr-2", "sgr-1"]


def test_it_is_drift_and_is_told_in_every_form() -> None:
    beside = beside_of(a_run(), [rule("sgr-1", CidrIpv4="0.0.0.0/0"), rule("sgr-2")])
    report = drift_of(a_run(), "test", beside)
    assert (report.verdict, report.exit_code) == ("drift", 4)
    assert report.headline == "test: DRIFT. Security group rules beside the program: 2."
    lines = render_text(report).splitlines()
    at = lines.index("  BESIDE THE PROGRAM  TCP port 22 (SSH) from 0.0.0.0/0 (everyone) to node (sgr-1)")
    remove = "aws ec2 revoke-security-group-ingress --group-id id-node --security-group-rule-ids"
    assert lines[at + 1] == f"    to remove it: {remove} sgr-1"
    markdown = render_markdown(report)
    ending = f"(`{{0}}`); to remove it: `{remove} {{0}}`\n"
    assert "\n- 🔴 TCP port 22 (SSH) from 0.0.0.0/0 (everyone) to node " + ending.format("sgr-1") in markdown
    assert "\n- TCP port 22 (SSH) from 198.51.100.0/24 to node " + ending.format("sgr-2") in markdown
    assert [each["id"] for each in json.loads(render_json(report))["beside"]] == ["sgr-1", "sgr-2"]


def test_a_way_out_is_revoked_as_one() -> None:
    (told,) = beside_of(a_run(), [rule("sgr-1", IsEgress=True)])
    assert told.remove == "aws ec2 revoke-security-group-egress --group-id id-node --security-group-rule-ids sgr-1"


def test_drift_and_a_rule_beside_in_one_headline() -> None:
    run = a_run(found("delete", "aws:ec2/eip:Eip", "e", {}, None))
    assert drift_of(run, "test", beside_of(run, [rule("sgr-1")])).headline == (
        "test: DRIFT. Of 3 resources: 1 of them gone. Security group rules beside the program: 1."
    )


@mock_aws
def test_ec2_is_asked_for_the_groups_of_the_program_alone() -> None:
    session = boto3.Session("testing", "testing", region_name=REGION)
    ec2 = session.client("ec2")
    ours, theirs = (
        ec2.create_security_group(GroupName=name, Description=name)["GroupId"] for name in ("node", "theirs")
    )
    for group in (ours, theirs):
        ec2.authorize_security_group_ingress(
            GroupId=group, IpProtocol="tcp", FromPort=3389, ToPort=3389, CidrIp="0.0.0.0/0"
        )
    event = found("same", SECURITY_GROUP, "node", {"name": "node"}, {"name": "node"}, state={"id": ours})
    (inward, outward) = find_beside(session, run_of(event))
    assert inward.words == "TCP port 3389 (RDP) from 0.0.0.0/0 (everyone) to node"
    ec2.revoke_security_group_ingress(GroupId=ours, SecurityGroupRuleIds=[inward.id])  # what the command does
    assert [each.words for each in find_beside(session, run_of(event))] == [outward.words]
    # The rule that lets everything out, with which AWS makes a group; the provider removes it from groups of a program.
    assert outward.words == "all protocols and ports from node to 0.0.0.0/0 (everyone)"


def test_without_groups_nobody_is_asked() -> None:
    session = boto3.Session("testing", "testing", region_name=REGION)
    assert find_beside(session, run_of(found("same", "aws:ec2/vpc:Vpc", "v", {}, {}))) == ()
