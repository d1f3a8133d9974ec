"""Programs of the toolchain, and what a test does where they cannot be had."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal.toolchain import TOOLS, ToolchainError, resolve
from rehearsal.toolchain.golang import find_go
from rehearsal.toolchain.locate import locate
from rehearsal.toolchain.patched import module_folder
from rehearsal.toolchain.progress import BuildProgress

ADDONS = "SLIPWAY_E2E_ADDONS"
"""Says with `all` that programs of add-ons are built whose build takes longest."""


def programs_or_skip(names: Sequence[str], what: str) -> dict[str, Path]:
    """Return where each program is; skip the test, telling `what` is missing and why, where one cannot be had."""
    try:
        return resolve(names, Console(stderr=True))
    except ToolchainError as error:
        pytest.skip(f"{what} cannot be had: {error}")


def built_or_skip(name: str) -> Path:
    """Return where a program is that is not built for a test alone, unless the variable asks for it."""
    release = TOOLS[name].release
    if os.environ.get(ADDONS) != "all" and locate(TOOLS[name]).path is None:
        pytest.skip(f"{name} is not built, which takes {release.build_minutes} min: {ADDONS}=all has it built")
    return programs_or_skip([name], name)[name]


def sources(name: str) -> Path:
    """Return where the files are that a program was built of, for those that its image has beside it."""
    release = TOOLS[name].release
    with BuildProgress(Console(stderr=True), release.key) as progress:
        return module_folder(release.folder, release.pinned_module, find_go(release.folder, progress))
