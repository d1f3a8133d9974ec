"""One step of a recovery, also where a store writes the names of metadata as it likes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from infra.ops.recover.journal import Journal
from infra.ops.recover.objects import carry_out, standing
from infra.ops.recover.plan import RecoveryStep
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
