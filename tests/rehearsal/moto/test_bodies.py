from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.moto import bodies

LARGE = b"x" * (bodies.INLINE_BYTES + 1)

_operations = st.one_of(
    st.tuples(st.just("write"), st.binary(max_size=40) | st.just(LARGE)),
    st.tuples(st.just("seek"), st.integers(0, 60)),
    st.tuples(st.just("seek_end"), st.just(None)),
    st.tuples(st.just("read"), st.integers(-1, 60)),
    st.tuples(st.just("truncate"), st.integers(0, 60) | st.none()),
    st.tuples(st.just("tell"), st.just(None)),
)


def _apply(file: Any, operation: str, argument: Any) -> Any:
    if operation == "seek_end":
        return file.seek(0, os.SEEK_END)
    if operation == "tell":
        return file.tell()
    if operation == "truncate":  # a temporary file pads with zeroes, which moto never asks of it
        position = file.tell()
        size = min(position if argument is None else argument, file.seek(0, os.SEEK_END))
        file.seek(position)
        file.truncate(size)
        return None
    return getattr(file, operation)(argument)


@given(st.lists(_operations, max_size=20))
def test_a_body_behaves_as_a_temporary_file_does(operations: list[tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder, tempfile.SpooledTemporaryFile() as file:
        body = bodies.Body(bodies.BodyStore(Path(folder)))
        for operation, argument in operations:
            expected = _apply(file, operation, argument)
            assert _apply(body, operation, argument) == expected or operation == "seek"
        file.seek(0)
        assert body.content() == file.read()


def test_small_content_stays_in_memory_and_large_content_goes_to_one_file_per_content(tmp_path: Path) -> None:
    store = bodies.BodyStore(tmp_path)
    bodies.Body(store).write(LARGE[:-1])
    assert list(tmp_path.iterdir()) == []
    for _ in range(2):
        bodies.Body(store).write(LARGE)
    (file,) = tmp_path.iterdir()
    assert store.get(file.name) == LARGE
    assert file.stat().st_size < len(LARGE) / 10


def test_a_pickled_body_refers_to_its_file(tmp_path: Path) -> None:
    store = bodies.BodyStore(tmp_path)
    bodies.use(store)
    body = bodies.new_body()
    body.write(LARGE)
    data = pickle.dumps(body)
    assert len(data) < 400
    assert pickle.loads(data).content() == LARGE  # noqa: S301  made here


def test_a_closed_body_stays_closed_when_pickled_and_refuses_to_be_read(tmp_path: Path) -> None:
    bodies.use(bodies.BodyStore(tmp_path))
    body = bodies.new_body()
    body.write(b"gone")
    body.close()
    with pytest.raises(ValueError, match="closed file"):
        pickle.loads(pickle.dumps(body)).read()  # noqa: S301  made here


def test_only_contents_not_yet_on_the_disk_are_forced_there(tmp_path: Path) -> None:
    store = bodies.BodyStore(tmp_path)
    store.put(LARGE)
    taken = store.take_unsynced()
    store.put(LARGE + b"2")
    store.sync()
    store.forget_synced(taken)
    assert {path.name for path in store.take_unsynced()} == {store.put(LARGE + b"2")}


def test_a_snapshot_that_ends_while_the_server_stops_does_not_disturb_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = bodies.BodyStore(tmp_path)
    names = {store.put(letter * len(LARGE)) for letter in (b"a", b"b")}
    forced: list[int] = []

    def force(descriptor: int) -> None:
        forced.append(descriptor)
        store.forget_synced(store.take_unsynced())

    monkeypatch.setattr("os.fsync", force)
    store.sync()
    assert len(forced) == len(names)


def test_what_was_written_last_is_in_memory_and_no_more_than_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "RECENT_BYTES", 2 * len(LARGE))
    store = bodies.BodyStore(tmp_path)
    first, second, third = (store.put(letter * len(LARGE)) for letter in (b"a", b"b", b"c"))
    for digest in (first, second, third):
        (tmp_path / digest).rename(tmp_path / f"{digest}.away")
    assert (store.get(second)[:1], store.get(third)[:1]) == (b"b", b"c")
    with pytest.raises(FileNotFoundError):
        store.get(first)
    (tmp_path / f"{first}.away").rename(tmp_path / first)
    # What is read again pushes out what was not read for longest.
    assert store.get(first) == b"a" * len(LARGE)
    assert store.get(third)[:1] == b"c"
    with pytest.raises(FileNotFoundError):
        store.get(second)
