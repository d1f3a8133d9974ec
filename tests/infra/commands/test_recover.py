"""The commands over a stack's state, as their user meets them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.ops.recover import journal as journals
from infra.ops.recover.plan import RecoveryStep
from infra.spec import CONFIG_KEY
from tests.infra.ops.cloud import ACCOUNT, BUCKET
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.state.world import KEYS, SECRET, Bucket, at, resource, state
from tests.infra.samples import sample_mapping
from tests.infra.test_cli import Run, run  # noqa: F401 (a fixture)

CONFIG = "test.example.com/config"


@pytest.fixture
def bucket(cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:  # noqa: F811
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\n", encoding="utf-8")
    (tmp_path / "stacks").mkdir()
    content = yaml.safe_dump({"config": {CONFIG_KEY: sample_mapping(accountId=ACCOUNT)}})
    (tmp_path / "stacks" / "Pulumi.test.yaml").write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Bucket()


@pytest.fixture
def versions(bucket: Bucket) -> tuple[str, str]:
    """Two updates; the second changed a secret and a plain property, and the cluster's record."""
    bucket.put(CONFIG, "version: 1\n", at(-60.5))
    old = resource("a", inputs={"name": "a", "password": SECRET, "size": 1})
    first = bucket.update(at(-60), state(old, resource("gone")))
    bucket.put(CONFIG, "version: 2\n", at(-30.5))
    new = resource("a", inputs={"name": "a", "password": {**SECRET, "ciphertext": "v1:hush:other"}, "size": 2})
    second = bucket.update(at(-30), state(new, resource("b")))
    return first, second


def test_history_as_json_and_text(run: Run, bucket: Bucket, versions: tuple[str, str]) -> None:  # noqa: F811
    status, out, err = run("history", "test", "--format", "json", "--limit", "1")
    assert (status, err) == (0, "")
    (event,) = json.loads(out)
    assert (event["time"], event["who"], event["state"]) == ("2026-11-24T11:30:00Z", "sam@laptop", versions[1])
    status, out, _ = run("history", "test")
    assert status == 0
    for said in ("update succeeded in 60 s", "sam@laptop", "+2", "config", *versions):
        assert said in out


def test_history_breaks_long_lists_of_records_over_lines_and_cuts_no_name(run: Run, bucket: Bucket) -> None:  # noqa: F811
    long = f"instancegroup/{'a' * 200}"
    names = ["config", *(f"instancegroup/nodes-{number}" for number in range(60)), long]
    for name in names:
        bucket.put(f"test.example.com/{name}", "a: 1\n", at(-60.5))
    version = bucket.update(at(-60), state(resource("a")))
    status, out, _ = run("history", "test")
    assert status == 0
    assert max(len(line) for line in out.splitlines()) <= 160
    rows = [line.split("│") for line in out.splitlines() if line.startswith("│")]
    assert (rows[0][1].strip(), rows[0][6].strip()) == ("2026-11-24T11:00:00Z", version)
    # Of a column broken over lines, every letter of each name is there.
    records = "".join(cells[5].strip() for cells in rows)
    assert set(records.split(",")) == {name.strip() for name in names}


def test_history_of_nothing(run: Run, bucket: Bucket) -> None:  # noqa: F811
    assert run("history", "test")[1].startswith("Nothing happened to test yet")


def test_diff_shows_what_changed_and_no_secret(run: Run, bucket: Bucket, versions: tuple[str, str]) -> None:  # noqa: F811
    status, out, _ = run("diff", "test", versions[0][:12], "now")
    assert status == 0
    assert out.splitlines()[1:] == [
        "~ aws:sqs/queue:Queue a",
        "    password: [secret] (encrypted anew, as by each update: whether changed is not known)",
        "    size: 1 -> 2",
        "+ aws:sqs/queue:Queue b",
        "- aws:sqs/queue:Queue gone",
        "~ record config",
        "    @@ -1 +1 @@",
        "    -version: 1",
        "    +version: 2",
    ]
    assert "hush" not in out
    assert "hush" not in run("diff", "test", versions[0], "--format", "json")[1]
    assert run("diff", "test", "now")[1].splitlines()[1:] == ["Nothing differs."]
    # A record of a moment ago counts as of now, whatever this machine's clock says.
    bucket.put(CONFIG, "version: 3\n", at(1_000_000))
    assert "    +version: 3" in run("diff", "test", versions[1], "now")[1].splitlines()


