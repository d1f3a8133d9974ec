"""The journal of a recovery: written once, read as it was written, and no hindrance where it cannot be read."""

from __future__ import annotations

import dataclasses

import pytest

from infra.ops.errors import OpsError, RefusedError
from infra.ops.recover import journal as journals
from infra.ops.recover.journal import JournalError
from tests.infra.ops.cloud import BUCKET, Calls, client_error
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.recover.world import THEN, World, clean, ignore
from tests.infra.ops.state.world import KEYS

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def world(cloud: None) -> World:  # noqa: F811
    return World()


def test_a_journal_that_cannot_be_read_stops_it_and_can_be_forgotten(world: World) -> None:
    world.s3.put_object(Bucket=BUCKET, Key=journals.journal_key(KEYS), Body=b'{"id": "x"')
    with pytest.raises(JournalError, match="cannot be read"):
        journals.load(world.s3, BUCKET, KEYS, env="test")
    with pytest.raises(JournalError, match="another recovery"):
        world.recovering().begin(world.target(), ignore)
    world.recovering().forget(None)
    clean(world)


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        ("PreconditionFailed", JournalError, "another recovery"),
        ("ConditionalRequestConflict", JournalError, "another recovery"),
        ("412", JournalError, "another recovery"),
        ("409", JournalError, "another recovery"),
        ("InternalError", RefusedError, "InternalError"),
    ],
)
def test_only_a_condition_that_failed_means_another_recovery(
    world: World, code: str, error: type[OpsError], said: str
) -> None:
    calls = Calls(world.bucket.spec)
    calls.fail_on("s3.PutObject", client_error(code))
    with pytest.raises(error, match=said):
        world.recovering(calls.session.client("s3")).begin(world.target(), ignore)
    clean(world)


def test_a_journal_whose_answer_was_lost_is_no_other_recovery(world: World) -> None:
    calls = Calls(world.bucket.spec)

    def refuse(_: int, name: str) -> None:
        if name == "s3.PutObject":
            calls._after = lambda *_: None
            raise client_error("PreconditionFailed")

    calls._after = refuse
    world.recovering(calls.session.client("s3")).begin(world.target(), ignore)
    assert world.contents() == THEN
    clean(world)


def test_a_journal_lies_where_every_version_of_slipway_looks_for_it() -> None:
    assert journals.journal_key(KEYS) == ".slipway/recovery/slipway/test.json"


def test_a_journal_is_read_as_it_was_written(world: World) -> None:
    steps = world.recovering().plan(world.target())
    journal = journals.Journal("abc", "me@here", "2026-11-24T08:00:00+00:00", world.then, steps)
    journals.begin(world.s3, BUCKET, KEYS, journal, env="test")
    assert journals.load(world.s3, BUCKET, KEYS, env="test") == journal
    changed = dataclasses.replace(journal, direction="undo", phase="done")
    journals.rewrite(world.s3, BUCKET, KEYS, changed)
    assert journals.load(world.s3, BUCKET, KEYS, env="test") == changed
