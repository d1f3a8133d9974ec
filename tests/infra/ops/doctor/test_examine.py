from __future__ import annotations

import getpass
import json
import re
import socket
from datetime import timedelta
from typing import Any

import pytest

from infra.ops.doctor.examine import examine
from infra.ops.doctor.finding import Finding
from infra.ops.errors import OpsError
from tests.infra.ops.cloud import BUCKET
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.state.world import KEYS, NOW, Bucket, at, packed, resource, state

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def bucket() -> Bucket:
    made = Bucket()
    made.update(at(-60), state(resource("a")))
    return made


def findings(bucket: Bucket) -> list[Finding]:
    return list(examine(bucket.s3, bucket.spec, KEYS, "test", NOW).findings)


def only(bucket: Bucket) -> Finding:
    (finding,) = findings(bucket)
    return finding


def test_a_healthy_environment_has_no_findings(bucket: Bucket) -> None:
    result = examine(bucket.s3, bucket.spec, KEYS, "test", NOW)
    assert (result.findings, result.backups) == ((), {"state": at(-60)})


def test_a_state_that_never_was_is_missing() -> None:
    assert [finding.code for finding in findings(Bucket())] == ["state-missing", "no-state-backup"]


def test_a_deleted_state_names_the_version_to_bring_back(bucket: Bucket) -> None:
    good = bucket.put(KEYS.state, state(), at(-9))
    bucket.delete(KEYS.state, at(-5))
    finding = only(bucket)
    assert (finding.code, finding.severity) == ("state-missing", "error")
    assert "2026-11-24T11:55:00Z" in finding.problem
    assert finding.fix == f"slipway recover test --to {good} --apply"


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_truncated_state_names_the_newest_sound_version(bucket: Bucket, cut: int) -> None:
    good = bucket.put(KEYS.state, state(), at(-9))
    bucket.put(KEYS.state, state()[:100], at(-8))
    bucket.put(KEYS.state, state(resource("a"))[:cut], at(-7))
    finding = only(bucket)
    assert (finding.code, finding.severity) == ("state-damaged", "error")
    assert finding.fix == f"slipway recover test --to {good} --apply"


def test_a_truncated_compressed_state_is_damaged_too() -> None:
    made = Bucket()
    made.put(f"{KEYS.backups}1.json", "{}", at(-9))
    good = made.put(f"{KEYS.state}.gz", packed(state()), at(-9))
    made.put(f"{KEYS.state}.gz", packed(state())[:-9], at(-8))
    assert (only(made).code, only(made).fix) == ("state-damaged", f"slipway recover test --to {good} --apply")


def test_where_no_version_is_sound_history_is_the_way() -> None:
    made = Bucket()
    made.put(f"{KEYS.backups}1.json", "{}", at(-9))
    made.put(KEYS.state, "{", at(-7))
    assert only(made).fix.startswith("slipway history test")


def test_each_inconsistency_is_a_finding(bucket: Bucket) -> None:
    bucket.put(KEYS.state, state(resource("a", parent="urn:gone"), resource("b"), resource("b")), at(-7))
    assert [finding.code for finding in findings(bucket)] == ["state-inconsistent"] * 2
    # Each names the one version that is sound, and no repair that would drop what the state lost track of.
    (fix,) = {finding.fix for finding in findings(bucket)}
    assert re.fullmatch(r"slipway recover test --to \S+ --apply", fix)


@pytest.mark.parametrize("kind", ["creating", "updating", "deleting", "reading", "importing", "something"])
def test_each_pending_operation_says_what_it_was_and_how_it_is_settled(bucket: Bucket, kind: str) -> None:
    bucket.put(KEYS.state, state(pending=[{"type": kind, "resource": resource("a")}]), at(-7))
    finding = only(bucket)
    assert finding.code == "pending-operation"
    assert f"{kind} urn:pulumi:test::slipway::aws:sqs/queue:Queue::a (id-a)" in finding.problem
    assert finding.fix.startswith("pulumi refresh --stack test")


