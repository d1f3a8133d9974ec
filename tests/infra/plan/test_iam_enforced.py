"""The policies of roles, enforced by moto: what a machine's credentials get, and what they are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from infra.plan.iam import plan_group_iam
from infra.plan.naming import group_identity
from infra.spec import InstanceGroupSpec
from tests.infra.samples import sample_spec

SPEC = sample_spec()
PREFIX = SPEC.cluster.name
MEMBER, NODES, EDGE = SPEC.instance_groups
OBJECTS = (
    "config",
    "pki/ca.crt",
    "pki/ca.key",
    "pki/etcd/ca.key",
    "pki/encryption.yaml",
    "igconfig/control-plane/control-plane-a/join.json",
    "igconfig/node/nodes/join.json",
    "igconfig/edge/edge/join.json",
    "backups/etcd/2026.db",
)


@pytest.fixture
def credentials() -> Iterator[dict[str, dict[str, str]]]:
    """Credentials of each group's role, by the group's name."""
    with mock_aws():
        s3, iam, sts = (boto3.client(name, region_name=SPEC.region) for name in ("s3", "iam", "sts"))
        s3.create_bucket(Bucket=SPEC.state.bucket, CreateBucketConfiguration={"LocationConstraint": SPEC.region})
        for key in OBJECTS:
            s3.put_object(Bucket=SPEC.state.bucket, Key=f"{PREFIX}/{key}", Body=b"content")
        found = {}
        for group in SPEC.instance_groups:
            plan = plan_group_iam(SPEC, group)
            role = iam.create_role(RoleName=plan.name, AssumeRolePolicyDocument=plan.trust_policy)["Role"]
            policy = plan.state.policy("arn:aws:kms:eu-central-1:111122223333:key/1234abcd")
            iam.put_role_policy(RoleName=plan.name, PolicyName=plan.policy_name, PolicyDocument=policy)
            given = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="i-0123456789abcdef0")["Credentials"]
            found[group.name] = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"],
            }
        yield found


def got(credentials: dict[str, str], key: str) -> bool:
    s3: Any = boto3.client("s3", region_name=SPEC.region, **credentials)
    try:
        s3.get_object(Bucket=SPEC.state.bucket, Key=f"{PREFIX}/{key}")
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


def readable(group: InstanceGroupSpec) -> set[str]:
    role = {"ControlPlane": "control-plane", "Node": "node", "Edge": "edge"}[group.role]
    own = f"igconfig/{role}/{group_identity(group)}/join.json"
    if group.role == "ControlPlane":
        return {own, "config", *(key for key in OBJECTS if key.startswith(("pki/", "backups/")))}
    return {own}


# The fixture is made before moto begins to judge.
@set_initial_no_auth_action_count(0)
def test_a_machine_gets_what_is_its_groups_and_is_refused_everything_else(
    credentials: dict[str, dict[str, str]],
) -> None:
    for group in SPEC.instance_groups:
        found = {key for key in OBJECTS if got(credentials[group.name], key)}
        assert found == readable(group), group.name
    assert "pki/ca.key" in readable(MEMBER)


# The fixture is made before moto begins to judge.
@set_initial_no_auth_action_count(0)
def test_a_worker_writes_nothing(credentials: dict[str, dict[str, str]]) -> None:
    for name, allowed in (("control-plane-a", True), ("nodes", False), ("edge", False)):
        s3: Any = boto3.client("s3", region_name=SPEC.region, **credentials[name])
        for key in (f"{PREFIX}/backups/etcd/new.db", f"{PREFIX}/running/control-plane-a.json"):
            if allowed:
                s3.put_object(Bucket=SPEC.state.bucket, Key=key, Body=b"content")
                continue
            with pytest.raises(ClientError, match="AccessDenied"):
                s3.put_object(Bucket=SPEC.state.bucket, Key=key, Body=b"content")


# The fixture is made before moto begins to judge.
@set_initial_no_auth_action_count(0)
def test_nobody_writes_over_what_machines_trust(credentials: dict[str, dict[str, str]]) -> None:
    for name in credentials:
        s3: Any = boto3.client("s3", region_name=SPEC.region, **credentials[name])
        for key in ("pki/ca.key", "igconfig/node/nodes/join.json", "config", "running/control-plane-b.json"):
            with pytest.raises(ClientError, match="AccessDenied"):
                s3.put_object(Bucket=SPEC.state.bucket, Key=f"{PREFIX}/{key}", Body=b"mine")
