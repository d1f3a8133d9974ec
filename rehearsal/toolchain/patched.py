"""Go modules that are built with one package of theirs replaced, since not all that it imports can be had."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rehearsal.toolchain.errors import ToolchainError
from rehearsal.toolchain.golang import Go
from rehearsal.toolchain.patches import Patch

_DOWNLOAD_SECONDS: Final = 300


def patched_modules(folder: Path, patches: Sequence[Patch], go: Go, scratch: Path) -> list[str]:
    """Return the flags by which Go builds the module in `folder` with its patches, which are laid out in `scratch`.

    Nothing is written into `folder`: the copies are named in a `go.mod` of the build's own. Raises ToolchainError when
    a module cannot be had.
    """
    if not patches:
        return []
    text = (folder / "go.mod").read_text(encoding="utf-8")
    for number, patch in enumerate(patches):
        copy = scratch / f"patched-{number}"
        told = _downloaded(folder, patch.module, go)
        shutil.copytree(told["Dir"], copy, copy_function=shutil.copyfile)
        # One that is older than modules has none in its tree.
        shutil.copyfile(told["GoMod"], copy / "go.mod")
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        package = copy / patch.package
        if patch.replaces:
            shutil.rmtree(package)
            package.mkdir()
        _lay(folder / patch.source, package)
        text += f"\nreplace {patch.module} => {copy}\n"
    (scratch / "go.mod").write_text(text, encoding="utf-8")
    shutil.copyfile(folder / "go.sum", scratch / "go.sum")
    return [f"-modfile={scratch / 'go.mod'}"]


def _lay(source: Path, package: Path) -> None:
    """Put a file, or all of a folder, into a package, without the `.txt` by which Go takes them for none of ours."""
    top = source if source.is_dir() else source.parent
    for path in source.rglob("*.txt") if source.is_dir() else [source]:
        target = package / path.relative_to(top).with_suffix("")
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, target)


def module_folder(folder: Path, module: str, go: Go) -> Path:
    """Return where Go keeps the files of a module, in the version that the `go.mod` in `folder` pins.

    Raises ToolchainError when it cannot be had.
    """
    return Path(_downloaded(folder, module, go)["Dir"])


def _downloaded(folder: Path, module: str, go: Go) -> dict[str, str]:
    done = subprocess.run(
        [str(go.command), "mod", "download", "-json", module],
        cwd=folder,
        env=dict(go.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_DOWNLOAD_SECONDS,
        check=False,
    )
    told: dict[str, str] = json.loads(done.stdout) if done.stdout.lstrip().startswith("{") else {}
    if done.returncode or "Dir" not in told:
        raise ToolchainError(f"{module} cannot be had: {told.get('Error') or done.stderr.strip()}")
    return told
