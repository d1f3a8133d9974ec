"""What the bootstrap brings back to the plan, and what it says of it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.errors import RefusedError
from infra.plan.state_bucket import plan_state_bucket
from tests.infra.ops.bootstrapping import changes, make_bucket, run, s3
from tests.infra.ops.cloud import BUCKET, Calls, client_error, remains, spec

pytestmark = pytest.mark.usefixtures("cloud")


def test_a_bucket_in_use_is_taken_over_when_told_to() -> None:
    make_bucket(objects=True, owner="finance")
    result = run(adopt=True)
    assert f"changed: bucket {BUCKET}: tags (removes the tags owner)" in changes(result)
    assert (
        f"created: bucket {BUCKET}: versioning (was off: objects written until now have no history, only later "
        "changes can be undone)"
    ) in changes(result)
    assert any("objects written until now keep their encryption" in line for line in changes(result))
    assert remains()["tags"] == plan_state_bucket(spec()).tags
    assert [v["Key"] for v in s3().list_object_versions(Bucket=BUCKET)["Versions"]] == ["someone/else"]


@pytest.mark.parametrize(("status", "word"), [(None, "created"), ("Suspended", "changed")])
def test_a_bucket_without_versioning_gets_it_and_is_told_about(status: str | None, word: str) -> None:
    make_bucket(environment="test", objects=True)
    if status:
        s3().put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status})
    was = status.lower() if status else "off"
    assert (
        f"{word}: bucket {BUCKET}: versioning (was {was}: objects written until now have no history, only later "
        "changes can be undone)"
    ) in changes(run())
    assert remains()["versioning"] == "Enabled"


def test_settings_that_drifted_are_brought_back_and_said() -> None:
    run()
    clean = remains()
    s3().put_bucket_policy(Bucket=BUCKET, Policy='{"Version": "2012-10-17", "Statement": []}')
    s3().put_object(Bucket=BUCKET, Key=".pulumi/stacks/x.json", Body=b"{}")
    s3().delete_bucket_encryption(Bucket=BUCKET)
    s3().put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    s3().put_bucket_lifecycle_configuration(
        Bucket=BUCKET,
        LifecycleConfiguration={
            "Rules": [{"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
        },
    )
    assert changes(run()) == [
        f"changed: bucket {BUCKET}: public access block (replaces what was set)",
        f"created: bucket {BUCKET}: default encryption "
        "(objects written until now keep their encryption until they are written again)",
        f"changed: bucket {BUCKET}: policy (replaces what was set)",
        f"changed: bucket {BUCKET}: lifecycle rules (replaces what was set)",
    ]
    assert remains() == clean


def test_a_setting_that_may_not_be_read_is_not_taken_for_absent() -> None:
    run()
    calls = Calls(spec())
    calls.fail_on("s3.GetBucketPolicy", client_error("AccessDenied", "GetBucketPolicy"))
    with pytest.raises(RefusedError, match=f"not allowed to read bucket {BUCKET}: policy: AccessDenied"):
        run(calls=calls)
    assert [name for name in calls.made if name.startswith("s3.Put")] == []


def test_what_s3_blocks_by_itself_is_no_difference() -> None:
    run()
    calls = Calls(spec())

    def block_customer_keys(parsed: dict[str, Any], **_: Any) -> None:
        rule = parsed["ServerSideEncryptionConfiguration"]["Rules"][0]
        rule["BlockedEncryptionTypes"] = {"EncryptionType": ["SSE-C"]}

    calls.session.events.register("after-call.s3.GetBucketEncryption", block_customer_keys)
    assert not run(calls=calls).changed
