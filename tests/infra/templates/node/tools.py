"""System programs that these tests run, and a clear line where one is missing."""

from __future__ import annotations

import shutil

import pytest


def needs(program: str, package: str) -> pytest.MarkDecorator:
    """Skip a test whose program is missing; tools/ci-packages.txt lists the packages for the CI machine."""
    return pytest.mark.skipif(
        shutil.which(program) is None, reason=f"{program} is not installed (Debian package {package})"
    )
