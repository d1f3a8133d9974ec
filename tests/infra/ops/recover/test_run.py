"""Recovering, with the run killed at every call it makes, and everything that could get in its way."""

from __future__ import annotations

import copy
import getpass
import time
from datetime import timedelta
from functools import cache

import pytest

from infra.ops.errors import OpsError
from infra.ops.recover import journal as journals
from infra.ops.recover.journal import JournalError
from infra.ops.recover.objects import ConflictError
from infra.ops.recover.run import ChangedError
from infra.ops.state.lock import LockedError, StackLock, new_lock, stack_locks, take
from tests.infra.ops.cloud import BUCKET, Calls, client_error, spec
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.recover.world import CONFIG, EXTRA, GONE, NOW, THEN, World, clean, ignore
from tests.infra.ops.state.world import KEYS, at, resource, state

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def world(calls: Calls) -> World:
    calls_of_a_whole_run()  # which makes a world of its own, once
    made = World()
    assert made.contents() == NOW
    return made


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process that took a lock is taken for dead, as this one would be after a kill."""
    monkeypatch.setattr(StackLock, "is_abandoned", lambda _: True)


def test_state_and_records_come_back_as_new_versions(world: World) -> None:
    told: list[str] = []
    world.recovering().begin(world.target(), lambda step: told.append(step.key))
    assert told == [CONFIG, GONE, EXTRA, KEYS.state]
    assert world.contents() == THEN
    clean(world)
    head = world.s3.head_object(Bucket=BUCKET, Key=CONFIG)
    assert head["ContentType"] == "text/yaml"
    assert head["Metadata"]["mine"] == "kept"
    assert set(head["Metadata"]) == {"mine", "slipway-recovery", "slipway-by", "slipway-from"}
    assert world.recovering().plan(world.target())[-1].source == world.then


@pytest.mark.e2e
def test_a_recovery_among_ten_thousand_versions(world: World) -> None:
    stored = world.bucket.stored.keys
    for key, count in ((KEYS.state, 9_500), (CONFIG, 500)):
        real = stored.getlist(key)
        older = []
        for number in range(count):
            each = copy.copy(real[0])
            each._version_id = f"old-{number}"
            each.last_modified = (at(-90_000) + timedelta(minutes=number)).replace(tzinfo=None)
            older.append(each)
        stored.setlist(key, [*older, *real])

    def kept() -> int:  # the stand-in lists as slowly as it has versions
        return sum(len(stored.getlist(key)) for key in stored)

    versions = kept()
    assert versions > 10_000
    began = time.monotonic()
    world.recovering().begin(world.target(), ignore)
    print(f"recovered among {versions:,} versions: {time.monotonic() - began:.2f} s")
    assert world.contents() == THEN
    assert kept() >= versions, "no version is deleted"
    assert stack_locks(world.s3, BUCKET, KEYS) == []


@pytest.fixture
def calls() -> Calls:
    """A session that many runs of one test share: making one takes longer than a run."""
    return Calls(spec())


@cache
def calls_of_a_whole_run() -> int:
    calls = Calls(spec())
    world = World()
    world.recovering(calls.session.client("s3")).begin(world.target(), ignore)
    return len(calls.made)


def killed(world: World, calls: Calls, number: int, *, before: bool, undo: bool = False) -> bool:
    """Run or resume with the process killed before or after a call; return whether it was killed."""
    target = world.target()
    calls.reset()
    if before:
        calls.fail(number, KeyboardInterrupt())
    else:
        calls.kill_after(number)
    recovering = world.recovering(calls.s3)
    journal = journals.load(world.s3, BUCKET, KEYS, env="test")
    try:
        if journal is None:
            recovering.begin(target, ignore)
        else:
            recovering.resume(journal, ignore, undo=undo)
    except KeyboardInterrupt:
        return True
    return False


def finish(world: World, *, undo: bool) -> None:
    journal = journals.load(world.s3, BUCKET, KEYS, env="test")
    if journal is not None:
        world.recovering().resume(journal, ignore, undo=undo)
    elif not undo and world.contents() != THEN:
        world.recovering().begin(world.target(), ignore)


@pytest.mark.e2e
@pytest.mark.parametrize("undo", [False, True], ids=["finish", "undo"])
def test_a_run_killed_anywhere_is_finished_or_undone(dead: None, calls: Calls, undo: bool) -> None:
    faults = survived = 0
    world_s3 = World().s3
    for number in range(calls_of_a_whole_run()):
        world = World(world_s3)
        assert killed(world, calls, number, before=False)
        faults += 1
        ended = journals.load(world.s3, BUCKET, KEYS, env="test") is None
        was = world.contents()
        finish(world, undo=undo)
        # With no journal left the run had either not begun or come to its end.
        expected = [was] if undo and ended else [NOW] if undo else [THEN]
        if world.contents() in expected and (was in (NOW, THEN) or not ended):
            survived += 1
        clean(world)
    print(f"recover killed after each call, then {'undone' if undo else 'finished'}: "
          f"{faults} tried, {survived} survived, {faults - survived} lost")  # fmt: skip
    assert (survived, faults >= 25) == (faults, True)


@pytest.mark.e2e
@pytest.mark.parametrize("undo", [False, True], ids=["finish", "undo"])
def test_the_second_run_may_be_killed_anywhere_too(dead: None, calls: Calls, undo: bool) -> None:
    middle = calls_of_a_whole_run() // 2
    tried = 0
    world_s3 = World().s3
    for number in range(200):
        world = World(world_s3)
        assert killed(world, calls, middle, before=False)
        was_killed = killed(world, calls, number, before=True, undo=undo)
        finish(world, undo=undo)
        if not undo:
            assert world.contents() == THEN
        else:
            assert world.contents() == NOW
        clean(world)
        if not was_killed:
            break
        tried += 1
    print(f"second run killed before each call: {tried} tried, {tried} survived, 0 lost")
    assert tried >= 15


@pytest.mark.e2e
def test_while_objects_are_of_two_times_the_lock_is_held(dead: None, calls: Calls) -> None:
    between = 0
    world_s3 = World().s3
    for number in range(calls_of_a_whole_run()):
        world = World(world_s3)
        killed(world, calls, number, before=False)
        if world.contents() not in (NOW, THEN):
            between += 1
            assert len(stack_locks(world.s3, BUCKET, KEYS)) == 1
            assert journals.load(world.s3, BUCKET, KEYS, env="test") is not None
    assert between >= 3


def ends_when_resumed(world: World) -> None:
    """Fail the test unless an interrupted recovery is there, and is finished by the next run."""
    journal = journals.load(world.s3, BUCKET, KEYS, env="test")
    assert journal is not None
    world.recovering().resume(journal, ignore)
    assert world.contents() == THEN
    clean(world)


def test_an_error_of_s3_leaves_a_run_to_be_resumed(dead: None, world: World) -> None:
    calls = Calls(world.bucket.spec)
    calls.fail_on("s3.CopyObject", client_error("InternalError"))
    with pytest.raises(OpsError, match="InternalError"):
        world.recovering(calls.session.client("s3")).begin(world.target(), ignore)
    ends_when_resumed(world)


def test_a_lock_of_somebody_else_is_respected_and_named(world: World) -> None:
    holder = '{"pid": 42, "username": "ann", "hostname": "box", "timestamp": "2026-11-24T08:00:00Z"}'
    world.s3.put_object(Bucket=BUCKET, Key=f"{KEYS.locks}theirs.json", Body=holder)
    with pytest.raises(LockedError) as caught:
        world.recovering().begin(world.target(), ignore)
    for said in ("ann@box (process 42) since 2026-11-24T08:00:00Z", "slipway lock test --release theirs"):
        assert said in str(caught.value)
    assert world.contents() == NOW
    assert journals.load(world.s3, BUCKET, KEYS, env="test") is None


@pytest.mark.e2e
def test_of_two_at_once_one_is_refused_wherever_the_second_starts(world: World, calls: Calls) -> None:
    refused = 0
    total = calls_of_a_whole_run()
    for number in range(total):
        inner = World(world.s3)
        calls.reset()
        outcome: list[str] = []

        def second(at_: int, _: str, inner: World = inner, number: int = number, outcome: list[str] = outcome) -> None:
            if at_ == number and not outcome:
                outcome.append("started")
                try:
                    inner.recovering().begin(inner.target(), ignore)
                    outcome.append("done")
                except (LockedError, JournalError):
                    outcome.append("refused")

        calls._after = second
        try:
            inner.recovering(calls.s3).begin(inner.target(), ignore)
            first = "done"
        except (LockedError, JournalError, ChangedError):
            first = "refused"
        assert inner.contents() == THEN, (number, first, outcome)
        clean(inner)
        refused += [first, *outcome].count("refused")
    print(f"two at once: {total} interleavings, {refused} refusals, 0 lost")
    assert refused >= total // 2


def test_a_lock_whose_answer_was_lost_leaves_a_recovery_to_be_resumed(dead: None, world: World) -> None:
    calls = Calls(world.bucket.spec)

    def lose_the_answer(_: int, name: str) -> None:
        if name == "s3.PutObject" and stack_locks(world.s3, BUCKET, KEYS):
            raise client_error("InternalError")

    calls._after = lose_the_answer
    with pytest.raises(OpsError, match="InternalError"):
        world.recovering(calls.session.client("s3")).begin(world.target(), ignore)
    ends_when_resumed(world)


def test_a_run_that_was_overtaken_leaves_the_journal_to_the_run_that_holds_the_lock(world: World) -> None:
    calls = Calls(world.bucket.spec)
    locks: list[StackLock] = []

    def overtake(_: int, name: str) -> None:
        journal = journals.load(world.s3, BUCKET, KEYS, env="test")
        if name == "s3.PutObject" and journal is not None and not locks:
            locks.append(new_lock(KEYS, journal.lock_prefix))
            take(world.s3, BUCKET, KEYS, locks[0], env="test")

    calls._after = overtake
    with pytest.raises(LockedError):
        world.recovering(calls.session.client("s3")).begin(world.target(), ignore)
    assert stack_locks(world.s3, BUCKET, KEYS) == locks
    assert journals.load(world.s3, BUCKET, KEYS, env="test") is not None


def test_a_user_without_a_name_recovers_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr(getpass, "getuser", nameless)
    journal = world.recovering().begin(world.target(), ignore)
    assert journal.by.startswith("unknown@")
    clean(world)


def test_the_run_that_lives_is_not_taken_over(world: World, calls: Calls) -> None:
    killed(world, calls, calls_of_a_whole_run() // 2, before=False)
    journal = journals.load(world.s3, BUCKET, KEYS, env="test")
    assert journal is not None
    with pytest.raises(LockedError, match="slipway lock test --release recover-"):
        world.recovering().resume(journal, ignore)


def test_what_somebody_wrote_since_is_not_overwritten(dead: None, calls: Calls, world: World) -> None:
    killed(world, calls, calls_of_a_whole_run() // 2, before=False)
    journal = journals.load(world.s3, BUCKET, KEYS, env="test")
    assert journal is not None
    world.bucket.put(KEYS.state, state(resource("c")), at(0))
    for undo in (False, True):
        with pytest.raises(ConflictError, match=r"test\.json.*--forget"):
            world.recovering().resume(journal, ignore, undo=undo)
        journal = journals.load(world.s3, BUCKET, KEYS, env="test") or journal
    before = world.contents()
    world.recovering().forget(journal)
    assert world.contents() == before
    clean(world)


def test_a_change_between_plan_and_lock_stops_it(world: World) -> None:
    calls = Calls(world.bucket.spec)

    def change(_: int, name: str) -> None:
        if name == "s3.PutObject":
            world.bucket.put(CONFIG, "version: 3", at(-1))

    calls._before = change
    with pytest.raises(ChangedError):
        world.recovering(calls.session.client("s3")).begin(world.target(), ignore)
    assert world.bucket.current(CONFIG) == b"version: 3"
    clean(world)
