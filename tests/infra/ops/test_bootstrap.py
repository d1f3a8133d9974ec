from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from infra.ops.bootstrap import BootstrapResult, bootstrap
from infra.ops.errors import UnreachableError
from infra.ops.steps import Step
from infra.plan.state_bucket import plan_state_bucket
from infra.spec import EnvironmentSpec
from tests.infra.ops.cloud import ACCOUNT, ALIAS, BUCKET, Calls, remains, spec

pytestmark = pytest.mark.usefixtures("cloud")

FIRST_RUN = [
    f"created: KMS key {ALIAS}",
    f"created: KMS alias {ALIAS}",
    f"created: KMS key {ALIAS}: yearly rotation",
    f"unchanged: KMS key {ALIAS}: policy",
    f"unchanged: KMS key {ALIAS}: description",
    f"unchanged: KMS key {ALIAS}: tags",
    f"created: bucket {BUCKET} (in eu-central-1)",
    f"created: bucket {BUCKET}: tags",
    f"created: bucket {BUCKET}: public access block",
    f"created: bucket {BUCKET}: object ownership",
    f"created: bucket {BUCKET}: versioning",
    f"created: bucket {BUCKET}: default encryption",
    f"created: bucket {BUCKET}: policy",
    f"created: bucket {BUCKET}: lifecycle rules",
]


def run(environment: EnvironmentSpec | None = None, calls: Calls | None = None, **options: Any) -> BootstrapResult:
    environment = environment or spec()
    calls = calls or Calls(environment)
    reported: list[Step] = []
    result = bootstrap(environment, calls.session, reported.append, **options)
    assert tuple(reported) == result.steps
    return result


def lines(result: BootstrapResult) -> list[str]:
    return [str(step) for step in result.steps]


def what_a_clean_run_leaves() -> dict[str, Any]:
    """The plan, as AWS shows it; the key's ARN is the one that differs from run to run."""
    plan = plan_state_bucket(spec())
    found = remains()
    (key,) = found["keys"]
    assert found["alias"] == key["arn"].rpartition("/")[2]
    expected = {
        "keys": [
            {
                "arn": key["arn"],
                "description": "Slipway: state of environment test",
                "policy": json.loads(plan.key.policy),
                "rotation": True,
                "tags": plan.key.tags,
            }
        ],
        "alias": found["alias"],
        "region": "eu-central-1",
        "tags": plan.tags,
        "versioning": "Enabled",
        "public": dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
        "ownership": [{"ObjectOwnership": "BucketOwnerEnforced"}],
        "encryption": [
            {
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["arn"]},
                "BucketKeyEnabled": True,
            }
        ],
        "policy": json.loads(plan.policy(key["arn"])),
        "lifecycle": [
            {
                "ID": rule.id,
                "Status": "Enabled",
                "Filter": {"Prefix": rule.prefix},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 400},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                "Expiration": {"ExpiredObjectDeleteMarker": True},
            }
            for rule in plan.lifecycle_rules
        ],
    }
    assert found == expected
    return found


def test_a_first_run_makes_the_key_and_the_bucket_as_planned() -> None:
    result = run()
    assert lines(result) == FIRST_RUN
    left = what_a_clean_run_leaves()
    assert (result.bucket, result.key_alias, result.key_arn) == (BUCKET, ALIAS, left["keys"][0]["arn"])
    assert (result.changed, result.dry_run) == (True, False)


def test_a_second_run_changes_nothing() -> None:
    first = run()
    before = remains()
    calls = Calls(spec())
    second = run(calls=calls)
    assert not second.changed
    assert second.key_arn == first.key_arn
    assert [step.action for step in second.steps] == ["keep"] * len(FIRST_RUN)
    assert remains() == before
    writes = [
        name for name in calls.made if name.split(".")[1].startswith(("Put", "Create", "Enable", "Tag", "Update"))
    ]
    assert writes == []


