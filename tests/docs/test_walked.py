"""Every line of shell in the documents is run by the walk of tests/e2e, or is listed with the reason why not."""

from __future__ import annotations

from tests.docs.documents import documents
from tests.e2e.walk.lines import ELSEWHERE, NOT_RUN, WALKED, lines_of

BY_TASK = ("README.md", "docs/")


def test_every_line_is_walked_or_has_its_reason() -> None:
    names = [each.name for each in documents() if each.name.startswith(BY_TASK) and "/adr/" not in each.name]
    forgotten = [
        line
        for name in names
        for line in lines_of(name)
        if name not in WALKED and name not in ELSEWHERE and not line.not_run
    ]
    assert forgotten == []


def test_no_reason_is_left_over() -> None:
    names = [each.name for each in documents() if each.name.startswith(BY_TASK)]
    every = [line for name in names for line in lines_of(name)]
    assert {line.not_run for line in every} - {""} == set(NOT_RUN.values())
    assert set(WALKED) | set(ELSEWHERE) <= set(names)


def test_most_lines_are_run() -> None:
    every = [line for name in WALKED for line in lines_of(name)]
    assert len([line for line in every if not line.not_run]) > 0.85 * len(every) > 70
