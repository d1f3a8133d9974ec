"""Policy documents of the state bucket and its key. Equal input gives equal text, so that two writers agree."""

from __future__ import annotations

from typing import Any

from infra.plan.policy_document import policy_document


def key_policy(partition: str, account_id: str) -> str:
    """Return the key's policy as JSON: the account administers it, and its IAM policies say who else uses it.

    It is the statement that KMS gives a key by default (KMS Developer Guide, "Default key policy"). Without it no
    IAM policy has effect on the key, and a key whose only administrator is deleted is lost.
    """
    return policy_document(
        [
            {
                "Sid": "AccountAdministersByIam",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{account_id}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ]
    )


def bucket_policy(partition: str, bucket: str, key_arn: str) -> str:
    """Return the bucket's policy as JSON: refusals only; who may do what is left to IAM policies.

    A write that says nothing of encryption gets the bucket's default, which is the environment's key: Pulumi's engine
    writes so. A write that does speak of encryption must name that key by its ARN: ``aws:kms`` without a key would
    take the account's ``aws/s3`` key and not the bucket's (S3 API Reference, PutObject), and a key of the caller's
    (SSE-C) would leave an object that nobody else can read. Each refusal of a header therefore asks first that the
    header is there (``Null: false``): a negated operator alone also holds where there is none (IAM User Guide).
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    sse, key_id = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
    customer = "s3:x-amz-server-side-encryption-customer-algorithm"
    everything, objects = [arn, f"{arn}/*"], f"{arn}/*"
    return policy_document(
        [
            _refusal("RefusePlainHttp", "s3:*", everything, {"Bool": {"aws:SecureTransport": "false"}}),
            _refusal("RefuseOldTls", "s3:*", everything, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
            _refusal(
                "RefuseOtherEncryption",
                "s3:PutObject",
                objects,
                {"Null": {sse: "false"}, "StringNotEquals": {sse: "aws:kms"}},
            ),
            _refusal(
                "RefuseOtherKey",
                "s3:PutObject",
                objects,
                {"Null": {key_id: "false"}, "StringNotEquals": {key_id: key_arn}},
            ),
            _refusal("RefuseUnnamedKey", "s3:PutObject", objects, {"Null": {sse: "false", key_id: "true"}}),
            _refusal("RefuseCustomerKey", "s3:PutObject", objects, {"Null": {customer: "false"}}),
        ]
    )


def _refusal(sid: str, action: str, resource: str | list[str], condition: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    }
