from __future__ import annotations

import pytest

from infra.ops.validate.findings import Finding


@pytest.mark.parametrize(
    ("problem", "fix", "told"),
    [
        ("is not ready", "wait", "pod a: is not ready. Fix: wait"),
        ("3 Insufficient memory.", "raise it", "pod a: 3 Insufficient memory. Fix: raise it"),
        ("for scheduling..", "raise it", "pod a: for scheduling. Fix: raise it"),
        ("is not ready", "", "pod a: is not ready"),
    ],
)
def test_a_finding_is_told_as_a_sentence(problem: str, fix: str, told: str) -> None:
    assert str(Finding("pods", "invalid", "pod a", problem, fix)) == told
