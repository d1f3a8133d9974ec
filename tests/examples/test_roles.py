"""The roles for CI may do what the program's resources need, and the role of previews nothing that changes anything."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.spec import EnvironmentSpec, from_mapping
from tests.examples.aws_calls import ACCOUNT, ARNS, BUCKET, CLUSTER, FUNCTIONS, REGION, STATE_KEY, TABLE
from tests.examples.iam import Request, allowed, statements
from tests.examples.network_calls import EXISTING
from tests.infra.programs import ROOT, declared

IAM = ROOT / "examples" / "ci" / "iam"
ATTACHED = {
    "preview": ("preview-role", "preview-no-keys"),
    "deploy": ("deploy-role-state-and-groups", "deploy-role-network", "deploy-role-services", "preview-role"),
}
"""Role -> its policies, as the README beside them says."""

KEPT_OUT: Mapping[tuple[str, str], str] = {
    ("deploy", "ec2:DeleteVolume"): "etcd's disks: a person destroys an environment",
    ("deploy", "ec2:CreateSnapshot"): "only ever made of a disk that is being deleted",
    ("deploy", "s3:DeleteBucket"): "history and backups",
    ("deploy", "s3:PutBucketVersioning"): "the bootstrap switches it on, and nothing may switch it off",
    ("deploy", "s3:DeleteBucketPolicy"): "a policy is only ever exchanged for another",
    ("deploy", "kms:ScheduleKeyDeletion"): "without the key no image can be pulled",
    ("deploy", "ecr:DeleteRepository"): "images that machines may still pull",
    (
        "deploy",
        "kms:CreateAlias state",
    ): "the bootstrap has named the key of the state, and the program adopts the name",
    ("deploy", "kms:UpdateAlias state"): "another key under that name would lock the state away",
    ("deploy", "kms:DeleteAlias state"): "the name by which the engine finds the key",
    ("deploy", "kms:ScheduleKeyDeletion state"): "without the key nothing in the bucket can be read",
    ("deploy", "s3:DeleteObjectVersion"): "the provider deletes all versions of an object. What the program no longer "
    "declares is kept (`retain_on_delete`), but for the cluster's own record, which a person destroys with it",
    ("deploy", "s3:DeleteObject pki"): "keys and certificates: they are exchanged, and their versions stay",
}
"""What a type's calls have, and a role must not: role and action -> why."""


@cache
def everything() -> EnvironmentSpec:
    """Return the environment ``prod`` under the names of the documents, with all that is switched off in it."""
    raw = yaml.safe_load((ROOT / "stacks" / "Pulumi.prod.yaml").read_text(encoding="utf-8"))
    spec = raw["config"]["slipway:environment"]
    edge = yaml.safe_load((ROOT / "tests" / "scenarios" / "edge" / "Pulumi.edge.yaml").read_text(encoding="utf-8"))
    spec["accountId"] = ACCOUNT
    spec["cluster"] |= {
        "name": CLUSTER,
        "namespaces": [{"name": "shop"}, {"name": "data"}],
        "api": {"access": "public", "allowedCidrs": ["203.0.113.0/24"], "hostedZone": "Z0123456789ABCDEFGHIJ"},
    }
    spec["edge"] = edge["config"]["slipway:environment"]["edge"]
    spec["registry"] = {"services": ["web"], "pulledFrom": ["222233334444"]}
    spec["network"]["flowLogs"] = {"enabled": True}
    return from_mapping(spec, "prod")


@cache
def resources() -> tuple[tuple[str, str, dict[str, Any]], ...]:
    """Return type, name and inputs of each AWS resource that the program declares for it.

    Of rules, objects and other things of which there are many, ten are enough where none has a name of its own.
    """
    recorder, seen = declared(everything()), Counter[str]()
    found = []
    for token, name in sorted(recorder.requests):
        seen[token] += 1
        if token.startswith("aws:") and (seen[token] <= 10 or not token.startswith(("aws:vpc/", "aws:ec2/"))):
            found.append((token, name, dict(recorder.inputs(token, name))))
    return tuple(found)


@cache
def policy_of(role: str) -> list[dict[str, Any]]:
    """Return the statements of a role's policies."""
    return statements(IAM / f"{each}.json" for each in ATTACHED[role])