def test_diff_calls_no_secret_changed_that_is_only_encrypted_anew(run: Run, bucket: Bucket) -> None:  # noqa: F811
    states = [
        state(*(resource(n, inputs={"key": {**SECRET, "ciphertext": f"v1:{text}"}}) for n in ("ca.key", "sa.key")))
        for text in ("one", "two")
    ]
    older, newer = (bucket.update(at(minutes), each) for minutes, each in zip((-60, -30), states, strict=True))
    said = run("diff", "test", older, newer)[1].splitlines()[1:]
    assert said == [
        "Nothing else differs.",
        "Secrets of 2 resources are encrypted anew, as by each update: whether changed is not known: ca.key, sa.key",
    ]
    told = json.loads(run("diff", "test", older, newer, "--format", "json")[1])
    assert (told["resources"], [urn.rpartition("::")[2] for urn in told["secretsEncryptedAnew"]]) == (
        [],
        ["ca.key", "sa.key"],
    )
    shown = run("recover", "test", "--to", older)[1]
    assert "differ in their properties" not in shown


def test_diff_shows_what_an_update_sent_that_did_not_come_to_its_end(run: Run, bucket: Bucket) -> None:  # noqa: F811
    """The engine keeps the inputs of before beside what was sent (``__inputs`` of pulumi-kubernetes)."""
    kind = "kubernetes:apps/v1:Deployment"

    def deployment(image: str, key: str) -> dict[str, Any]:
        return {"spec": {"image": image}, "data": {**SECRET, "ciphertext": key}}

    before, sent = deployment("web:1", "v1:one"), deployment("web:2", "v1:two")
    sound = resource("web", kind, inputs=before, outputs={**before, "__inputs": before})
    failed = resource("web", kind, inputs=before, outputs={**sent, "__inputs": sent}, initErrors=["pods: not ready"])
    first, second = bucket.update(at(-60), state(sound)), bucket.update(at(-50), state(failed))
    status, out, _ = run("diff", "test", first[:8], second[:8])
    assert status == 0
    assert out.splitlines()[1:] == [
        "~ kubernetes:apps/v1:Deployment web",
        "    (last update): (not set) -> not finished",
        "    data: [secret] (encrypted anew, as by each update: whether changed is not known)",
        '    spec.image: "web:1" -> "web:2"',
    ]


def test_diff_of_a_version_that_is_not_there(run: Run, bucket: Bucket, versions: tuple[str, str]) -> None:  # noqa: F811
    status, _, err = run("diff", "test", "no-such-version")
    assert status == 1
    assert "no version of the state is called so: no-such-version" in err
    assert run("diff", "test", "2020-01-01")[0] == 1


def test_recover_shows_first_and_then_does_it(run: Run, bucket: Bucket, versions: tuple[str, str]) -> None:  # noqa: F811
    before = bucket.count()
    status, out, _ = run("recover", "test", "--to", "2026-11-24T11:10:00Z")
    assert (status, bucket.count()) == (0, before)
    for said in (
        f"{CONFIG}: version ",
        f"{KEYS.state}: version {versions[0]} of ",
        "1 resources exist now by the present state and are unknown to that one",
        "aws:sqs/queue:Queue b",
        "Nothing was changed.",
        f"slipway recover test --to {versions[0]} --apply",
    ):
        assert said in out
    status, out, _ = run("recover", "test", "--to", versions[0], "--apply")
    assert status == 0
    assert bucket.current(CONFIG) == b"version: 1\n"
    assert f"slipway recover test --to {versions[1]} --apply" in out
    assert json.loads(run("history", "test", "--limit", "1", "--format", "json")[1])[0]["kind"] == "recover"


def test_recover_refuses_a_locked_stack(run: Run, bucket: Bucket, versions: tuple[str, str]) -> None:  # noqa: F811
    holder = '{"pid": 42, "username": "ann", "hostname": "box", "timestamp": "2026-11-24T08:00:00Z"}'
    bucket.put(f"{KEYS.locks}theirs.json", holder, at(-1))
    assert "theirs: held by ann@box (process 42) since 2026-11-24T08:00:00Z" in run("lock", "test")[1]
    status, _, err = run("recover", "test", "--to", versions[0], "--apply")
    assert status == 1
    assert "ann@box" in err
    assert run("lock", "test", "--release", "wrong")[0] == 1
    assert run("lock", "test", "--release", "theirs")[0] == 0
    assert run("lock", "test")[1] == "Nobody holds the lock of test.\n"
    assert run("recover", "test", "--to", versions[0], "--apply")[0] == 0


def interrupted(bucket: Bucket, version: str) -> None:
    """Leave what a recovery that died behind its journal leaves."""
    steps = (RecoveryStep(KEYS.state, "restore", version, _head(bucket, KEYS.state), at(-60)),)
    journal = journals.Journal("abc", "me@here", "2026-11-24T08:00:00+00:00", version, steps)
    journals.begin(bucket.s3, BUCKET, KEYS, journal, env="test")


