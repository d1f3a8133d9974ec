from __future__ import annotations

import json
from collections import Counter
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from infra.ops.drift.beside import beside_of
from infra.ops.drift.render import render_json, render_markdown, render_text
from infra.ops.drift.report import drift_of
from infra.ops.drift.role_policies import ROLE, ROLE_POLICY, BesidePolicy, find_policies
from infra.ops.errors import RefusedError
from infra.ops.preview.events import Run
from infra.ops.preview.permissions import ATTACHMENT
from tests.infra.ops.drift.test_beside import a_run, rule
from tests.infra.ops.drift.test_drift import found
from tests.infra.ops.preview.made import REGION, run_of

NODES = "nodes.test.example.com"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
BACKDOOR = BesidePolicy(
    "backdoor",
    NODES,
    f"inline policy backdoor of role {NODES}",
    f"aws iam delete-role-policy --role-name {NODES} --policy-name backdoor",
)


def resource(kind: str, name: str, inputs: dict[str, Any], identifier: str) -> dict[str, Any]:
    return found("same", kind, name, inputs, inputs, state={"id": identifier})


def the_run(*more: dict[str, Any], **role: Any) -> Run:
    """Return a refresh that found a role of the program with the one inline policy that it declares."""
    return run_of(
        resource(ROLE, "nodes", {"name": NODES, **role}, NODES),
        resource(ROLE_POLICY, "nodes", {"name": "read-own-state", "role": NODES}, f"{NODES}:read-own-state"),
        *more,
    )


