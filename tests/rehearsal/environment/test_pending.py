from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.environment.pending import PendingCreations, pending_creations, read_journal, settled_state
from rehearsal.journal import JOURNAL_VARIABLE, note_creation


def _state(*creating: str, recorded: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "deployment": {
            "resources": [{"urn": urn, "id": identifier} for urn, identifier in (recorded or {}).items()],
            "pending_operations": [
                *({"type": "creating", "resource": {"urn": urn}} for urn in creating),
                {"type": "deleting", "resource": {"urn": "urn:deleted"}},
            ],
        }
    }


def _line(urn: str, identifier: str) -> str:
    return json.dumps({"urn": urn, "id": identifier}) + "\n"


def test_what_the_journal_knows_was_created_and_the_rest_was_not() -> None:
    journal = [_line("urn:a", "vpc-1"), _line("urn:other", "x"), _line("urn:a", "vpc-2"), _line("urn:deleted", "d")]
    found = pending_creations(_state("urn:a", "urn:b"), journal)
    assert found == PendingCreations({"urn:a": "vpc-2"}, ("urn:b",))


def test_what_was_created_becomes_a_resource_and_nothing_stays_pending() -> None:
    state = {"version": 3, **_state("urn:a", "urn:b", recorded={"urn:c": "c-1"})}
    before = json.dumps(state)
    settled = settled_state(state, PendingCreations({"urn:a": "vpc-1"}, ("urn:b",)))
    assert settled == {
        "version": 3,
        "deployment": {"resources": [{"urn": "urn:c", "id": "c-1"}, {"urn": "urn:a", "id": "vpc-1"}]},
    }
    assert json.dumps(state) == before


def test_the_predecessor_of_a_replacement_is_still_to_be_deleted() -> None:
    state = _state("urn:a", recorded={"urn:a": "old", "urn:c": "c-1"})
    settled = settled_state(state, PendingCreations({"urn:a": "new"}, ()))
    assert settled["deployment"]["resources"] == [
        {"urn": "urn:a", "id": "old", "delete": True},
        {"urn": "urn:c", "id": "c-1"},
        {"urn": "urn:a", "id": "new"},
    ]


def test_the_creation_of_a_replaced_predecessor_is_no_answer() -> None:
    state = _state("urn:a", recorded={"urn:a": "old"})
    assert pending_creations(state, [_line("urn:a", "old")]) == PendingCreations({}, ("urn:a",))


def test_a_line_cut_short_by_a_crash_does_not_count() -> None:
    found = pending_creations(_state("urn:a", "urn:b"), [_line("urn:a", "i"), '{"urn": "urn:b", "id'])
    assert found == PendingCreations({"urn:a": "i"}, ("urn:b",))


def test_a_stack_without_a_deployment_has_none() -> None:
    assert not pending_creations({"deployment": None}, [])
    assert not pending_creations({"deployment": {}}, [])


def test_the_journal_is_what_plugins_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "created.jsonl"
    assert read_journal(path) == []
    monkeypatch.delenv(JOURNAL_VARIABLE, raising=False)
    note_creation("urn:a", "lost")
    monkeypatch.setenv(JOURNAL_VARIABLE, str(path))
    note_creation("urn:a", "vpc-1")
    note_creation("urn:b", "vpc-2")
    assert read_journal(path) == [_line("urn:a", "vpc-1"), _line("urn:b", "vpc-2")]
