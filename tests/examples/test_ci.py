"""The examples for CI: scripts that are sound, workflows that give nothing away, roles that may only what they must."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.test_commands import commands_in, refusal
from tests.examples.iam import statements
from tests.infra.plan.policy_linter import findings

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "examples" / "ci"
WORKFLOWS = sorted((CI / "github").glob("*.yml"))
POLICIES = sorted(set((CI / "iam").glob("*.json")) - set((CI / "iam").glob("*-trust.json")))
GENERIC = CI / "generic.sh"
MANAGED_POLICY_LIMIT = 6144
"""Characters of a managed policy, white space not counted (IAM User Guide, "IAM and AWS STS quotas")."""


def workflow(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in workflow(path)["jobs"].values() for step in job["steps"]]


def shellcheck(*arguments: str, text: str | None = None) -> str:
    command = [str(Path(sys.executable).parent / "shellcheck"), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False).stdout


def test_there_are_three_workflows() -> None:
    assert [path.stem for path in WORKFLOWS] == ["deploy", "drift", "preview"]


@pytest.mark.parametrize("path", [GENERIC, CI / "github" / "comment.sh"], ids=lambda path: path.name)
def test_scripts_are_sound(path: Path) -> None:
    assert shellcheck(str(path)) == ""
    assert os.access(path, os.X_OK)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_give_nothing_away(path: Path) -> None:
    document, text = workflow(path), path.read_text(encoding="utf-8")
    # YAML 1.1 reads the key `on` as true.
    assert "pull_request_target" not in document[True]
    assert document["permissions"] == {}
    assert "${{ secrets." not in text
    assert "concurrency" in text
    for job in document["jobs"].values():
        assert "contents" in job["permissions"]
    for step in steps(path):
        # What others wrote (titles, branches) reaches a shell through the environment only.
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_commands_of_workflows_are_accepted(path: Path) -> None:
    for step in steps(path):
        run = step.get("run", "")
        assert shellcheck("--shell=bash", "-", text=run) == ""
        for line in run.replace("./slipway", "slipway").splitlines():
            for words in commands_in(line.strip()):
                assert refusal(words) is None, words


def test_a_fork_gets_no_token() -> None:
    jobs = workflow(CI / "github" / "preview.yml")["jobs"]
    assert jobs["fork"]["permissions"] == {"contents": "read"}
    assert jobs["preview"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert jobs["fork"]["if"] == "github.event.pull_request.head.repo.full_name != github.repository"


def test_only_the_job_that_waits_for_reviewers_takes_the_deploy_role() -> None:
    for path in WORKFLOWS:
        for job in workflow(path)["jobs"].values():
            roles = [step.get("with", {}).get("role-to-assume", "") for step in job["steps"]]
            if any("slipway-deploy" in role for role in roles):
                assert (path.stem, job["environment"]) == ("deploy", "prod")


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_policies_are_clean_and_fit(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    granted = statements([path, *(CI / "iam").glob("deploy-role-*.json")] if "deploy-role" in path.stem else [path])
    assert [each for each in findings(text) if not is_made_in_two_statements(each, granted)] == []
    assert len(re.sub(r"\s", "", text)) <= MANAGED_POLICY_LIMIT


def is_made_in_two_statements(finding: str, policy: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a statement is found to lack what an action acts on, and another of its role has that.

    What is created is told by the request's tags, and what it is created in by its own: one statement cannot say both.
    """
    lacking = re.findall(r"'action': '([\w:]+)', 'required_format': 'arn:\*:\w+:\*:\*:([a-z-]+)/\*'", finding)
    granted = {
        (action, resource.split(":")[-1].split("/")[0])
        for each in policy
        for action in (each["Action"] if isinstance(each["Action"], list) else [each["Action"]])
        for resource in (each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]])
    }
    return finding.startswith("RESOURCE_MISMATCH") and bool(lacking) and set(lacking) <= granted


READ_OF_ALL = r":(Describe|List)|^servicequotas:GetServiceQuota$"
"""Actions that may be allowed on everything: they read, and most of them know no resource."""


def actions(path: Path) -> set[str]:
    allowed: set[str] = set()
    for statement in json.loads(path.read_text(encoding="utf-8"))["Statement"]:
        found = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if statement["Effect"] == "Allow":
            allowed |= set(found)
            # Nothing has a name before it is made; what it is tagged with bounds it then.
            tagged = any("aws:RequestTag/" in key for key in statement.get("Condition", {}).get("StringEquals", ()))
            assert statement["Resource"] != "*" or tagged or all(re.search(READ_OF_ALL, each) for each in found)
    return allowed


