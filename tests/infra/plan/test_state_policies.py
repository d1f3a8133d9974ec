from __future__ import annotations

import json

import pytest

from infra.plan.state_policies import bucket_policy, key_policy
from tests.infra.plan.policy_evaluation import refusing_statements

KEY = "arn:aws:kms:eu-central-1:111122223333:key/0f0f"
BUCKET = "arn:aws:s3:::acme-slipway-test"
SSE = "s3:x-amz-server-side-encryption"
KEY_ID = "s3:x-amz-server-side-encryption-aws-kms-key-id"
CUSTOMER = "s3:x-amz-server-side-encryption-customer-algorithm"
TLS = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}


def test_the_account_administers_the_key_and_nobody_else() -> None:
    assert json.loads(key_policy("aws", "111122223333")) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AccountAdministersByIam",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }


def test_the_bucket_policy_word_for_word() -> None:
    def refusal(sid: str, action: str, resource: object, condition: object) -> dict[str, object]:
        return {
            "Sid": sid,
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": resource,
            "Condition": condition,
        }

    objects, everything = f"{BUCKET}/*", [BUCKET, f"{BUCKET}/*"]
    assert json.loads(bucket_policy("aws", "acme-slipway-test", KEY)) == {
        "Version": "2012-10-17",
        "Statement": [
            refusal("RefusePlainHttp", "s3:*", everything, {"Bool": {"aws:SecureTransport": "false"}}),
            refusal("RefuseOldTls", "s3:*", everything, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
            refusal(
                "RefuseOtherEncryption",
                "s3:PutObject",
                objects,
                {"Null": {SSE: "false"}, "StringNotEquals": {SSE: "aws:kms"}},
            ),
            refusal(
                "RefuseOtherKey",
                "s3:PutObject",
                objects,
                {"Null": {KEY_ID: "false"}, "StringNotEquals": {KEY_ID: KEY}},
            ),
            refusal("RefuseUnnamedKey", "s3:PutObject", objects, {"Null": {SSE: "false", KEY_ID: "true"}}),
            refusal("RefuseCustomerKey", "s3:PutObject", objects, {"Null": {CUSTOMER: "false"}}),
        ],
    }


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, set()),
        ({SSE: "aws:kms", KEY_ID: KEY}, set()),
        ({SSE: "aws:kms"}, {"RefuseUnnamedKey"}),
        ({SSE: "AES256"}, {"RefuseOtherEncryption", "RefuseUnnamedKey"}),
        ({SSE: "aws:kms:dsse", KEY_ID: KEY}, {"RefuseOtherEncryption"}),
        ({SSE: "aws:kms", KEY_ID: f"{KEY}0"}, {"RefuseOtherKey"}),
        ({CUSTOMER: "AES256"}, {"RefuseCustomerKey"}),
    ],
)
def test_a_write_is_encrypted_with_the_key_or_refused(headers: dict[str, str], refused: set[str]) -> None:
    policy = bucket_policy("aws", "acme-slipway-test", KEY)
    key = f"{BUCKET}/.pulumi/stacks/slipway/test.json"
    assert refusing_statements(policy, "s3:PutObject", key, {**TLS, **headers}) == refused


@pytest.mark.parametrize(
    ("connection", "refused"),
    [
        ({"aws:SecureTransport": "true", "s3:TlsVersion": "1.2"}, set()),
        ({"aws:SecureTransport": "true", "s3:TlsVersion": "1.1"}, {"RefuseOldTls"}),
        ({"aws:SecureTransport": "false"}, {"RefusePlainHttp"}),
    ],
)
@pytest.mark.parametrize(("action", "resource"), [("s3:GetObject", f"{BUCKET}/x"), ("s3:ListBucket", BUCKET)])
def test_only_tls_1_2_and_later_gets_in(
    connection: dict[str, str], refused: set[str], action: str, resource: str
) -> None:
    assert refusing_statements(bucket_policy("aws", "acme-slipway-test", KEY), action, resource, connection) == refused


def test_arns_are_of_the_partition() -> None:
    assert json.loads(key_policy("aws-cn", "1"))["Statement"][0]["Principal"] == {"AWS": "arn:aws-cn:iam::1:root"}
    assert json.loads(bucket_policy("aws-cn", "b", KEY))["Statement"][2]["Resource"] == "arn:aws-cn:s3:::b/*"
