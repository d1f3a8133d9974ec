from __future__ import annotations

import pytest

from infra.ops.steps import Action, Progress, Step


@pytest.mark.parametrize(
    ("action", "planned", "line"),
    [
        ("create", False, "created: it"),
        ("change", False, "changed: it"),
        ("keep", False, "unchanged: it"),
        ("create", True, "would create: it"),
        ("change", True, "would change: it"),
    ],
)
def test_a_step_is_one_line(action: Action, planned: bool, line: str) -> None:
    assert str(Step("it", action, planned=planned)) == line
    assert str(Step("it", action, "why", planned=planned)) == f"{line} (why)"


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(("found", "action"), [(None, "create"), (1, "change"), (2, "keep")])
def test_only_a_difference_is_acted_on_and_never_in_a_dry_run(dry_run: bool, found: int | None, action: Action) -> None:
    done: list[str] = []
    reported: list[Step] = []
    progress = Progress(reported.append, dry_run=dry_run)
    progress.ensure("it", wanted=2, found=found, act=lambda: done.append("act"), detail="why")
    changes = action != "keep"
    assert reported == progress.steps == [Step("it", action, "why" if changes else "", planned=dry_run and changes)]
    assert done == (["act"] if changes and not dry_run else [])


def test_a_step_is_reported_once_it_is_done() -> None:
    reported: list[Step] = []

    def fail() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Progress(reported.append, dry_run=False).ensure("it", wanted=1, found=None, act=fail)
    assert reported == []