def test_the_preview_role_only_reads() -> None:
    words = {action.partition(":")[2] for action in actions(CI / "iam" / "preview-role.json")}
    assert {word for word in words if not word.startswith(("Get", "List", "Describe"))} == {"Decrypt"}


def test_no_role_may_delete_history_or_make_itself_more() -> None:
    allowed = set().union(*(actions(path) for path in POLICIES))
    assert not any("*" in action for action in allowed)
    assert not allowed & {
        "s3:DeleteBucket", "s3:DeleteObjectVersion", "kms:ScheduleKeyDeletion", "iam:AttachRolePolicy",
        "iam:CreateUser", "iam:PutUserPolicy", "iam:CreatePolicyVersion",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["preview", "deploy"])
def test_roles_trust_one_repository(name: str) -> None:
    document = json.loads((CI / "iam" / f"{name}-trust.json").read_text(encoding="utf-8"))
    (statement,) = document["Statement"]
    condition = statement["Condition"]["StringEquals"]
    assert condition["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    subjects = condition["token.actions.githubusercontent.com:sub"]
    expected = {
        "preview": ["repo:acme/infrastructure:pull_request", "repo:acme/infrastructure:ref:refs/heads/main"],
        "deploy": "repo:acme/infrastructure:environment:prod",
    }
    assert subjects == expected[name]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a stand-in for each program that the script calls; they write down how they were called."""
    for name in ("slipway", "pulumi"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> calls\nexit "$(cat status-{name} 2>/dev/null || echo 0)"\n')
        program.chmod(0o755)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "venv.py").write_text("import sys\nopen('prepared', 'a').write(f'{sys.argv[1:]}\\n')\n")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    for message in ("one", "two\n\nSlipway-Waive: urn:a", "three\n\nSlipway-Waive: group-b"):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], cwd=tmp_path, check=True)
    return tmp_path


def generic(checkout: Path, *arguments: str) -> int:
    environment = {**os.environ, "PATH": f"{checkout}:{os.environ['PATH']}"}
    done = subprocess.run([GENERIC, *arguments], cwd=checkout, env=environment, capture_output=True, check=False)
    return done.returncode


def calls(checkout: Path) -> list[str]:
    path = checkout / "calls"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_the_script_hands_on_what_was_waived_and_how_it_ended(checkout: Path) -> None:
    (checkout / "status-slipway").write_text("3")
    assert generic(checkout, "preview", "prod", "out", "HEAD~2") == 3
    assert (checkout / "out" / "status").read_text() == "3\n"
    (call,) = calls(checkout)
    assert call.startswith("slipway preview prod --format json --write out/report.json --comment out/report.md ")
    assert call.endswith("--waive=group-b --waive=urn:a")
    assert (checkout / "prepared").read_text() == "['policy']\n"
    assert generic(checkout, "preview", "prod", "out") == 3
    assert calls(checkout)[1].endswith("--waive=group-b")


def test_only_an_approved_plan_is_applied(checkout: Path) -> None:
    assert generic(checkout, "apply", "prod", "out") == 2
    out = checkout / "out"
    (out / "plan.json").write_text("{}")
    (out / "status").write_text("3\n")
    assert generic(checkout, "apply", "prod", "out") == 3
    assert calls(checkout) == []
    (out / "status").write_text("0\n")
    assert generic(checkout, "apply", "prod", "out") == 0
    assert calls(checkout) == [
        "pulumi up --stack prod --plan out/plan.json --policy-pack policy --skip-preview --yes --non-interactive"
    ]


def test_drift_keeps_its_status(checkout: Path) -> None:
    (checkout / "status-slipway").write_text("4")
    assert generic(checkout, "drift", "prod", "out") == 4
    assert calls(checkout) == ["slipway drift prod --format markdown --write out/report.md"]


@pytest.mark.parametrize("status", [0, 1])
def test_the_rules_of_environments_are_asked_once_the_packages_are_there(checkout: Path, status: int) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\n[ -e prepared ] && echo python "$@" >> calls\nexit {status}\n')
    python.chmod(0o755)
    assert generic(checkout, "test") == status
    assert (checkout / "prepared").read_text() == "[]\n"
    assert calls(checkout) == ["python -m pytest stacks/tests"]


def test_a_wrong_call_is_refused(checkout: Path) -> None:
    assert generic(checkout, "preview", "prod") == 2
    assert generic(checkout, "destroy", "prod", "out") == 2
    assert generic(checkout, "test", "prod") == 2
    assert calls(checkout) == []