def requests(calls: str, name: str, inputs: Mapping[str, Any]) -> Iterator[tuple[str, Request]]:
    """Yield each request of a list of calls, with the action's name in :data:`KEPT_OUT`."""
    mark = " state" if name == "state" else " pki" if "/pki/" in str(inputs.get("key", "")) else ""
    for call in filter(None, (each.strip() for each in calls.split(";"))):
        action, *words = call.split()
        for word in words:
            resource, context = target(word, {**inputs, "alias": inputs.get("alias") or name})
            if action == "iam:PassRole":
                service = "vpc-flow-logs" if "flow-logs" in word else "ec2"
                context = {"iam:PassedToService": f"{service}.amazonaws.com"}
            if action == "iam:CreateServiceLinkedRole":
                context = {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}
            if action == "ec2:RunInstances":
                template = f"arn:aws:ec2:{REGION}:{ACCOUNT}:launch-template/lt-1a2b"
                context = {**context, "ec2:LaunchTemplate": template}
            marked = action.startswith("kms:") or action == "s3:DeleteObject"
            yield f"{action}{mark if marked else ''}", Request(action, resource, context)


def target(word: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the ARN that a word of the table stands for, and what tags the request and the resource have."""
    ours = {"KubernetesCluster": CLUSTER, "slipway/environment": "prod"}
    on_request = {f"aws:RequestTag/{key}": value for key, value in ours.items()}
    on_resource = {f"aws:ResourceTag/{key}": value for key, value in ours.items()}
    state, bucket = ("arn:aws:kms", f"arn:aws:s3:::{BUCKET}")
    fixed: dict[str, tuple[str, dict[str, str]]] = {
        "*": ("*", {}),
        "flow-logs-role": (f"arn:aws:iam::{ACCOUNT}:role/flow-logs.{CLUSTER}", {}),
        "*-tagged": ("*", on_request),
        "new-key": (f"{state}:{REGION}:{ACCOUNT}:key/other", on_request),
        "images-key": (f"{state}:{REGION}:{ACCOUNT}:key/other", on_resource),
        "state-key": (f"{state}:{REGION}:{ACCOUNT}:key/{STATE_KEY}", {}),
        "config": (f"{bucket}/{CLUSTER}/config", {}),
        "public-parameter": (f"arn:aws:ssm:{REGION}::parameter/aws/service/debian/release/12/latest/amd64", {}),
    }
    if word in fixed:
        return fixed[word]
    kind, _, of = word.partition(":")
    if kind in ("new", "own", "adopted") and of:
        context = {"new": on_request, "own": on_resource, "adopted": on_request}[kind]
        return f"arn:aws:ec2:{REGION}:{ACCOUNT}:{of}/x-1a2b", context
    return ARNS[word](inputs), on_resource


def refused(role: str, calls: str, name: str, inputs: Mapping[str, Any]) -> set[str]:
    """Return what a role may not do of a list of calls."""
    policy = policy_of(role)
    return {
        f"{action} on {request.resource}"
        for action, request in requests(calls, name, inputs)
        if not allowed(policy, request)
    }


def test_every_type_of_the_program_has_its_calls_written_down() -> None:
    written = set()
    for path in (ROOT / "infra").rglob("*.py"):
        written |= set(re.findall(r"\baws\.([a-z0-9]+)\.([A-Z]\w+)\(", path.read_text(encoding="utf-8")))
    classes = {(module, name) for module, name in written if not name.endswith("Args") and name != "Metric"}
    known = {(token.split(":")[1].split("/")[0], token.rpartition(":")[2]) for token in {**TABLE, **EXISTING}}
    assert classes == known
    assert {token for token, _, _ in resources()} == set(TABLE)


def test_every_look_up_of_the_program_has_its_calls_written_down() -> None:
    invoked = {token for token, _ in declared(everything()).invoked}
    assert invoked <= set(FUNCTIONS)


@pytest.mark.parametrize("token", sorted(TABLE))
def test_the_deploy_role_may_do_what_a_type_needs(token: str) -> None:
    calls, found = TABLE[token], set()
    kept = {action for role, action in KEPT_OUT if role == "deploy"}
    for _, name, inputs in (each for each in resources() if each[0] == token):
        for each in (calls.create, calls.read, calls.update, calls.delete):
            found |= {
                refusal for refusal in refused("deploy", each, name, inputs) if refusal.split(" on ")[0] not in kept
            }
    assert found == set()


@pytest.mark.parametrize("token", sorted(TABLE))
def test_the_preview_role_may_read_a_type_and_change_nothing(token: str) -> None:
    calls = TABLE[token]
    for _, name, inputs in (each for each in resources() if each[0] == token):
        key = str(inputs.get("key", ""))
        secret = "/pki/" in f"/{key}"
        assert refused("preview", calls.read, name, inputs) == (
            {f"s3:GetObject on arn:aws:s3:::{BUCKET}/{key}"} if secret else set()
        )
        for changing in (calls.create, calls.update, calls.delete):
            reads = re.compile(r"^\w+:(Get|List|Describe)|^kms:(Decrypt|RetireGrant)")
            asked = {f"{action} on {each.resource}" for action, each in requests(changing, name, inputs)}
            assert {each for each in asked if not reads.match(each)} <= refused("preview", changing, name, inputs)


@pytest.mark.parametrize("role", sorted(ATTACHED))
def test_a_role_may_make_the_programs_look_ups(role: str) -> None:
    for calls in FUNCTIONS.values():
        assert refused(role, calls, "state", {"bucket": BUCKET}) == set()


def test_what_is_kept_out_is_refused_and_still_asked_for() -> None:
    met = set()
    for token, name, inputs in resources():
        calls = TABLE[token]
        for each in (calls.create, calls.read, calls.update, calls.delete):
            met |= {refusal.split(" on ")[0] for refusal in refused("deploy", each, name, inputs)}
    assert met == {action for _, action in KEPT_OUT}


def test_nothing_of_another_cluster_can_be_changed() -> None:
    policy = policy_of("deploy")
    theirs = {"aws:ResourceTag/KubernetesCluster": "other.example.com", "aws:ResourceTag/slipway/environment": "other"}
    ec2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
    for action, resource in (
        ("ec2:TerminateInstances", f"{ec2}:instance/i-1"),
        ("ec2:DeleteVpc", f"{ec2}:vpc/vpc-1"),
        ("ec2:CreateTags", f"{ec2}:security-group/sg-1"),
        ("ec2:AuthorizeSecurityGroupIngress", f"{ec2}:security-group/sg-1"),
        ("ec2:CreateSubnet", f"{ec2}:vpc/vpc-1"),
        ("ec2:CreateNetworkInterface", f"{ec2}:subnet/subnet-1"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/nodes.other.example.com"),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/nodes.other.example.com"),
        ("logs:DeleteLogGroup", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/slipway/other.example.com/audit:*"),
        ("kms:PutKeyPolicy", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/theirs"),
        ("s3:PutObject", "arn:aws:s3:::acme-slipway-staging/x"),
        ("sqs:DeleteQueue", f"arn:aws:sqs:{REGION}:{ACCOUNT}:other-example-com-nth"),
    ):
        assert not allowed(policy, Request(action, resource, {**theirs, "aws:RequestTag/KubernetesCluster": CLUSTER}))


def test_the_readme_names_the_policies_of_each_role() -> None:
    rows = [
        line for line in (IAM / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `slipway-")
    ]
    for role, row in zip(("preview", "deploy"), rows, strict=True):
        named = set(re.findall(r"([a-z-]+)\.json", row)) - {f"{role}-trust"}
        assert named == set(ATTACHED[role])


def test_the_simulation_denies_first_and_needs_every_condition(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    allow = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*", "Condition": {"StringEquals": {"a": ["x", "y"]}}}
    deny = {"Effect": "Deny", "Action": ["ec2:Delete*"], "Resource": "arn:?", "Condition": {"Null": {"b": "true"}}}
    path.write_text(json.dumps({"Statement": [allow, deny]}), encoding="utf-8")
    policy = statements([path])
    assert allowed(policy, Request("ec2:CreateTags", "arn:1", {"a": "y"}))
    assert not allowed(policy, Request("ec2:CreateTags", "arn:1"))
    assert not allowed(policy, Request("ec2:CreateTags", "arn:1", {"a": "z"}))
    assert not allowed(policy, Request("ec2:DeleteVpc", "arn:1", {"a": "x"}))
    assert allowed(policy, Request("ec2:DeleteVpc", "arn:1", {"a": "x", "b": "1"}))
    assert allowed(policy, Request("ec2:DeleteVpc", "arn:12", {"a": "x"}))
    assert not allowed(policy, Request("s3:GetObject", "arn:1", {"a": "x"}))
    with pytest.raises(NotImplementedError):
        allowed([{**allow, "Condition": {"IpAddress": {"a": "b"}}}], Request("ec2:CreateTags", "arn:1", {"a": "x"}))
