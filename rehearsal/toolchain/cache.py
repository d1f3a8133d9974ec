"""Where built tools are kept: outside the checkout, one folder a release and version."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from rehearsal.cache import cache_home
from rehearsal.toolchain.release import Release, Tool


def release_folder(release: Release) -> Path:
    """Return the folder that holds this release's built programs."""
    return cache_home() / "bin" / release.key


def log_path(name: str) -> Path:
    """Return the file that keeps the whole output of the last build of this name."""
    return cache_home() / "logs" / f"{name}.log"


def lock_path(name: str) -> Path:
    """Return the file whose lock a builder of this name holds."""
    return cache_home() / "locks" / f"{name}.lock"


def cached(tool: Tool) -> Path | None:
    """Return the tool built earlier, None when there is none."""
    path = release_folder(tool.release) / tool.name
    return path if path.is_file() and os.access(path, os.X_OK) else None


def sweep(folder: Path, prefix: str) -> None:
    """Delete what killed builders left in `folder` under this prefix; the caller holds the lock."""
    for left in folder.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
