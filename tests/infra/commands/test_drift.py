"""`slipway drift` beside a recorded one: what it asks AWS for after the engine has looked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from infra.ops.drift.role_policies import ROLE, ROLE_POLICY
from infra.spec import CONFIG_KEY
from tests.infra.commands.test_preview import Run, events, fake_engine, run  # noqa: F401 (a fixture)
from tests.infra.ops.cloud import ACCOUNT
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.drift.test_drift import found
from tests.infra.samples import sample_mapping

NODES = "nodes.test.example.com"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def refreshed(*more: dict[str, Any], **summary: Any) -> str:
    """Return the events of a refresh that found a role and the one policy that the program puts on it."""
    role, policy = {"name": NODES}, {"name": "read-own-state", "role": NODES}
    return events(
        found("same", ROLE, "nodes", role, role, state={"id": NODES}),
        found("same", ROLE_POLICY, "nodes", policy, policy, state={"id": f"{NODES}:read-own-state"}),
        *more,
        **summary,
    )


@pytest.fixture
def engine(
    run: Run,  # noqa: F811
    cloud: None,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Return the file whose events the engine gives, of a project in moto's account with the role in it."""
    stack = {"config": {CONFIG_KEY: sample_mapping(accountId=ACCOUNT)}}
    (tmp_path / "stacks" / "Pulumi.test.yaml").write_text(yaml.safe_dump(stack), encoding="utf-8")
    fake_engine(tmp_path, monkeypatch, "cat given.jsonl\n")
    iam = boto3.client("iam")
    iam.create_role(RoleName=NODES, AssumeRolePolicyDocument=DOCUMENT)
    for name in ("read-own-state", "backdoor"):
        iam.put_role_policy(RoleName=NODES, PolicyName=name, PolicyDocument=DOCUMENT)
    return tmp_path / "given.jsonl"


def test_a_policy_on_a_role_is_found_where_no_security_group_is(run: Run, engine: Path) -> None:  # noqa: F811
    engine.write_text(refreshed(), encoding="utf-8")
    status, out, _ = run("drift", "test")
    assert status == 4
    assert out.splitlines() == [
        "test: DRIFT. Policies of roles beside the program: 1.",
        f"  BESIDE THE PROGRAM  inline policy backdoor of role {NODES}",
        f"    to remove it: aws iam delete-role-policy --role-name {NODES} --policy-name backdoor",
    ]


def test_nobody_is_asked_after_a_run_that_did_not_end(run: Run, engine: Path) -> None:  # noqa: F811
    engine.write_text(refreshed(result="failed"), encoding="utf-8")
    status, out, _ = run("drift", "test")
    assert status == 1
    assert "BESIDE" not in out


def test_recorded_events_ask_nobody(run: Run, engine: Path) -> None:  # noqa: F811
    engine.write_text(refreshed(), encoding="utf-8")
    assert run("drift", "test", "--from", engine.name)[0] == 0