def _head(bucket: Bucket, key: str) -> str:
    return str(bucket.s3.head_object(Bucket=BUCKET, Key=key)["VersionId"])


def test_an_interrupted_recovery_is_shown_finished_or_undone(
    run: Run,  # noqa: F811
    bucket: Bucket,
    versions: tuple[str, str],
) -> None:
    interrupted(bucket, versions[0])
    status, out, _ = run("recover", "test")
    assert status == 0
    assert "has not ended" in out
    assert "--undo --apply" in out
    status, _, err = run("recover", "test", "--to", versions[1], "--apply")
    assert status == 1
    assert f"--to {versions[0]} --apply" in err
    assert run("doctor", "test")[0] == 4
    assert run("recover", "test", "--undo", "--apply")[1].endswith("The recovery is undone.\n")
    assert _head(bucket, KEYS.state) == versions[1]
    interrupted(bucket, versions[0])
    assert run("recover", "test", "--to", versions[0], "--apply")[0] == 0
    assert _head(bucket, KEYS.state) != versions[1]
    assert run("doctor", "test")[0] == 0
    status, _, err = run("recover", "test", "--undo")
    assert (status, err) == (1, "error: there is no interrupted recovery of test.\n")


def test_an_undoing_that_stopped_is_called_so_and_can_only_be_undone_or_forgotten(
    run: Run,  # noqa: F811
    bucket: Bucket,
    versions: tuple[str, str],
) -> None:
    interrupted(bucket, versions[0])
    journal = journals.load(bucket.s3, BUCKET, KEYS, env="test")
    assert journal is not None
    journals.rewrite(bucket.s3, BUCKET, KEYS, dataclasses.replace(journal, direction="undo"))
    _, out, _ = run("recover", "test")
    assert "has not ended, and was being undone." in out
    assert "To undo it: slipway recover test --undo --apply" in out
    assert "To leave every object as it is now: slipway recover test --forget --apply" in out
    assert "--to" not in out
    refused = run("recover", "test", "--to", versions[1], "--apply")[2]
    assert "--undo --apply" in refused
    assert versions[0] not in refused.partition("Fix:")[2]
    fix = run("doctor", "test")[1].partition("fix: ")[2]
    assert fix.startswith("slipway recover test --undo --apply undoes it to the end")
    assert run("recover", "test", "--undo", "--forget", "--apply")[0] == 2
    assert run("recover", "test", "--forget", "--apply")[1].endswith("forgotten; every object is as it was found.\n")
    assert _head(bucket, KEYS.state) == versions[1]
    assert run("doctor", "test")[0] == 0


def test_a_journal_that_cannot_be_read_is_told_with_the_command_that_ends_it(run: Run, bucket: Bucket) -> None:  # noqa: F811
    bucket.put(journals.journal_key(KEYS), "{", at(-1))
    status, _, err = run("recover", "test")
    assert (status, "slipway recover test --forget --apply" in err) == (1, True)
    assert run("recover", "test", "--forget", "--apply")[1] == "Forgot the recovery; every object is as it was found.\n"


def test_recover_asks_where_to(run: Run, bucket: Bucket) -> None:  # noqa: F811
    assert run("recover", "test")[0] == 2


def test_doctor_tells_by_its_exit_status(run: Run, bucket: Bucket, versions: tuple[str, str]) -> None:  # noqa: F811
    status, out, _ = run("doctor", "test")
    assert status == 0
    assert "test is healthy" in out
    bucket.put(KEYS.state, state()[:40], at(-1))
    status, out, _ = run("doctor", "test")
    assert status == 4
    assert f"  fix: slipway recover test --to {versions[1]} --apply" in out
    found = json.loads(run("doctor", "test", "--format", "json")[1])
    assert [each["code"] for each in found["findings"]] == ["state-damaged"]
    assert run("recover", "test", "--to", versions[1], "--apply")[0] == 0
    assert run("doctor", "test")[0] == 0


def test_doctor_cannot_tell_without_a_bucket(run: Run, bucket: Bucket) -> None:  # noqa: F811
    path = Path("stacks/Pulumi.test.yaml")
    mapping = sample_mapping(accountId=ACCOUNT, state={"bucket": "another-bucket"})
    path.write_text(yaml.safe_dump({"config": {CONFIG_KEY: mapping}}), encoding="utf-8")
    status, _, err = run("doctor", "test")
    assert status == 1
    assert "there is no state bucket: another-bucket" in err
