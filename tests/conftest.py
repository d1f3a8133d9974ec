"""What all tests share: stand-ins that start small, and models that are read once."""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

LONG_SECONDS = 10

# moto makes all 1,293 images that it ships with for each region of each test that asks EC2 anything; one will do. It
# reads the variable when it is imported.
os.environ["MOTO_AMIS_PATH"] = str(Path(__file__).with_name("images.json"))

from tests import cheaper  # noqa: E402

cheaper.make_cheaper()

# How long an example may take is no claim of any test: beside other work, each takes several times as long.
settings.register_profile("slipway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slipway")


_HERE = Path(__file__).parent
_WHOLE = ("test_program.py", "test_program_secrets.py", "test_properties.py", "testing")
"""Beside the unit tests: what evaluates the whole program, again and again."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell unit tests, which mirror `infra/`, from those of whole programs, of the rehearsal and of the repository.

    What tries a property on values at random is beside them, too: each such test takes as long as a hundred others.
    """
    for item in items:
        if not item.path.is_relative_to(_HERE):
            continue  # a user's own, in stacks/tests
        place = item.path.relative_to(_HERE)
        random = getattr(getattr(item, "function", None), "is_hypothesis_test", False)
        if place.parts[0] == "infra" and place.parts[1] not in _WHOLE and not random:
            item.add_marker("unit")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage seldom, and not at all among the SDKs and the tests, which stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what each file took, where any took long: that is what to look at when the whole takes too long."""
    taken: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                taken[report.nodeid.partition("::")[0]] += report.duration
    if long := sorted(((seconds, file) for file, seconds in taken.items() if seconds >= LONG_SECONDS), reverse=True):
        terminalreporter.section("seconds by file")
        for seconds, file in long:
            terminalreporter.line(f"{seconds:7.1f} {file}")
