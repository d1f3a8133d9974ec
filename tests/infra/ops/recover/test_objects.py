"""One step of a recovery, also where a store writes the names of metadata as it likes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import pytest

from infra.ops.recover.journal import Journal
from infra.ops.recover.objects import ConflictError, carry_out, standing
from infra.ops.recover.plan import RecoveryStep
from infra.ops.state.records import RECOVERED_BY, read_name
from tests.infra.ops.cloud import BUCKET
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.state.world import Bucket, at, telling

pytestmark = pytest.mark.usefixtures("cloud")

KEY = "test.example.com/config"


def _journal(name: str, *steps: RecoveryStep) -> Journal:
    return Journal(name, "sam@laptop", "2026-11-24T11:00:00+00:00", "v", steps)


@pytest.mark.parametrize("spelled", [str.lower, str.title, str.upper])
def test_a_step_knows_what_it_has_done_however_the_store_spells_it(spelled: Callable[[str], str]) -> None:
    bucket = Bucket(bare=True)
    first = bucket.put(KEY, "version: 1", at(-60), Metadata={"mine": "kept"})
    second = bucket.put(KEY, "version: 2", at(-30))
    s3 = telling(bucket.s3, spelled)
    step = RecoveryStep(KEY, "restore", first, second)
    journal = _journal("one", step)
    assert standing(s3, BUCKET, journal, step, env="test") == "to do"
    carry_out(s3, BUCKET, journal, step)
    assert bucket.current(KEY) == b"version: 1"
    assert standing(s3, BUCKET, journal, step, env="test") == "done"


@pytest.mark.parametrize(
    ("action", "existed", "since", "forward", "undo"),
    [
        ("restore", True, (), "to do", "done"),
        ("restore", True, ("forward",), "done", "to do"),
        ("restore", True, ("forward", "undo"), None, "done"),
        ("restore", True, ("another",), None, None),
        ("restore", True, ("deletion",), None, None),
        ("restore", False, (), "to do", "done"),
        ("restore", False, ("forward",), "done", "to do"),
        ("restore", False, ("forward", "undo"), "to do", "done"),
        ("restore", False, ("another",), None, None),
        ("hide", True, (), "to do", "done"),
        ("hide", True, ("forward",), "done", "to do"),
        ("hide", True, ("forward", "undo"), None, "done"),
        ("hide", True, ("another",), None, None),
        ("hide", True, ("forward", "another"), None, None),
    ],
)
def test_where_a_step_stands_is_told_by_the_object(
    action: Literal["restore", "hide"], existed: bool, since: tuple[str, ...], forward: str | None, undo: str | None
) -> None:
    bucket = Bucket(bare=True)
    source = bucket.put(KEY, "version: 1", at(-60))
    before = bucket.put(KEY, "version: 2", at(-30)) if existed else None
    if not existed:
        bucket.delete(KEY, at(-30))
    step = RecoveryStep(KEY, action, source if action == "restore" else None, before)
    onward = _journal("one", step)
    back = dataclasses.replace(onward, direction="undo")
    for what in since:
        if what == "another":
            bucket.put(KEY, "version: 3", at(1_000_000))
        elif what == "deletion":
            bucket.delete(KEY, at(1_000_000))
        else:
            carry_out(bucket.s3, BUCKET, onward if what == "forward" else back, step)
    for journal, expected in ((onward, forward), (back, undo)):
        if expected is not None:
            assert standing(bucket.s3, BUCKET, journal, step, env="test") == expected
            continue
        with pytest.raises(ConflictError, match=r"^somebody has written an object since the recovery began: .*config"):
            standing(bucket.s3, BUCKET, journal, step, env="test")


def test_an_object_keeps_its_own_headers() -> None:
    bucket = Bucket(bare=True)
    headers = {
        "ContentType": "text/yaml",
        "ContentEncoding": "gzip",
        "ContentDisposition": "inline",
        "ContentLanguage": "en",
        "CacheControl": "no-store",
    }
    first = bucket.put(KEY, "version: 1", at(-60), **headers)
    step = RecoveryStep(KEY, "restore", first, bucket.put(KEY, "version: 2", at(-30)))
    carry_out(bucket.s3, BUCKET, _journal("one", step), step)
    head = bucket.s3.head_object(Bucket=BUCKET, Key=KEY)
    assert {name: head.get(name) for name in headers} == headers


def test_whoever_runs_it_is_named_in_letters_that_s3_takes() -> None:
    bucket = Bucket(bare=True)
    first = bucket.put(KEY, "version: 1", at(-60))
    step = RecoveryStep(KEY, "restore", first, bucket.put(KEY, "version: 2", at(-30)))
    journal = dataclasses.replace(_journal("one", step), by="jörg 100%@büro")
    carry_out(bucket.s3, BUCKET, journal, step)
    written = bucket.s3.head_object(Bucket=BUCKET, Key=KEY)["Metadata"][RECOVERED_BY]
    assert written == "j%C3%B6rg 100%25@b%C3%BCro"
    assert read_name(written) == "jörg 100%@büro"


@pytest.mark.parametrize("spelled", [str.lower, str.title, str.upper])
def test_what_a_recovery_wrote_is_marked_once_when_it_is_brought_back_itself(spelled: Callable[[str], str]) -> None:
    bucket = Bucket(bare=True)
    first = bucket.put(KEY, "version: 1", at(-60), Metadata={"mine": "kept"})
    second = bucket.put(KEY, "version: 2", at(-30))
    s3 = telling(bucket.s3, spelled)
    said: list[dict[str, str]] = []

    def collect(params: dict[str, Any], **_: Any) -> None:
        said.append(params["Metadata"])

    s3.meta.events.register("provide-client-params.s3.CopyObject", collect)
    step = RecoveryStep(KEY, "restore", first, second)
    carry_out(s3, BUCKET, _journal("one", step), step)
    recovered = bucket.stored.keys[KEY].version_id
    third = bucket.put(KEY, "version: 3", at(-10))
    again = RecoveryStep(KEY, "restore", recovered, third)
    carry_out(s3, BUCKET, _journal("two", again), again)
    # Two spellings of one name would be two headers, of which S3 makes one value, joined by a comma.
    assert said[-1] == {
        "mine": "kept",
        "slipway-recovery": "two",
        "slipway-by": "sam@laptop",
        "slipway-from": recovered,
    }
