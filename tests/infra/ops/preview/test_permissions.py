"""Whose permission it is that changes, and in which direction."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.ops.preview.made import UNKNOWN_VALUE, report_of, step

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
READS = {"role": "nodes", "policy": '{"Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}'}
EC2 = '{"Service": "ec2.amazonaws.com"}'
TRUST = f'{{"Statement": [{{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {EC2}}}]}}'
TAKEN = "nodes (who may take the role) may now: sts:AssumeRole on itself by ec2.amazonaws.com"


def attached(policy: str) -> dict[str, str]:
    return {"role": "nodes", "policyArn": policy}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (step("create", POLICY, "n", None, READS), ["nodes may now: s3:Get* on *"]),
        (step("delete", POLICY, "n", READS, None), ["nodes may no longer: s3:Get* on *"]),
        (step("import", POLICY, "n", READS, READS), ["nodes may now: s3:Get* on *"]),
        (step("update", POLICY, "n", {**READS, "name": "a"}, {**READS, "name": "b"}), []),
        (step("create", ROLE, "n", None, {"name": "nodes", "assumeRolePolicy": TRUST}), [TAKEN]),
        (
            step("update", ATTACHMENT, "n", attached("a"), attached("b")),
            [
                "nodes may now: everything in the attached policy on b",
                "nodes may no longer: everything in the attached policy on a",
            ],
        ),
        (
            step("delete", ATTACHMENT, "n", attached("a"), None),
            ["nodes may no longer: everything in the attached policy on a"],
        ),
        (step("import", ATTACHMENT, "n", attached("a"), attached("a")), [
            "nodes may now: everything in the attached policy on a",
        ]),
        (
            step("create", POLICY, "n", None, {**READS, "role": UNKNOWN_VALUE}),
            ["iam RolePolicy n may now: s3:Get* on *"],
        ),
    ],
)  # fmt: skip
def test_what_is_given_and_what_is_taken(event: dict[str, Any], told: list[str]) -> None:
    assert [each.words() for each in report_of(event).permissions] == told
