"""What tests of checks share: when they look, and how they read what was found."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from infra.ops.validate.findings import Finding

NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)


def told(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Return how grave each finding is, and what it says."""
    return [(each.severity, f"{each.subject}: {each.problem}") for each in findings]