def test_a_dry_run_says_what_it_would_do_and_does_nothing() -> None:
    calls = Calls(spec())
    result = run(calls=calls, dry_run=True)
    assert result.dry_run
    assert result.changed
    assert result.key_arn is None
    would = [line.replace("created:", "would create:") for line in FIRST_RUN]
    assert lines(result) == [line.replace("unchanged:", "would create:") for line in would]
    assert calls.made == ["sts.GetCallerIdentity", "s3.HeadBucket", "kms.DescribeKey", "kms.ListKeys"]
    assert boto3.client("s3", region_name="eu-central-1").list_buckets()["Buckets"] == []


def test_a_dry_run_over_what_is_there_reads_it() -> None:
    run()
    result = run(dry_run=True)
    assert not result.changed
    assert result.key_arn is not None
    boto3.client("s3", region_name="eu-central-1").delete_bucket_policy(Bucket=BUCKET)
    assert [str(s) for s in run(dry_run=True).steps if s.action != "keep"] == [f"would create: bucket {BUCKET}: policy"]


def test_every_call_about_the_bucket_names_the_account_that_must_own_it() -> None:
    calls = Calls(spec())
    run(calls=calls)
    run(calls=calls)
    about_bucket = [a for name, a in zip(calls.made, calls.arguments, strict=True) if name.startswith("s3.")]
    assert len(about_bucket) > 20
    assert [a for a in about_bucket if a.get("ExpectedBucketOwner") != ACCOUNT] == [
        {"Bucket": BUCKET, "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}}
    ]


def test_us_east_1_is_no_location_constraint() -> None:
    group = {"name": "cp", "role": "ControlPlane", "machineType": "m7i.large"}
    environment = spec(region="us-east-1", network={"zones": ["us-east-1a"]}, instanceGroups=[group])
    calls = Calls(environment)
    run(environment, calls)
    made = dict(zip(calls.made, calls.arguments, strict=True))
    assert made["s3.CreateBucket"] == {"Bucket": BUCKET}
    assert remains("us-east-1")["region"] == "us-east-1"


def calls_of_a_first_run() -> list[str]:
    """All calls of a run from nothing, for the tests that stop it at each of them."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        calls = Calls(spec())
        bootstrap(spec(), calls.session, lambda _: None)
    return calls.made


NUMBERED = [pytest.param(number, id=f"{number}-{name}") for number, name in enumerate(calls_of_a_first_run())]


@pytest.mark.parametrize("number", NUMBERED)
def test_a_run_that_fails_at_any_call_is_completed_by_the_next(number: int) -> None:
    calls = Calls(spec())
    calls.fail(number, EndpointConnectionError(endpoint_url="https://example.invalid"))
    with pytest.raises(UnreachableError, match=r"cannot reach AWS to .+: .+\. Fix: .+"):
        run(calls=calls)
    assert len(calls.made) == number + 1
    run()
    what_a_clean_run_leaves()


# What a run leaves that is killed behind a read differs in nothing from one killed before it.
WRITES = [number for number in NUMBERED if not str(number.id).split(".")[1].startswith(("Get", "List", "Head", "Desc"))]


@pytest.mark.parametrize("number", WRITES)
def test_a_run_killed_after_any_write_is_completed_by_the_next(number: int) -> None:
    calls = Calls(spec())
    calls.kill_after(number)
    with pytest.raises(KeyboardInterrupt):
        run(calls=calls)
    assert len(calls.made) == number + 1
    run()
    what_a_clean_run_leaves()


def test_the_writes_of_a_first_run() -> None:
    assert [str(number.id).partition("-")[2] for number in WRITES] == [
        "kms.CreateKey",
        "kms.CreateAlias",
        "kms.EnableKeyRotation",
        "s3.CreateBucket",
        "s3.PutBucketTagging",
        "s3.PutPublicAccessBlock",
        "s3.PutBucketOwnershipControls",
        "s3.PutBucketVersioning",
        "s3.PutBucketEncryption",
        "s3.PutBucketPolicy",
        "s3.PutBucketLifecycleConfiguration",
    ]
