"""Programs of the toolchain, and what a test does where they cannot be had."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal.toolchain import ToolchainError, resolve


def programs_or_skip(names: Sequence[str], what: str) -> dict[str, Path]:
    """Return where each program is; skip the test, telling `what` is missing and why, where one cannot be had."""
    try:
        return resolve(names, Console(stderr=True))
    except ToolchainError as error:
        pytest.skip(f"{what} cannot be had: {error}")
