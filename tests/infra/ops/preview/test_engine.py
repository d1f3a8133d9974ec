"""The engine is run so that it changes nothing, and what it says is read, however it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.ops.preview.engine import preview, refresh_preview
from infra.ops.preview.errors import PreviewError
from tests.infra.ops.preview.made import VOLUME, step

EVENT = json.dumps(step("create", VOLUME, "v", None, {"size": 1}), separators=(",", ":"))
SUMMARY = json.dumps({"sequence": 2, "summaryEvent": {"resourceChanges": {"create": 1}}})


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the engine, of which each test says what it does."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "pulumi"


def does(engine: Path, *lines: str) -> None:
    engine.write_text("\n".join(["#!/bin/sh", *lines]) + "\n", encoding="utf-8")
    engine.chmod(0o755)


def test_what_it_is_asked_and_what_it_tells(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_SKIP_CONFIRMATIONS", "true")
    asked = 'echo "$*; $PULUMI_ENABLE_STREAMING_JSON_PREVIEW; ${PULUMI_SKIP_CONFIRMATIONS-unset}" > "$0.asked"'
    does(engine, asked, f"echo '{EVENT}'", f"echo '{SUMMARY}'")
    told: list[str] = []
    run = preview("test", ["--diff"], told.append)
    assert ([each.name for each in run.steps], run.finished, dict(run.counts)) == (["v"], True, {"create": 1})
    assert told == [f"  {VOLUME} v"]
    options = "--stack test --non-interactive --json"
    assert Path(f"{engine}.asked").read_text() == f"preview {options} --diff; true; unset\n"
    refresh_preview("test", [], told.append)
    assert Path(f"{engine}.asked").read_text() == f"refresh --preview-only {options}; true; unset\n"


def test_an_engine_that_is_killed_in_the_middle_of_an_event(engine: Path) -> None:
    does(engine, f"echo '{EVENT}'", f"printf '%s' '{EVENT[:40]}'", "echo out of memory >&2", "kill -9 $$")
    run = preview("test", [], lambda _: None)
    assert [each.name for each in run.steps] == ["v"]
    assert ([each.message for each in run.errors], run.finished) == (["out of memory"], False)
    does(engine, f"echo '{EVENT}'", "exit 7")
    (error,) = preview("test", [], lambda _: None).errors
    assert error.message == "`pulumi preview --stack test --non-interactive --json` ended with status 7"


def test_an_engine_that_says_no_event(engine: Path) -> None:
    does(engine, "echo 'error: no stack named test, password=hush' >&2", "exit 255")
    (error,) = preview("test", [], lambda _: None).errors
    assert error.message == "error: no stack named test, password=[secret]"


def test_no_engine_at_all(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(engine.parent))
    with pytest.raises(PreviewError, match="`pulumi` is not on PATH"):
        preview("test", [], lambda _: None)
