"""`slipway preview` and `slipway drift` on the real engine: the right verdict, and nothing changed by looking."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.project import write_project, write_stack_file
from tests.e2e.commands import slipway
from tests.e2e.conftest import Rehearsed
from tests.e2e.specs import REGION, small, with_group

pytestmark = pytest.mark.e2e

BEFORE = {"etcdZone": f"{REGION}a", "sshFrom": "203.0.113.0/24", "plantedSecret": "planted-before-1f2e3d"}
AFTER = {"etcdZone": f"{REGION}b", "sshFrom": "0.0.0.0/0", "plantedSecret": "planted-after-4c5b6a"}
VOLUME = "urn:pulumi:looked::slipway::aws:ebs/volume:Volume::etcd-a"


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    spec = small("looked")
    program = Path(__file__).parent / "programs" / "stateful.py"
    project = write_project(home / "project-looked", "looked", spec, program=program)
    environment = Rehearsed("looked", project, home, spec)
    declare(environment, spec, BEFORE)
    try:
        environment.run("up", "--skip-preview").ok()
        yield environment
    finally:
        environment.run("down", "--yes")


def declare(env: Rehearsed, spec: dict[str, Any], beside: dict[str, str]) -> None:
    """Write the stack file: the environment, and the configuration of what the program has beside it."""
    path = write_stack_file(env.project, env.name, spec)
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["config"] |= {f"beside:{key}": value for key, value in beside.items()}
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def state(env: Rehearsed) -> dict[str, Any]:
    exported: dict[str, Any] = json.loads(env.engine("stack", "export").ok().output)
    return exported


def test_01_without_a_change_it_says_so(env: Rehearsed) -> None:
    done = slipway(env, "preview")
    assert (done.status, done.output) == (0, "looked: nothing changes.\n")


def test_02_a_lost_disk_stops_and_is_said_first(env: Rehearsed) -> None:
    before = state(env)
    changed = with_group(env.spec, "nodes", machineType="m7i.xlarge")
    declare(env, changed, AFTER)
    done = slipway(env, "preview", "--format", "markdown")
    assert done.status == 3, done.output
    head, _, rest = done.output.partition("### What will happen")
    assert "1 resource that cannot be made again would be replaced or deleted" in head
    assert f"ebs Volume etcd-a would be REPLACED by an empty one, because of availabilityZone ({REGION}a" in head
    assert VOLUME in head
    assert "1 machine must be drained and replaced" in rest
    assert "nodes (1 machine). The update itself replaces none." in rest
    assert "machine type m7i.large → m7i.xlarge" in rest
    assert "opens TCP port 22 (SSH) from 0.0.0.0/0 (everyone) to bastion — Administrators" in rest
    assert "closes TCP port 22 (SSH) from 203.0.113.0/24 to bastion" in rest
    assert "Monthly cost: +$88.15 (list prices of 2025-03-02)" in rest
    assert "The Kubernetes API is not interrupted." in rest
    assert "planted" not in done.output
    assert "- value: [secret]\n+ value: [secret]" in done.output
    assert state(env) == before
    # Nobody has asked the stand-in for an image for such processors before: the shell's preview finds one.
    declare(env, with_group(env.spec, "nodes", machineType="m7g.large"), BEFORE)
    done = slipway(env, "preview")
    assert done.status == 0, done.output
    assert "machine type m7i.large → m7g.large" in done.output
    declare(env, changed, AFTER)


def test_03_an_explicit_word_waives_and_the_approved_plan_is_what_is_applied(env: Rehearsed, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    done = slipway(env, "preview", "--format", "json", "--waive", VOLUME, "--save-plan", str(plan))
    report = json.loads(done.output)
    assert (done.status, report["verdict"], report["exitCode"]) == (0, "attention", 0)
    assert [(each["urn"], each["waived"]) for each in report["dangers"]] == [(VOLUME, True)]
    assert report["unknownWaivers"] == []

    env.engine("up", "--yes", "--skip-preview", "--non-interactive", f"--plan={plan}").ok()
    assert slipway(env, "preview").output == "looked: nothing changes.\n"

    slipway(env, "preview", "--save-plan", str(plan))
    more = with_group(env.spec, "nodes", machineType="m7i.2xlarge")
    declare(env, more, AFTER)
    refused = env.engine("up", "--yes", "--skip-preview", "--non-interactive", f"--plan={plan}")
    assert refused.status != 0
    assert "violates plan" in refused.output
    templates = env.client("ec2").describe_launch_template_versions(
        LaunchTemplateName="nodes.looked.example.com", Versions=["$Latest"]
    )["LaunchTemplateVersions"]
    assert [each["LaunchTemplateData"]["InstanceType"] for each in templates] == ["m7i.xlarge"]


def test_04_drift_is_found_and_neither_state_nor_cloud_is_written(env: Rehearsed) -> None:
    approved = with_group(env.spec, "nodes", machineType="m7i.xlarge")
    declare(env, approved, AFTER)
    env.run("up", "--skip-preview").ok()
    done = slipway(env, "drift")
    assert done.status == 0, done.output
    assert done.output.startswith("looked: no drift in ")
    before = state(env)
    env.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="nodes.looked.example.com", MaxSize=9)
    ec2 = env.client("ec2")
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["bastion"]}])["SecurityGroups"]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}])
    (ssh,) = [each for each in rules["SecurityGroupRules"] if each.get("FromPort") == 22]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], SecurityGroupRuleIds=[ssh["SecurityGroupRuleId"]])
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"], IpProtocol="tcp", FromPort=3389, ToPort=3389, CidrIp="0.0.0.0/0"
    )
    role, anything = "nodes.looked.example.com", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [anything]})
    env.client("iam").put_role_policy(RoleName=role, PolicyName="backdoor", PolicyDocument=policy)

    done = slipway(env, "drift", "--format", "json")
    report = json.loads(done.output)
    assert (done.status, report["verdict"]) == (4, "drift")
    assert [each["label"] for each in report["gone"]] == ["vpc SecurityGroupIngressRule ssh"]
    found = [(each["label"], each["path"], each["expected"], each["found"]) for each in report["drifted"]]
    assert found == [("autoscaling Group nodes", "maxSize", "3", "9")]
    beside = [(each["words"], each["alarming"]) for each in report["beside"]]
    assert beside == [("TCP port 3389 (RDP) from 0.0.0.0/0 (everyone) to bastion", True)]
    assert [each["words"] for each in report["policies"]] == [f"inline policy backdoor of role {role}"]
    assert state(env) == before


def test_05_the_policy_pack_stops_every_breach(env: Rehearsed, policy_pack: Path) -> None:
    declare(env, env.spec, {**AFTER, "unruly": "true"})
    done = slipway(env, "preview", "--format", "json", f"--policy-pack={policy_pack}")
    report = json.loads(done.output)
    broken = {(each["policy"], each["urn"].rpartition("::")[2]) for each in report["violations"]}
    assert broken == {
        ("closed-to-the-world", "ssh"),
        ("imdsv2", "lax"),
        ("encrypted-volumes", "scratch"),
        ("no-public-bucket", "open"),
        ("protected-stateful", "etcd-a"),
        ("backups-are-kept", "forgetful"),
    }
    assert {each["level"] for each in report["violations"]} == {"mandatory"}
    assert (done.status, report["verdict"]) == (1, "failed")
    before = state(env)
    refused = env.engine("up", "--yes", "--skip-preview", "--non-interactive", f"--policy-pack={policy_pack}")
    assert refused.status != 0
    # An update stops at the first breach that it meets.
    assert re.search(r"slipway@v\S+ .*\n +- \[mandatory\]  [a-z-]+2?  \(aws:", refused.output), refused.output
    names = {each["urn"].rpartition("::")[2] for each in state(env)["deployment"]["resources"]}
    assert names == {each["urn"].rpartition("::")[2] for each in before["deployment"]["resources"]}


def test_06_an_engine_that_fails_is_status_1_with_its_reason(env: Rehearsed) -> None:
    declare(env, env.spec, {key: value for key, value in AFTER.items() if key != "etcdZone"})
    done = slipway(env, "preview")
    assert done.status == 1
    assert "looked: the preview FAILED" in done.output
    assert "etcdZone" in done.output
