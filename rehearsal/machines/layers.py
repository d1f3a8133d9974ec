"""What images have besides their programs: a tree of Debian below those that call others, and files of the sources."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.console import Console

from rehearsal.cache import cache_home
from rehearsal.machines.base import Recipe, ensure_tree
from rehearsal.machines.commands import run
from rehearsal.toolchain.golang import find_go
from rehearsal.toolchain.patched import module_folder
from rehearsal.toolchain.progress import BuildProgress
from rehearsal.toolchain.release import Release

UNUSED: Final = ("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man", "var/cache")
"""Of no use to a program in an image."""
_PACK_SECONDS: Final = 300


def ensure_layer(recipe: Recipe, console: Console, what: str, seal: Callable[[Path], None]) -> Path:
    """Return a tar file of the tree of these packages, made when it is missing. Raises MachineError."""
    tree = ensure_tree(recipe, console, what, seal)
    layer = cache_home() / "machines" / f"{tree.name}.tar"
    if not layer.exists():
        scratch = layer.with_suffix(f".{os.getpid()}")
        run(["tar", "--create", "--numeric-owner", f"--file={scratch}", f"--directory={tree}", "."], timeout=_PACK_SECONDS)  # fmt: skip # noqa: E501
        scratch.replace(layer)
    return layer


def remove(root: Path, names: tuple[str, ...]) -> None:
    """Remove folders of a tree."""
    for name in names:
        shutil.rmtree(root / name)


def source_of(release: Release, console: Console) -> Path:
    """Return where Go keeps the files of a release's module. Raises ToolchainError when it cannot be had."""
    with BuildProgress(console, release.key) as progress:
        return module_folder(release.folder, release.pinned_module, find_go(release.folder, progress))