def test_a_state_under_two_keys_is_told(bucket: Bucket) -> None:
    bucket.put(f"{KEYS.state}.gz", packed(state()), at(-7))
    assert only(bucket).code == "state-twice"


def lock(bucket: Bucket, *, since: Any, **holder: Any) -> None:
    content = {"pid": 1, "username": "ann", "hostname": "box", "timestamp": since.isoformat(), **holder}
    bucket.put(f"{KEYS.locks}some-id.json", json.dumps(content), since)


def test_locks_are_told_when_they_are_abandoned_or_old(bucket: Bucket) -> None:
    lock(bucket, since=at(-119))
    assert findings(bucket) == []
    lock(bucket, since=at(-121))
    assert (only(bucket).code, only(bucket).severity) == ("lock-old", "warning")
    assert "ask ann" in only(bucket).fix
    lock(bucket, since=at(-1), username=getpass.getuser(), hostname=socket.gethostname(), pid=2**22 + 1)
    assert (only(bucket).code, only(bucket).fix) == ("lock-abandoned", "slipway lock test --release some-id")


def test_a_bucket_without_its_protections(bucket: Bucket) -> None:
    s3 = bucket.s3
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_bucket_encryption(Bucket=BUCKET)
    s3.delete_public_access_block(Bucket=BUCKET)
    assert [finding.code for finding in findings(bucket)] == ["versioning", "encryption", "public-access"]
    assert {finding.fix for finding in findings(bucket)} == {"slipway bootstrap test"}
    assert "is suspended" in findings(bucket)[0].problem


def test_encryption_by_another_key_than_the_environments_is_told(bucket: Bucket) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    bucket.s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert "AES256" in only(bucket).problem


@pytest.mark.parametrize(
    ("prefix", "action", "codes"),
    [
        ("test.example.com/", {"NoncurrentVersionExpiration": {"NoncurrentDays": 90}}, ["backups-rule"]),
        ("test.example.com/backups/etcd/", {"Expiration": {"Days": 90}}, ["backups-rule"]),
        ("", {"Expiration": {"Days": 90}}, ["backups-rule", "backups-rule", "state-expires"]),
        (".pulumi/stacks/", {"Expiration": {"Days": 90}}, ["state-expires"]),
        (".pulumi/stacks/", {"NoncurrentVersionExpiration": {"NoncurrentDays": 90}}, []),
        ("test.example.com/backups/", {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}, []),
    ],
)
def test_rules_that_let_backups_or_the_state_expire(
    bucket: Bucket, prefix: str, action: dict[str, Any], codes: list[str]
) -> None:
    rule = {"ID": "mine", "Status": "Enabled", "Filter": {"Prefix": prefix}, **action}
    bucket.s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    assert [finding.code for finding in findings(bucket)] == codes
    rule["Status"] = "Disabled"
    bucket.s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    assert findings(bucket) == []


def test_an_old_etcd_backup_is_told_and_a_young_one_shown(bucket: Bucket) -> None:
    prefix = "test.example.com/backups/etcd/"
    bucket.put(f"{prefix}control.json", "{}", NOW)
    old, cut, young = (f"{prefix}20261124T{hour}0000Z-a" for hour in ("08", "10", "11"))
    for name in (f"{old}.db", f"{old}.json"):
        bucket.put(name, "x", NOW - timedelta(hours=3, seconds=1))
    bucket.put(f"{cut}.db", "x", NOW - timedelta(hours=2))
    assert only(bucket).code == "etcd-backup-old"
    for name in (f"{young}.db", f"{young}.json"):
        bucket.put(name, "x", NOW - timedelta(hours=1))
    result = examine(bucket.s3, bucket.spec, KEYS, "test", NOW)
    assert (result.findings, result.backups["etcd"]) == ((), NOW - timedelta(hours=1))


def test_without_a_bucket_nothing_can_be_told(bucket: Bucket) -> None:
    from tests.infra.ops.cloud import spec

    with pytest.raises(OpsError, match="no state bucket"):
        examine(bucket.s3, spec(state={"bucket": "another-bucket"}), KEYS, "test", NOW)
