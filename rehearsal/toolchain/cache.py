"""Where built tools are kept: outside the checkout, one folder a release and version."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from rehearsal.toolchain.release import Release, Tool


def cache_home(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of everything that can be built again.

    `SLIPWAY_CACHE_HOME` when set, else `slipway` under `XDG_CACHE_HOME`, else under `~/.cache` (XDG base
    directories). An empty variable counts as unset, as the XDG specification asks.
    """
    own = environment.get("SLIPWAY_CACHE_HOME")
    if own:
        return Path(own).expanduser().absolute()
    xdg = environment.get("XDG_CACHE_HOME")
    return (Path(xdg) if xdg else Path.home() / ".cache") / "slipway"


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