class Account:
    """An account of moto with roles, as the program and somebody else have left them."""

    def __init__(self) -> None:
        self.session = boto3.Session("testing", "testing", region_name=REGION)
        self.iam = self.session.client("iam")
        self.asked = Counter[tuple[str, str]]()
        self.add(NODES, "read-own-state")
        self.session.events.register("provide-client-params.iam", self._count)

    def add(self, role: str, *inline: str) -> None:
        self.iam.create_role(RoleName=role, AssumeRolePolicyDocument=DOCUMENT)
        for name in inline:
            self.put(role, name)

    def put(self, role: str, name: str) -> None:
        self.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=DOCUMENT)

    def attach(self, role: str, name: str) -> str:
        arn = self.iam.create_policy(PolicyName=name, PolicyDocument=DOCUMENT)["Policy"]["Arn"]
        self.iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        return str(arn)

    def _count(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.asked[model.name, params.get("RoleName", "")] += 1


@mock_aws
def test_the_programs_own_policies_are_left_out() -> None:
    account = Account()
    arn = account.attach(NODES, "declared")
    attached = resource(ATTACHMENT, "more", {"role": NODES, "policyArn": arn}, f"{NODES}-1")
    assert find_policies(account.session, the_run(attached)) == ()


@mock_aws
def test_a_policy_added_by_hand_is_named_with_its_role_and_what_removes_it() -> None:
    account = Account()
    account.put(NODES, "backdoor")
    arn = account.attach(NODES, "broad")
    assert find_policies(account.session, the_run()) == (
        BACKDOOR,
        BesidePolicy(
            arn,
            NODES,
            f"managed policy {arn} of role {NODES}",
            f"aws iam detach-role-policy --role-name {NODES} --policy-arn {arn}",
        ),
    )


@mock_aws
def test_a_policy_declared_for_another_role_is_beside_on_this_one() -> None:
    account = Account()
    account.add("edge.test.example.com", "read-own-state")
    run = the_run(resource(ROLE, "edge", {}, "edge.test.example.com"))
    assert [(each.role, each.id) for each in find_policies(account.session, run)] == [
        ("edge.test.example.com", "read-own-state")
    ]


@mock_aws
def test_roles_of_others_are_not_asked_for_and_ours_once() -> None:
    account = Account()
    account.add("theirs", "backdoor")
    account.add("edge.test.example.com")
    account.asked.clear()
    run = the_run(resource(ROLE, "edge", {}, "edge.test.example.com"), resource(ROLE, "again", {}, NODES))
    assert find_policies(account.session, run) == ()
    assert account.asked == {
        (operation, role): 1
        for operation in ("ListRolePolicies", "ListAttachedRolePolicies")
        for role in (NODES, "edge.test.example.com")
    }


@mock_aws
@pytest.mark.parametrize(("within", "left"), [("inlinePolicies", "managed"), ("managedPolicyArns", "inline")])
def test_what_a_role_declares_within_itself_is_the_refreshs_to_compare(within: str, left: str) -> None:
    account = Account()
    account.put(NODES, "backdoor")
    account.attach(NODES, "broad")
    (told,) = find_policies(account.session, the_run(**{within: []}))
    assert told.words.startswith(f"{left} policy ")


def test_every_page_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    session = boto3.Session("testing", "testing", region_name=REGION)
    iam = session.client("iam")
    monkeypatch.setattr(session, "client", lambda _: iam)
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    asked = {"RoleName": NODES}
    with Stubber(iam) as stub:
        for operation, key, pages in (
            ("list_role_policies", "PolicyNames", (["read-own-state"], ["backdoor"])),
            ("list_attached_role_policies", "AttachedPolicies", ([], [{"PolicyName": "a", "PolicyArn": arn}])),
        ):
            stub.add_response(operation, {key: pages[0], "IsTruncated": True, "Marker": "m"}, asked)
            stub.add_response(operation, {key: pages[1], "IsTruncated": False}, {**asked, "Marker": "m"})
        assert [each.id for each in find_policies(session, the_run())] == ["backdoor", arn]


@mock_aws
def test_a_role_that_is_gone_is_not_asked_for() -> None:
    session = boto3.Session("testing", "testing", region_name=REGION)
    assert find_policies(session, run_of(found("delete", ROLE, "nodes", {}, None))) == ()


@mock_aws
def test_a_refusal_names_what_was_being_done() -> None:
    session = boto3.Session("testing", "testing", region_name=REGION)
    with pytest.raises(RefusedError, match="cannot read the policies of the environment's roles: NoSuchEntity"):
        find_policies(session, the_run())


def test_it_is_drift_and_is_told_in_every_form() -> None:
    report = drift_of(the_run(), "test", (), (BACKDOOR,))
    assert (report.verdict, report.exit_code) == ("drift", 4)
    assert report.headline == "test: DRIFT. Policies of roles beside the program: 1."
    lines = render_text(report).splitlines()
    at = lines.index(f"  BESIDE THE PROGRAM  {BACKDOOR.words}")
    assert lines[at + 1] == f"    to remove it: {BACKDOOR.remove}"
    assert (
        "### Policies of its roles that the program does not declare\n\n"
        f"- {BACKDOOR.words}; to remove it: `{BACKDOOR.remove}`\n"
    ) in render_markdown(report)
    (told,) = json.loads(render_json(report))["policies"]
    assert (told["id"], told["role"], told["remove"]) == ("backdoor", NODES, BACKDOOR.remove)


def test_rules_and_policies_in_one_headline() -> None:
    report = drift_of(a_run(), "test", beside_of(a_run(), [rule("sgr-1")]), (BACKDOOR,))
    assert report.headline == (
        "test: DRIFT. Security group rules beside the program: 1. Policies of roles beside the program: 1."
    )


def test_what_a_provider_fills_in_of_a_roles_policies_is_not_told_as_no_drift() -> None:
    event = found("refresh", ROLE, "nodes", {"name": NODES}, {"name": NODES})
    states = event["resOutputsEvent"]["metadata"]
    filled = {"inlinePolicies": [{"name": "backdoor"}], "managedPolicyArns": ["arn:aws:iam::aws:policy/X"]}
    states["new"] = {**states["new"], "outputs": {**filled, "other": 1}}
    report = drift_of(run_of(event), "test")
    assert [each.path for each in report.moved] == ["other"]
