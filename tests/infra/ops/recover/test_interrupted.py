"""A recovery that died: how it is undone, gone on with, or forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.recover import journal as journals
from infra.ops.recover.journal import Journal
from infra.ops.state.lock import LockedError, StackLock, new_lock, stack_locks, take
from infra.plan.stack_keys import StackKeys
from tests.infra.ops.cloud import BUCKET, Calls
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.recover.world import CONFIG, EXTRA, GONE, NOW, THEN, World, clean, ignore
from tests.infra.ops.state.world import KEYS

pytestmark = pytest.mark.usefixtures("cloud")

FORWARD = [CONFIG, GONE, EXTRA, KEYS.state]


@pytest.fixture
def world(cloud: None) -> World:  # noqa: F811
    return World()


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process that took a lock is taken for dead."""
    monkeypatch.setattr(StackLock, "is_abandoned", lambda _: True)


def killing(world: World, call: str, times: int) -> Any:
    """Return a client of S3 whose process is killed after it was answered so many calls of a name."""
    calls = Calls(world.bucket.spec)

    def kill(_: int, name: str) -> None:
        if name == call and calls.made.count(call) == times:
            raise KeyboardInterrupt

    calls._after = kill
    return calls.session.client("s3")


def loaded(world: World) -> Journal:
    journal = journals.load(world.s3, BUCKET, KEYS, env="test")
    assert journal is not None
    return journal


def died(world: World, call: str, times: int) -> Journal:
    with pytest.raises(KeyboardInterrupt):
        world.recovering(killing(world, call, times)).begin(world.target(), ignore)
    return loaded(world)


def test_it_is_undone_from_its_last_step_to_its_first(dead: None, world: World) -> None:
    journal = died(world, "s3.CopyObject", 2)
    told: list[str] = []
    ended = world.recovering().resume(journal, lambda step: told.append(step.key), undo=True)
    assert (told, ended.direction) == (FORWARD[::-1], "undo")
    assert (ended.version, ended.lock_prefix) == (world.then, f"recover-{journal.id}-")
    assert world.contents() == NOW
    clean(world)


def test_an_undoing_that_died_is_gone_on_with_whatever_is_asked(dead: None, world: World) -> None:
    journal = died(world, "s3.CopyObject", 3)
    with pytest.raises(KeyboardInterrupt):
        world.recovering(killing(world, "s3.CopyObject", 1)).resume(journal, ignore, undo=True)
    assert loaded(world).direction == "undo"
    assert world.recovering().resume(loaded(world), ignore).direction == "undo"
    assert world.contents() == NOW
    clean(world)


def test_one_whose_objects_are_all_back_has_only_to_be_ended(dead: None, world: World) -> None:
    journal = died(world, "s3.PutObject", 3)  # journal, lock, journal
    assert journal.phase == "done"
    told: list[str] = []
    ended = world.recovering().resume(journal, lambda step: told.append(step.key))
    assert (told, ended, world.contents()) == ([], journal, THEN)
    clean(world)


def test_one_whose_objects_are_all_back_can_still_be_undone(dead: None, world: World) -> None:
    journal = died(world, "s3.PutObject", 3)
    world.recovering().resume(journal, ignore, undo=True)
    assert world.contents() == NOW
    clean(world)


def test_what_is_done_is_not_done_again(dead: None, world: World) -> None:
    journal = died(world, "s3.CopyObject", 2)
    calls = Calls(world.bucket.spec)
    world.recovering(calls.session.client("s3")).resume(journal, ignore)
    assert calls.made.count("s3.CopyObject") == 1
    assert world.contents() == THEN
    clean(world)


def test_a_run_that_lives_is_not_forgotten(world: World) -> None:
    journal = died(world, "s3.CopyObject", 1)
    with pytest.raises(LockedError):
        world.recovering().forget(journal)
    assert loaded(world) == journal


def test_a_dead_lock_of_somebody_else_stays(dead: None, world: World) -> None:
    journal = died(world, "s3.CopyObject", 1)
    for lock in world.recovering().own_locks(journal):
        world.s3.delete_object(Bucket=BUCKET, Key=lock.key)
    theirs = new_lock(KEYS)
    take(world.s3, BUCKET, KEYS, theirs, env="test")
    with pytest.raises(LockedError, match=theirs.id):
        world.recovering().resume(journal, ignore)
    assert stack_locks(world.s3, BUCKET, KEYS) == [theirs]
    assert world.recovering().own_locks(journal) == []


def test_a_lock_that_is_taken_meanwhile_ends_it_before_anything_is_done(world: World) -> None:
    calls = Calls(world.bucket.spec)
    theirs = new_lock(StackKeys(KEYS.project, KEYS.stack))

    def overtake(_: int, name: str) -> None:
        if name == "s3.PutObject" and calls.made.count(name) == 1:
            take(world.s3, BUCKET, KEYS, theirs, env="test")

    calls._after = overtake
    with pytest.raises(LockedError, match=theirs.id):
        world.recovering(calls.session.client("s3")).begin(world.target(), ignore)
    assert world.contents() == NOW
    assert journals.load(world.s3, BUCKET, KEYS, env="test") is None
    assert stack_locks(world.s3, BUCKET, KEYS) == [theirs]


def test_a_stack_that_is_locked_gets_no_journal_at_all(world: World) -> None:
    take(world.s3, BUCKET, KEYS, new_lock(KEYS), env="test")
    with pytest.raises(LockedError):
        world.recovering().begin(world.target(), ignore)
    listed = world.s3.list_object_versions(Bucket=BUCKET, Prefix=journals.journal_key(KEYS))
    assert "Versions" not in listed
